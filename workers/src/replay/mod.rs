//! Replay: past changes go through the row writers again, so that what a mended program makes otherwise is
//! mended in the rows.
//!
//! ```text
//!  Kafka, by time ──▶ source::kafka ──┐ what landed                    ┌▶ instagram.* (dry run: rolled back)
//!  pipeline.event ──▶ source::events ─┴▶ portions ──▶ apply: one step ─┤
//!  pipeline.graph_response ──▶ answers (recorded) ─────────────────────┴▶ replay_run: how far
//! ```
//!
//! - [`order`]: what is asked for, and why it is refused. [`range`]: which records of Kafka that is.
//! - [`source`]: reads portions. `apply`: writes them. `changes`: counts rows.
//! - `answers`: recorded answers, many at once. `layers`: rows that may be written together.
//! - [`store`]: runs, and how far they got.
//!
//! Invariants: the consumer is in no group and commits nothing, and the books are left alone; only events
//! that landed are gone through, as they landed, so that an unchanged program changes no row; progress
//! commits with the rows; no Graph call is made (with `fresh`, reads are asked for in the last lane).

mod answers;
mod apply;
mod changes;
mod layers;
pub mod order;
pub mod range;
mod source;
pub mod store;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{Lane, SharedClock, Topics};
use jiff::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::order::Refusal;
pub use self::order::{Enrich, Order, Source};
use self::range::Share;

/// Changes in one transaction: few enough that its locks do not hold live work up.
const PORTION: usize = 2000;

/// Goes through past changes.
#[derive(Debug, Clone)]
pub struct Replayer {
    /// The database.
    pub pool: PgPool,
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// The topics' names.
    pub topics: Topics,
    /// What time it is.
    pub clock: SharedClock,
    /// Ends the run after the portion under way.
    pub stop: CancellationToken,
    /// Records a second at most, so that live work keeps its latency.
    pub rate: Option<NonZeroU32>,
}

/// A run, ready to go on.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// What it does.
    pub order: Order,
    /// Which records of each partition are left; empty unless Kafka is the source.
    pub shares: BTreeMap<i32, Share>,
    /// Up to where events were gone through.
    pub events_until: Option<Timestamp>,
    /// Up to where recorded answers were gone through.
    pub answers_until: i64,
    /// How far it is.
    pub progress: Progress,
}

/// How far a run is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Records that are to be gone through, recorded answers among them.
    pub total: u64,
    /// Records gone through.
    pub seen: u64,
    /// Rows changed by this process, or that would be, by table.
    pub changed: BTreeMap<String, u64>,
    /// Changes whose rows the database refuses: left out.
    pub refused: u64,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Report {
    /// How far it got.
    pub progress: Progress,
    /// Whether it is done; otherwise it was stopped and can be resumed.
    pub is_done: bool,
    /// Records that this process went through.
    pub gone_through: u64,
    /// For how long.
    pub took: Duration,
}

impl Report {
    /// Records a second.
    pub fn rate(&self) -> f64 {
        self.gone_through as f64 / self.took.as_secs_f64().max(0.001)
    }
}

/// Why a replay does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// What was asked for makes no sense or cannot be had; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Kafka does not answer.
    #[error("Kafka does not answer: check CEKBRAND__KAFKA__BROKERS")]
    Kafka(#[from] rdkafka::error::KafkaError),
    /// The database does not let it go on.
    #[error("the database does not let it go on")]
    Database(#[from] sqlx::Error),
    /// Records were deleted by retention while they were to be gone through.
    #[error(
        "Kafka deleted records of partition {partition} before they were gone through; replay the range with --source events"
    )]
    Expired {
        /// The partition.
        partition: i32,
    },
    /// The thread that reads Kafka broke off.
    #[error("reading Kafka broke off")]
    Reader,
}

impl Replayer {
    /// Checks what is asked for, finds the records, and notes the run.
    ///
    /// # Errors
    /// [`ReplayError::Refused`] where that is impossible; otherwise whatever does not answer.
    pub async fn begin(&self, order: Order) -> Result<Run, ReplayError> {
        order::check(&self.pool, &order, self.clock.now()).await?;
        let shares = match order.source {
            Source::Kafka => range::find(self, &order).await?,
            Source::Events => BTreeMap::new(),
        };
        let mut total = shares.values().map(|share| share.left()).sum::<u64>();
        if order.source == Source::Events {
            total += store::count_events(&self.pool, &order).await?;
        }
        if order.enrich == Enrich::Recorded {
            total += store::count_answers(&self.pool, &order).await?;
        }
        let progress = Progress { total, ..Progress::default() };
        let id = store::begin(&self.pool, &order, &shares, total, self.clock.now()).await?;
        Ok(Run { id, order, shares, events_until: None, answers_until: 0, progress })
    }

    /// Finds a run that was interrupted.
    ///
    /// # Errors
    /// [`ReplayError::Refused`] where there is nothing to resume.
    pub async fn resume(&self, id: i64) -> Result<Run, ReplayError> {
        let run = store::find(&self.pool, id, &self.topics).await?;
        let run = run.ok_or(Refusal::UnknownRun { id })?;
        if run.order.dry_run {
            return Err(Refusal::DryRun { id }.into());
        }
        if !store::reopen(&self.pool, id, self.clock.now()).await? {
            return Err(Refusal::Done { id }.into());
        }
        Ok(run)
    }

    /// Goes through what is left, and says how far it is after each portion.
    ///
    /// # Errors
    /// Whatever keeps it from going on; the run can be resumed then.
    pub async fn run(&self, mut run: Run, tell: impl Fn(&Progress)) -> Result<Report, ReplayError> {
        let mut holder = self.pool.acquire().await?;
        if !store::hold(&mut holder, run.id).await? {
            return Err(Refusal::Busy { id: run.id }.into());
        }
        // However this ends, the run is given back with the session.
        holder.close_on_drop();
        let (started, seen_before) = (Instant::now(), run.progress.seen);
        let ended = self.go_through(&mut run, &tell).await;
        let is_done = matches!(ended, Ok(true));
        let failure = ended.as_ref().err().map(ToString::to_string);
        store::end(&self.pool, run.id, is_done, failure.as_deref(), self.clock.now()).await?;
        ended?;
        let gone_through = run.progress.seen - seen_before;
        Ok(Report { progress: run.progress, is_done, gone_through, took: started.elapsed() })
    }

    /// Whether it went to its end.
    async fn go_through(&self, run: &mut Run, tell: &impl Fn(&Progress)) -> Result<bool, ReplayError> {
        let mut pace = Pace { rate: self.rate, started: Instant::now(), records: 0 };
        let mut portions = match run.order.source {
            Source::Kafka => source::kafka::read(self, run)?,
            Source::Events => source::events::read(self, run),
        };
        while let Some(portion) = portions.recv().await {
            let portion = portion?;
            pace.records += portion.records;
            apply::write(self, run, &portion).await?;
            tell(&run.progress);
            if self.stop.is_cancelled() || !pace.keep(&self.stop).await {
                return Ok(false);
            }
        }
        if self.stop.is_cancelled() {
            return Ok(false);
        }
        if run.order.enrich == Enrich::Recorded {
            return answers::write(self, run, &mut pace, tell).await;
        }
        Ok(true)
    }

    /// The lane's topic.
    fn topic(&self, lane: Lane) -> &str {
        self.topics.topic(lane)
    }
}

/// Holds a run to its rate.
struct Pace {
    rate: Option<NonZeroU32>,
    started: Instant,
    records: u64,
}

impl Pace {
    /// Waits until so many records may have been gone through; `false` where it was stopped meanwhile.
    async fn keep(&self, stop: &CancellationToken) -> bool {
        let Some(rate) = self.rate else { return true };
        let due = Duration::from_secs_f64(self.records as f64 / f64::from(rate.get()));
        let wait = due.saturating_sub(self.started.elapsed());
        stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_some()
    }
}
