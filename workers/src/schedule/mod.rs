//! What is due by time alone. Every worker ticks, one at a time gets through, and what it writes is the same
//! whoever writes it.
//!
//! A tick makes the partitions of the days ahead, and marks each account at its local midnight, because
//! windows slide without a write.
//!
//! - [`partitions`]: the days' partitions.

pub mod partitions;
mod store;

use std::time::Duration;

use cekbrand_schema::SharedClock;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// How long after local midnight an account is marked at most, plus the length of a tick.
const PERIOD: Duration = Duration::from_secs(30);

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
        transaction.commit().await?;

        // In transactions of their own: making a partition takes locks that should not last.
        let partitions = partitions::make(&self.pool, now).await?;
        Ok(Tick::Done { partitions, midnights })
    }
}

pub(crate) fn describe() {
    metrics::describe_counter!(
        "cekbrand_worker_schedule_failures_total",
        "Rounds of what is due by time that failed and are tried again"
    );
}
