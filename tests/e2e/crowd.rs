//! One, two and four worker processes on one queue, before a Graph API that takes its time: no read is done
//! twice, more processes do more at once, one budget is kept by all of them, and nobody calls on after a refusal.

mod pace;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cekbrand_devkit::simulator::{Call, CallKind, SimulatorConfig, UsageLimits};
use cekbrand_devkit::world::{Account, Product, WorldConfig};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::enrich::settings::Settings;
use cekbrand_workers::reads;
use cekbrand_workers::tasks::{self, NewTask, TaskKey, TaskLane};
use jiff::Timestamp;
use pace::Pace;

use crate::bench::{Bench, Worker, eventually};

const LATENCY: Duration = Duration::from_millis(100);
/// What the invented Instagram allows of each account.
const CALLS_PER_HOUR: u64 = 100;
/// What is promised: no call begins later than this after an account was refused.
const PROMISED: Duration = Duration::from_millis(250);
/// In this time everything that is wanted here is done on any machine.
const LIMIT: Duration = Duration::from_secs(50);

/// At this usage each process makes one call of the account at a time.
const SLOW: u64 = 80;

/// Processes that only read, and what they stand on.
struct Crowd {
    bench: Bench,
    workers: Vec<Worker>,
}

impl Crowd {
    async fn new() -> Self {
        let limits = UsageLimits { calls_per_hour: CALLS_PER_HOUR, headers_after: 1 };
        let world = WorldConfig::new(7, SystemClock.now());
        let world = WorldConfig { accounts: 6, outsiders: 0, days: 240, expired_stories: 0, ..world };
        let bench =
            Bench::of(world, SimulatorConfig { latency: LATENCY, limits, ..SimulatorConfig::default() })
                .await;
        // What adding an account asks for is no matter of ours.
        sqlx::query("DELETE FROM pipeline.enrichment_task").execute(&bench.pool()).await.unwrap();
        Self { bench, workers: Vec::new() }
    }

    /// Starts processes until there are so many, and waits until each is connected.
    async fn of(&mut self, processes: usize) {
        for number in self.workers.len()..processes {
            self.workers.push(self.bench.worker_of(&format!("reader-{number}"), "enrich", None));
        }
        let wanted = i64::try_from(processes).unwrap();
        let bench = &self.bench;
        eventually(LIMIT, || async move {
            let sql = "
                SELECT count(DISTINCT application_name) FROM pg_stat_activity
                WHERE application_name LIKE 'reader-%'";
            let there: i64 = sqlx::query_scalar(sql).fetch_one(&bench.pool()).await.unwrap();
            if there == wanted { Ok(()) } else { Err(format!("{there} of {wanted} processes are connected")) }
        })
        .await;
    }

    /// Wants the nodes of so many media of an account, all at once.
    async fn want(&self, account: &Account, number: usize) {
        let (world, now) = (self.bench.world(), SystemClock.now());
        let is_post = |product: Product| matches!(product, Product::Feed | Product::Reels);
        let media = world.media_of(account, |medium| is_post(medium.product) && medium.is_there(now));
        let wish = |id: &str| NewTask {
            key: TaskKey::new(reads::kind::MEDIA, id, account.id.as_str()),
            lane: TaskLane::NewComments,
            deadline: None,
        };
        let wishes: Vec<_> = media.take(number).map(|medium| wish(medium.id.as_str())).collect();
        assert_eq!(wishes.len(), number);
        let mut conn = self.bench.pool().acquire().await.unwrap();
        tasks::enqueue(&mut conn, &wishes, now).await.unwrap();
    }

    /// Waits until nothing is due or under way.
    async fn settled(&self) {
        eventually(LIMIT, || async {
            let sql = "
                SELECT count(*) FROM pipeline.enrichment_task
                WHERE state = 'running' OR state = 'waiting' AND due_at <= $1";
            let now = jiff_sqlx::ToSqlx::to_sqlx(SystemClock.now());
            let open: i64 = sqlx::query_scalar(sql).bind(now).fetch_one(&self.bench.pool()).await.unwrap();
            if open == 0 { Ok(()) } else { Err(format!("{open} reads are open")) }
        })
        .await;
    }

    fn calls_of(&self, account: &Account) -> Vec<Call> {
        let calls = self.bench.simulator().calls();
        calls.into_iter().filter(|call| call.account.as_deref() == Some(account.id.as_str())).collect()
    }

    async fn parked(&self, account: &Account) -> i64 {
        let sql = "
            SELECT count(*) FROM pipeline.enrichment_task
            WHERE account_id = $1 AND state = 'parked' AND reason = 'throttled'";
        sqlx::query_scalar(sql).bind(account.id.as_str()).fetch_one(&self.bench.pool()).await.unwrap()
    }
}

/// How many calls were under way at the same time at most.
fn most_at_once(calls: &[Call]) -> usize {
    let during = |at: Timestamp| {
        calls.iter().filter(|call| call.at <= at && call.answered_at.is_none_or(|end| at < end)).count()
    };
    calls.iter().map(|call| during(call.at)).max().unwrap_or(0)
}

/// How often each medium was asked for, refusals aside.
fn asked(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for call in calls.iter().filter(|call| call.kind == CallKind::Media && call.error_code.is_none()) {
        *asked.entry(call.target.clone().unwrap()).or_default() += 1;
    }
    asked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_share_a_queue_a_budget_and_every_block() {
    let mut crowd = Crowd::new().await;
    let world = crowd.bench.world();
    let [budgeted, slow @ .., blocked, other] = &world.watched()[..6] else { unreachable!() };
    for account in slow {
        crowd.bench.simulator().show_usage(account, Some(SLOW));
        crowd.want(account, 1).await;
    }
    crowd.of(1).await;
    crowd.settled().await;
    for (processes, account) in [1, 2, 4].into_iter().zip(slow) {
        crowd.of(processes).await;
        shares_the_work(&crowd, processes, account).await;
    }
    keeps_the_budget_in_sum(&crowd, budgeted).await;
    stops_at_a_refusal(&crowd, blocked, other).await;
    let twice: Vec<_> =
        asked(&crowd.bench.simulator().calls()).into_iter().filter(|(_, times)| *times > 1).collect();
    assert!(twice.is_empty(), "reads that were done twice: {twice:?}");
}

/// Near its limit each process makes one call of the account at a time: as many are under way as there are
/// processes, never more.
async fn shares_the_work(crowd: &Crowd, processes: usize, account: &Account) {
    const READS: usize = 40;
    crowd.want(account, 1 + READS).await;
    crowd.settled().await;
    let mut calls = crowd.calls_of(account);
    calls.retain(|call| call.kind == CallKind::Media);
    let calls = calls.split_off(1);
    let (first, last) = (calls[0].at, calls.iter().filter_map(|call| call.answered_at).max().unwrap());
    let took = last.duration_since(first).as_secs_f64();
    println!("{processes} processes: {READS} reads in {took:.1} s, {:.1}/s", READS as f64 / took);
    let asked = asked(&calls);
    assert_eq!(asked.len(), READS);
    assert!(asked.values().all(|times| *times == 1), "{asked:?}");
    assert_eq!(most_at_once(&calls), processes, "calls under way at once");
}

/// One account with more reads due than it may be called in an hour.
async fn keeps_the_budget_in_sum(crowd: &Crowd, account: &Account) {
    crowd.want(account, 130).await;
    crowd.settled().await;
    let calls = crowd.calls_of(account);
    println!("4 processes: stopped at {} of {CALLS_PER_HOUR} calls", calls.len());
    let refused = calls.iter().filter(|call| call.error_code.is_some()).count();
    assert_eq!(refused, 0, "of {} calls", calls.len());
    assert!((95..=100).contains(&calls.len()), "{}", calls.len());
    assert!(crowd.parked(account).await > 0, "what is left says why it waits");
}

/// Whoever is refused notes it before it takes its next read, so that each place of each process is refused
/// once at most; whoever begins a call looks for a block right before; and another account's reads go on.
async fn stops_at_a_refusal(crowd: &Crowd, blocked: &Account, other: &Account) {
    const READS: usize = 60;
    let pace = Pace::of(&crowd.bench);
    crowd.want(blocked, READS).await;
    crowd.want(other, READS).await;
    let since = Instant::now();
    while crowd.calls_of(blocked).len() < 6 {
        assert!(since.elapsed() < LIMIT, "the account is not called");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    crowd.bench.simulator().block(blocked, 60);
    crowd.settled().await;
    let pace = pace.end().await;
    assert_eq!(asked(&crowd.calls_of(other)).len(), READS, "nobody else is delayed");
    let calls = crowd.calls_of(blocked);
    let refused = calls.iter().filter(|call| call.error_code == Some(80_002)).count();
    let places = 4 * usize::try_from(Settings::default().per_account).unwrap();
    assert!((1..=places).contains(&refused), "{refused} refusals of {} calls", calls.len());
    assert!(calls.len() < READS, "the block came in the middle");
    let told = calls.iter().filter(|call| call.error_code == Some(80_002));
    let told = told.filter_map(|call| call.answered_at).min().unwrap();
    let last = calls.iter().map(|call| call.at).max().unwrap();
    let late = Duration::try_from(last.duration_since(told)).unwrap_or_default();
    let slowest = pace.slowest(told, last.max(told + PROMISED));
    println!(
        "the last of {refused} refused calls began {late:?} after the first refusal was sent, at {slowest:?}"
    );
    assert!(late <= PROMISED + slowest, "{late:?}, while the machine took {slowest:?} for as many steps");
    let parked = crowd.parked(blocked).await;
    assert_eq!(parked, i64::try_from(READS - asked(&calls).len()).unwrap(), "what is left says why it waits");
}
