//! Two worker processes, one of which gets into trouble: first its database lies behind a network that drops
//! packets, then it is stopped in the middle of taking partitions. Each time the other one lands everything
//! within a minute, and what the one in trouble says of itself is true.

mod watch;

use std::time::{Duration, Instant};

use cekbrand_devkit::meta::{Delivery, Generator, GeneratorConfig};
use cekbrand_devkit::servers::Network;
use sqlx::{Postgres, Transaction};
use watch::Watch;

use crate::bench::{Bench, eventually};
use crate::command::{Cekbrand, Role, free_port};

const CHANGES: u64 = 4000;

/// Within this everything that was sent has landed, whoever is in trouble.
const LANDED_WITHIN: Duration = Duration::from_mins(1);

/// Within this a worker without its database says so: longer than it waits for a connection and sleeps.
const SAID_WITHIN: Duration = Duration::from_secs(20);

/// How long a worker may take to be well again, once nothing is in its way.
const WELL_WITHIN: Duration = Duration::from_mins(1);

/// How long the trouble lasts.
struct Trouble {
    outage: Duration,
    stop: Duration,
}

impl Trouble {
    /// By default as long as it takes for every limit to pass; with `CEKBRAND_TEST_LONG_OUTAGES` ten minutes and
    /// one.
    fn of_this_run() -> Self {
        if std::env::var_os("CEKBRAND_TEST_LONG_OUTAGES").is_some() {
            return Self { outage: Duration::from_mins(10), stop: Duration::from_mins(1) };
        }
        Self { outage: Duration::from_secs(50), stop: Duration::from_secs(25) }
    }
}

/// A worker that only lands, and where it tells of itself.
struct Lander {
    role: Role,
    watch: Watch,
    _directory: Cekbrand,
}

impl Lander {
    fn start(cekbrand: Cekbrand) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let cekbrand = cekbrand.with("CEKBRAND__ADMIN__LISTEN", &address);
        let role = cekbrand.start_with(&["work", "--only", "land"]);
        Self { role, watch: Watch::new(&address), _directory: cekbrand }
    }

    async fn is_well(&self) {
        eventually(WELL_WITHIN, || std::future::ready(self.watch.now())).await;
    }
}

/// What is sent, piece by piece, and how much of it was accepted.
struct Sending<'a> {
    bench: &'a Bench,
    pieces: std::vec::IntoIter<Vec<Delivery>>,
    accepted: u64,
}

impl<'a> Sending<'a> {
    fn new(bench: &'a Bench, deliveries: &[Delivery], pieces: usize) -> Self {
        let pieces: Vec<_> =
            deliveries.chunks(deliveries.len().div_ceil(pieces)).map(<[_]>::to_vec).collect();
        Self { bench, pieces: pieces.into_iter(), accepted: 0 }
    }

    /// Sends the next piece; none where all are sent.
    async fn next(&mut self) {
        let Some(piece) = self.pieces.next() else { return };
        let sent = self.bench.send(&piece).await.unwrap();
        assert_eq!(sent.retried(), 0, "the receiver is not in trouble");
        self.accepted += sent.accepted();
    }

    /// Waits until all that was sent is in the books, at most a minute from `since` on.
    async fn has_landed(&self, since: Instant) {
        let left = LANDED_WITHIN.saturating_sub(since.elapsed());
        let all = self.accepted;
        eventually(left, || async move {
            let counted = self.bench.counted().await;
            if counted == all { Ok(()) } else { Err(format!("{counted} of {all} changes are in the books")) }
        })
        .await;
        println!("all has landed {:.1} s after the trouble began", since.elapsed().as_secs_f64());
    }
}

impl Bench {
    /// Holds the books of the comments, so that whoever takes a partition of them waits.
    async fn hold_books(&self) -> Transaction<'static, Postgres> {
        let mut hold = self.pool().begin().await.unwrap();
        sqlx::query("SELECT FROM pipeline.consumer_offset WHERE topic = $1 FOR UPDATE")
            .bind(self.topic("comments"))
            .execute(&mut *hold)
            .await
            .unwrap();
        hold
    }

    /// Waits until a worker has just begun to wait for books that are held.
    async fn waits_for_books(&self, worker: &str) {
        let waits = "
            SELECT EXISTS (
                SELECT FROM pg_stat_activity
                WHERE application_name = $1 AND wait_event_type = 'Lock' AND query LIKE '%pipeline.consumer_offset%'
                    AND clock_timestamp() - query_start < interval '2 seconds')";
        eventually(WELL_WITHIN, || async move {
            let waits: bool = sqlx::query_scalar(waits).bind(worker).fetch_one(&self.pool()).await.unwrap();
            if waits { Ok(()) } else { Err(format!("{worker} takes no partition")) }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_in_trouble_lets_go_and_says_so() {
    let trouble = Trouble::of_this_run();
    let bench = Bench::new().await;
    let mut generator = Generator::new(bench.world(), GeneratorConfig::new(13, CHANGES));
    let deliveries: Vec<Delivery> = generator.by_ref().collect();
    let promised = generator.expectation().clone();
    let mut sending = Sending::new(&bench, &deliveries, 12);
    let (_directory, _ingest) = bench.ingest().await;
    let network = bench.network().await;
    let healthy = Lander::start(bench.command("healthy"));
    let sick = Lander::start(bench.command_over("sick", network.url()));
    let mut leaving = Lander::start(bench.command("leaving"));
    for other in ["healthy", "leaving"] {
        bench.both_own_partitions(other, "sick").await;
    }
    sending.next().await;
    sending.has_landed(Instant::now()).await;

    let cut = cut_while_it_lands(&network, &mut sending).await;
    // Its partitions go to the sick one as well, which cannot take them.
    assert_eq!(leaving.role.terminate(), Some(0));
    lose_the_database(cut, &sick, &mut sending, trouble.outage).await;
    healthy.is_well().await;

    let hold = bench.hold_books().await;
    network.mend();
    eventually(WELL_WITHIN, || std::future::ready(sick.watch.says("no valid position"))).await;
    bench.waits_for_books("sick").await;
    sick.role.send("-STOP");
    let stopped = Instant::now();
    hold.rollback().await.unwrap();
    sending.next().await;
    sending.has_landed(stopped).await;
    healthy.is_well().await;
    tokio::time::sleep(trouble.stop.saturating_sub(stopped.elapsed())).await;
    sick.watch.never_well_since(stopped);

    // It comes back, and takes its part again.
    let share = bench.shares().await.get("sick").copied();
    sick.role.send("-CONT");
    bench.both_own_partitions("healthy", "sick").await;
    sick.is_well().await;
    while sending.pieces.len() > 0 {
        sending.next().await;
    }
    sending.has_landed(Instant::now()).await;
    let shares = bench.shares().await;
    assert!(shares.get("sick").copied() > share, "it lands nothing any more: {shares:?}");
    assert_eq!(sending.accepted, CHANGES);
    let books = bench.books().await;
    assert_eq!((books.closed, books.expired), (true, 0));
    assert_eq!((books.landed, books.duplicates), (promised.unique_changes, promised.duplicates));
}

/// Cuts the sick one's way to the database in the middle of its landing. Says when.
async fn cut_while_it_lands(network: &Network, sending: &mut Sending<'_>) -> Instant {
    let (bench, before) = (sending.bench, sending.accepted);
    let landing = async {
        eventually(LANDED_WITHIN, || async move {
            if bench.counted().await > before { Ok(()) } else { Err("nothing lands".to_owned()) }
        })
        .await;
        network.cut();
        Instant::now()
    };
    let ((), cut) = tokio::join!(sending.next(), landing);
    cut
}

/// Everything lands although nothing gets through to the sick one's database, which says so until it does.
async fn lose_the_database(cut: Instant, sick: &Lander, sending: &mut Sending<'_>, outage: Duration) {
    eventually(SAID_WITHIN.saturating_sub(cut.elapsed()), || {
        std::future::ready(sick.watch.says("PostgreSQL"))
    })
    .await;
    let said = Instant::now();
    sending.has_landed(cut).await;
    // Whatever comes meanwhile lands as well: nothing is given back to the one that cannot.
    let pause = outage / 5;
    while cut.elapsed() < outage {
        tokio::time::sleep(pause.min(outage.saturating_sub(cut.elapsed()))).await;
        let since = Instant::now();
        if sending.pieces.len() > 4 {
            sending.next().await;
        }
        sending.has_landed(since).await;
    }
    sick.watch.never_well_since(said);
}
