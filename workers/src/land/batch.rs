//! One batch, one transaction: lock the positions, dedupe, write, advance, commit. What fails is retried,
//! bisected or given up here and nowhere else.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use cekbrand_schema::{Lane, SharedClock};
use jiff::Timestamp;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::books::{self, Topic};
use super::decode::Incoming;
use super::made::Made;
use super::sort::{Sorted, admit};
use super::{Positions, Tally, followed, store, suppressed};
use crate::database::{self, STEP_LIMIT};
#[cfg(feature = "failpoints")]
use crate::fail_points::stop_here;
use crate::supervise::Pulse;
use crate::token::revoked;
use crate::{erase, rows, tasks};

/// For how long a batch is tried before its records are left to whoever can land them. With the limit of a
/// step less than Kafka waits for a worker that does not poll, and soon enough that another lands them within
/// a minute.
const PATIENCE: Duration = Duration::from_secs(20);

const DELAY: &str = "cekbrand_worker_landing_delay_seconds";

/// Lands batches of one lane.
#[derive(Debug, Clone)]
pub struct Lander {
    /// The lane.
    pub lane: Lane,
    /// The lane's consumer group.
    pub group: String,
    /// The lane's topic.
    pub topic: String,
    /// The database.
    pub pool: PgPool,
    /// What time it is.
    pub clock: SharedClock,
    /// The lane's sign of life, which says so while the database is in the way.
    pub pulse: Arc<Pulse>,
    /// Ends the tries. A transaction under way is finished.
    pub stop: CancellationToken,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What happened to its records.
    pub tally: Tally,
    /// Where the partitions stand now.
    pub next: BTreeMap<i32, i64>,
    /// Partitions that belong to another worker now.
    pub lost: Vec<i32>,
    /// Errors of records that were dead-lettered for the first time, in order.
    pub dead: Vec<String>,
    /// Offsets that Kafka had deleted between the records, by partition.
    pub expired: BTreeMap<i32, i64>,
    /// Why the rest of the records was left in Kafka.
    pub given_up: Option<sqlx::Error>,
}

/// How often in a row a transaction has failed, and since when.
#[derive(Default)]
struct Tries {
    failed: u32,
    began: Option<Instant>,
}

/// What a failed transaction calls for.
#[derive(Debug, PartialEq, Eq)]
enum Disposition {
    /// A value that the database cannot take: find the record.
    Bisect,
    /// Everything else: try again. The records are safe in Kafka.
    Retry,
}

fn disposition(error: &sqlx::Error) -> Disposition {
    if database::is_about_a_value(error) { Disposition::Bisect } else { Disposition::Retry }
}

impl Lander {
    /// Lands records, sorted by partition and offset. Comes back when all of them are accounted for, or when
    /// the database has been away for too long or the worker stops: what is left then is in Kafka, and the
    /// books say from where.
    pub async fn land(&self, records: &[Incoming], owned: &Positions) -> Outcome {
        let mut outcome = Outcome::default();
        let mut work = vec![records];
        let mut tries = Tries::default();
        while let Some(records) = work.pop() {
            let error = match self.transact(records, owned, None, &mut outcome).await {
                Ok(()) => {
                    tries = Tries::default();
                    continue;
                }
                Err(error) if disposition(&error) == Disposition::Retry => error,
                Err(_) if records.len() > 1 => {
                    let (first, second) = records.split_at(records.len() / 2);
                    work.extend([second, first]);
                    continue;
                }
                Err(poison) => match self.transact(records, owned, Some(&poison), &mut outcome).await {
                    Ok(()) => continue,
                    Err(error) => error,
                },
            };
            if !self.pause(&mut tries, &error).await {
                outcome.given_up = Some(error);
                return outcome;
            }
            work.push(records);
        }
        outcome
    }

    /// Waits 100 ms to 5 s before another try; `false` where there shall be none.
    async fn pause(&self, tries: &mut Tries, error: &sqlx::Error) -> bool {
        let reason = database::describe(error);
        tracing::warn!(lane = %self.lane, reason, "a batch could not be landed and is tried again");
        metrics::counter!("cekbrand_worker_land_retries_total", "lane" => self.lane.as_str()).increment(1);
        self.pulse.beat();
        self.pulse.trouble(format!("a batch cannot be landed: {reason}"));
        let began = *tries.began.get_or_insert_with(Instant::now);
        let wait = Duration::from_millis(100 << tries.failed.min(6)).min(Duration::from_secs(5));
        tries.failed += 1;
        if began.elapsed() + wait > PATIENCE {
            return false;
        }
        self.stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_some()
    }

    /// One transaction within its time. If the time is over nobody knows how far the session is, so that it
    /// is closed.
    async fn transact(
        &self,
        records: &[Incoming],
        owned: &Positions,
        poison: Option<&sqlx::Error>,
        outcome: &mut Outcome,
    ) -> Result<(), sqlx::Error> {
        let another = || tracing::info_span!("store.land", lane = %self.lane, changes = records.len());
        let span = another();
        let _followed = followed::follow(&self.pool, records, &span, another, self.clock.now()).await;
        let mut conn = self.pool.acquire().await?;
        let landing = self.transact_on(&mut conn, records, owned, poison, outcome).instrument(span);
        let landed = tokio::time::timeout(STEP_LIMIT, landing).await;
        landed.unwrap_or_else(|_| {
            conn.close_on_drop();
            Err(database::silent(STEP_LIMIT))
        })
    }

    /// One transaction. With `poison` the only record is dead-lettered for that reason.
    async fn transact_on(
        &self,
        conn: &mut PgConnection,
        records: &[Incoming],
        owned: &Positions,
        poison: Option<&sqlx::Error>,
        outcome: &mut Outcome,
    ) -> Result<(), sqlx::Error> {
        let topic = Topic { group: &self.group, name: &self.topic };
        let now = self.clock.now();
        let mut tx = conn.begin().await?;
        let stored = books::lock(&mut tx, topic, &books::partitions(records)).await?;
        let batch = admit(records, owned, &stored, now);
        let suppressed = suppressed::records(&mut tx, &batch.records, now).await?;
        let fresh = if poison.is_some() {
            HashSet::new()
        } else {
            store::remember(&mut tx, &batch.event_ids()).await?
        };
        let sorted = batch.sort(fresh, &suppressed, poison);
        write(&mut tx, topic, &sorted, now).await?;
        books::advance(&mut tx, topic, &sorted.advances, now).await?;
        fail::fail_point!("land.before_commit", stop_here);
        tx.commit().await?;
        fail::fail_point!("land.after_commit", stop_here);
        for event in &sorted.events {
            let delay = now.duration_since(event.change.received_at).as_secs_f64().max(0.0);
            metrics::histogram!(DELAY, "lane" => self.lane.as_str()).record(delay);
        }
        for (partition, advance) in &sorted.advances {
            outcome.next.insert(*partition, advance.next);
            outcome.tally.add(advance.tally);
            if advance.expired > 0 {
                *outcome.expired.entry(*partition).or_default() += advance.expired;
            }
        }
        // What an operator published again was dead before: it says nothing about this worker.
        let first = sorted.dead.into_iter().filter(|dead| dead.record.attempt == 0);
        outcome.dead.extend(first.map(|dead| format!("{}: {}", dead.reason, dead.error)));
        let lost = sorted.lost.into_iter().filter(|lost| !outcome.lost.contains(lost));
        outcome.lost.extend(lost.collect::<Vec<_>>());
        Ok(())
    }
}

pub(super) fn describe() {
    metrics::describe_counter!(
        "cekbrand_worker_land_retries_total",
        "Landing transactions that failed and were tried again"
    );
    metrics::describe_histogram!(
        DELAY,
        metrics::Unit::Seconds,
        "From a change's arrival at the receiver to its rows, by lane"
    );
}

async fn write(
    conn: &mut PgConnection,
    topic: Topic<'_>,
    sorted: &Sorted<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let Made { rows, tasks, revocations } = &sorted.made;
    store::insert_events(conn, topic, &sorted.events, now).await?;
    erase::request::receive(conn, sorted.events.iter().map(|event| event.change)).await?;
    rows::apply_checked(conn, rows, now).await?;
    if !tasks.is_empty() {
        tasks::enqueue(conn, &tasks.values().cloned().collect::<Vec<_>>(), now).await?;
    }
    for revocation in revocations {
        revoked::apply(conn, revocation, now).await?;
    }
    for dead in &sorted.dead {
        store::insert_dead_letter(conn, topic, dead, now).await?;
    }
    for part in &sorted.parts {
        store::insert_dead_part(conn, part).await?;
    }
    Ok(())
}
