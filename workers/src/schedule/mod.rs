//! What is due by time alone. Every worker ticks, one at a time gets through, and what it writes is the same
//! whoever writes it.
//!
//! A tick marks each account at its local midnight, because windows slide without a write; wants the reads
//! whose beat has come; takes care of stories before and after their end; sees who has fallen silent; and
//! makes the partitions of the days ahead. All that it knows stands in tables, so that a restart or a pause loses nothing.
//!
//! - `beats`: reads with a cadence, and an account's first sync. `backfill`: comments that were missed.
//! - `vault`: the stories. [`voices`]: who has fallen silent. [`partitions`]: the days' partitions.

mod backfill;
mod beats;
pub mod partitions;
mod store;
mod vault;
pub mod voices;

use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use crate::tasks;

/// How long after local midnight an account is marked at most, plus the length of a tick.
const PERIOD: Duration = Duration::from_secs(30);

/// For how long the tasks of a list's pages are kept.
const PAGES_KEPT: Duration = Duration::from_hours(24 * 7);

/// What a tick did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// Another worker was at it.
    Elsewhere,
    /// It was done here.
    Done {
        /// Partitions made.
        partitions: usize,
        /// Accounts whose midnight was marked.
        midnights: u64,
    },
}

/// The database refused; the next tick tries again.
#[derive(Debug, thiserror::Error)]
#[error("cannot do what is due")]
pub struct ScheduleError(#[from] sqlx::Error);

/// Does what is due. Any number may run at once.
#[derive(Debug, Clone)]
pub struct Scheduler {
    pool: PgPool,
    clock: SharedClock,
}

impl Scheduler {
    /// A scheduler of this database.
    pub fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock }
    }

    /// Ticks until told to stop. An error is logged; the next tick tries again.
    pub async fn run(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.tick().await {
                metrics::counter!("cekbrand_worker_schedule_failures_total").increment(1);
                tracing::error!(error = ?error, "what is due by time could not be done and will be tried again");
            }
            tokio::select! {
                () = self.clock.sleep(PERIOD) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Does what is due now, unless another worker is at it.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn tick(&self) -> Result<Tick, ScheduleError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        let conn = &mut *transaction;
        if !store::try_lock(conn).await? {
            return Ok(Tick::Elsewhere);
        }
        let midnights = store::mark_midnights(conn, now).await?;
        beats::sound(conn, None, now).await?;
        vault::tick(conn, now).await?;
        store::backfill::forget_pages(conn, now.checked_sub(PAGES_KEPT).unwrap_or(Timestamp::MIN)).await?;
        transaction.commit().await?;

        // In transactions of their own: making a partition takes locks that should not last.
        let partitions = partitions::make(&self.pool, now).await?;
        // Nor should those of this wait for all that it reads.
        voices::look(&self.pool, &self.clock).await?;
        Ok(Tick::Done { partitions, midnights })
    }
}

/// Wants everything of an account that a first sync reads, the past included, whenever it was read before.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn start_over(
    conn: &mut PgConnection,
    account_id: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    store::beats::start_over(conn, account_id, now).await?;
    beats::sound(conn, Some(account_id), now).await?;
    Ok(())
}

/// Wants the comments of an account's media below which more of them stand than are stored. Says of how
/// many media.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn backfill_comments(
    conn: &mut PgConnection,
    account_id: &str,
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let missing = store::backfill::missing(conn, account_id).await?;
    let tasks: Vec<_> = missing.iter().map(|media_id| backfill::comments(account_id, media_id)).collect();
    tasks::enqueue(conn, &tasks, now).await?;
    Ok(tasks.len())
}

/// How many stories end within two hours, and no figure of them is known.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn stories_at_risk(conn: &mut PgConnection, now: Timestamp) -> Result<i64, sqlx::Error> {
    store::vault::at_risk(conn, now).await
}

pub(crate) fn describe() {
    vault::describe();
    metrics::describe_counter!(
        "cekbrand_worker_schedule_failures_total",
        "Rounds of what is due by time that failed and are tried again"
    );
}
