//! One, two and four workers on one queue, each with clients, grants and connections of its own, as processes have
//! them: no read twice, work shared, the budget kept in sum, and nobody calls on after a refusal.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cekbrand_devkit::simulator::{Call, CallKind, SimulatorConfig, UsageLimits};
use cekbrand_devkit::world::{Product, WorldConfig};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::enrich::Enricher;
use cekbrand_workers::enrich::settings::Settings;
use cekbrand_workers::reads;
use tokio_util::sync::CancellationToken;

use super::{APP, Bench, Setup, settings, start};

const LATENCY: Duration = Duration::from_millis(100);
/// The clock goes as the real one does, for the simulator's log is read to a quarter of a second; but where the
/// machine stalls and nobody can do anything, no time passes.
const STEP: Duration = Duration::from_millis(20);
const LONGEST_STEP: Duration = Duration::from_millis(40);

/// An invented Instagram that takes its time, and allows so many calls of an account in an hour.
async fn bench(calls_per_hour: u64) -> Bench {
    bench_of(calls_per_hour, &settings()).await
}

async fn bench_of(calls_per_hour: u64, settings: &Settings) -> Bench {
    let limits = UsageLimits { calls_per_hour, headers_after: 3 };
    let config =
        SimulatorConfig { app_id: APP.to_owned(), latency: LATENCY, limits, ..SimulatorConfig::default() };
    let world = WorldConfig { days: 240, expired_stories: 0, ..WorldConfig::new(7, start()) };
    Bench::of(Setup { world, settings: *settings, config }, |api, _| api).await
}

impl Bench {
    /// Wants the nodes of so many media of each of the accounts.
    async fn want_media(&self, accounts: std::ops::Range<usize>, of_each: usize) {
        for place in accounts {
            let kinds = [Product::Feed, Product::Reels];
            for medium in kinds.into_iter().flat_map(|kind| self.media(place, kind)).take(of_each) {
                self.want(reads::kind::MEDIA, medium.id.as_str(), place).await;
            }
        }
    }

    /// Lets so many processes work, that share nothing but the database, until `is_enough`. Says how long
    /// it took.
    async fn work_with(&self, processes: usize, is_enough: impl AsyncFn(&Self) -> bool) -> Duration {
        let shutdown = CancellationToken::new();
        let mut workers = Vec::new();
        for _ in 0..processes {
            workers.push(self.worker_apart().await);
        }
        let began = Instant::now();
        let run = |worker: Enricher| {
            let shutdown = shutdown.clone();
            tokio::spawn(async move { worker.run(shutdown).await })
        };
        let workers: Vec<_> = workers.into_iter().map(run).collect();
        let mut last = Instant::now();
        while !is_enough(self).await {
            assert!(began.elapsed() < Duration::from_mins(2), "the queue was not emptied in time");
            SystemClock.sleep(STEP).await;
            let passed = last.elapsed();
            last = Instant::now();
            self.advance(passed.min(LONGEST_STEP));
        }
        let took = began.elapsed();
        shutdown.cancel();
        for worker in workers {
            worker.await.unwrap();
        }
        took
    }
}

const OPEN: &str = "SELECT count(*) FROM pipeline.enrichment_task WHERE state IN ('waiting', 'running')";

async fn is_settled(bench: &Bench) -> bool {
    bench.number(OPEN).await == 0
}

/// How often each medium was asked for.
fn asked(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for call in calls.iter().filter(|call| call.kind == CallKind::Media) {
        *asked.entry(call.target.clone().unwrap()).or_default() += 1;
    }
    asked
}

/// Each process makes one call at a time, so that Meta's time is what it waits for, and not this machine's.
#[tokio::test(flavor = "multi_thread")]
async fn no_read_is_done_twice_and_more_processes_do_as_much_more() {
    let mut rates = Vec::new();
    for processes in [1, 2, 4] {
        let bench = bench_of(50_000, &Settings { concurrency: 1, ..settings() }).await;
        bench.want_media(0..12, 5).await;
        let took = bench.work_with(processes, is_settled).await;
        let asked = asked(&bench.simulator.calls());
        let rate = asked.len() as f64 / took.as_secs_f64();
        println!("{processes} processes: {} reads in {:.1} s, {rate:.1}/s", asked.len(), took.as_secs_f64());
        assert_eq!(asked.len(), 12 * 5);
        assert!(asked.values().all(|times| *times == 1), "{asked:?}");
        rates.push(rate);
    }
    assert!(rates[1] > rates[0] * 1.4 && rates[2] > rates[0] * 2.0, "{rates:?}");
}

/// One account that may be called a hundred times in an hour, and has more reads due.
#[tokio::test(flavor = "multi_thread")]
async fn the_budget_is_kept_in_sum_and_stops_before_meta_has_to() {
    for processes in [1, 4] {
        let bench = bench(100).await;
        bench.want_media(0..1, 130).await;
        assert_eq!(bench.number(OPEN).await, 130);
        bench.work_with(processes, is_settled).await;
        let calls = bench.simulator.calls();
        let refused = calls.iter().filter(|call| call.error_code.is_some()).count();
        assert_eq!(refused, 0, "{processes} processes: of {} calls", calls.len());
        println!("{processes} processes: stopped at {} of 100 calls", calls.len());
        assert!((95..=100).contains(&calls.len()), "{}", calls.len());
        let parked =
            bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE reason = 'throttled'").await;
        assert!(parked > 0, "what is left says why it waits");
    }
}

/// Whoever is refused notes it before it takes its next read, so that each place of each process is refused
/// once at most; and whoever begins a call looks for a block right before.
#[tokio::test(flavor = "multi_thread")]
async fn no_process_calls_on_after_an_account_was_refused() {
    let bench = bench(50_000).await;
    bench.want_media(0..2, 60).await;
    let blocked = bench.account(0).id.to_string();
    let of_blocked = |calls: &[Call]| -> Vec<Call> {
        calls.iter().filter(|call| call.account.as_deref() == Some(&blocked)).cloned().collect()
    };
    let done = "SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'";
    bench
        .work_with(4, async |bench: &Bench| {
            let calls = of_blocked(&bench.simulator.calls());
            let is_blocked = calls.iter().any(|call| call.error_code.is_some());
            if !is_blocked && calls.len() >= 6 {
                bench.simulator.block(bench.account(0), 60);
            }
            is_blocked && bench.number(done).await >= 60 && is_settled(bench).await
        })
        .await;
    let calls = of_blocked(&bench.simulator.calls());
    let refused = calls.iter().filter(|call| call.error_code == Some(80_002)).count();
    let places = 4 * usize::try_from(settings().per_account).unwrap();
    assert!((1..=places).contains(&refused), "{refused} refusals of {} calls", calls.len());
    assert!(calls.len() < 60, "the block came in the middle");
    let told = calls.iter().find(|call| call.error_code == Some(80_002)).unwrap().answered_at.unwrap();
    let late = calls.iter().map(|call| call.at.duration_since(told).as_millis()).max().unwrap();
    println!("the last call began {late} ms after the first refusal was sent");
    assert!(late <= 250, "{late} ms");
}
