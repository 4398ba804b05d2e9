//! Sentiment of comments: whatever has a text and no row of the current model is scored, in process.
//!
//! Most ticks look at comments that changed lately. A sweep over all of them, at the start and every hour, finds what landed late and what
//! an older model scored.

mod store;

use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use store::Unscored;

/// Comments scored in one transaction.
const BATCH: usize = 1000;
/// How often all comments are looked at.
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// How far back a tick looks between sweeps: longer than a worker usually lags behind.
const LATELY: Duration = Duration::from_mins(10);

/// Scores comments. Any number may run at once; one at a time gets through.
#[derive(Debug)]
pub struct Scorer {
    pool: PgPool,
    clock: SharedClock,
    idle: Duration,
    /// Where the sweep under way has got to; `None` between sweeps.
    sweep: Option<Timestamp>,
    swept_at: Option<Timestamp>,
}

impl Scorer {
    /// A scorer that waits for `idle` when there was nothing to do.
    pub fn new(pool: PgPool, clock: SharedClock, idle: Duration) -> Self {
        Self { pool, clock, idle, sweep: None, swept_at: None }
    }

    /// Scores until told to stop. An error is logged and the comments are scored later.
    pub async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let scored = self.tick().await.unwrap_or_else(|error| {
                metrics::counter!("cekbrand_worker_sentiment_failures_total").increment(1);
                tracing::error!(error = ?error, "comments could not be scored and will be tried again");
                0
            });
            if scored < BATCH {
                tokio::select! {
                    () = self.clock.sleep(self.idle) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
    }

    /// Scores one batch. Returns how many comments that were; 0 where another worker is at it.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn tick(&mut self) -> Result<usize, sqlx::Error> {
        let now = self.clock.now();
        let due = self.swept_at.is_none_or(|at| now.duration_since(at).unsigned_abs() >= SWEEP_EVERY);
        if self.sweep.is_none() && due {
            self.sweep = Some(Timestamp::UNIX_EPOCH);
        }
        let since = self.sweep.unwrap_or_else(|| now.checked_sub(LATELY).unwrap_or(Timestamp::MIN));
        let mut transaction = self.pool.begin().await?;
        let conn = &mut *transaction;
        if !store::try_lock(conn).await? {
            return Ok(0);
        }
        let unscored = store::unscored(conn, since, BATCH).await?;
        store::write(conn, &unscored, now).await?;
        transaction.commit().await?;
        self.advance(&unscored, now);
        metrics::counter!("cekbrand_worker_comments_scored_total").increment(unscored.len() as u64);
        Ok(unscored.len())
    }

    fn advance(&mut self, scored: &[Unscored], now: Timestamp) {
        if self.sweep.is_none() {
            return;
        }
        match scored.last() {
            Some(last) if scored.len() == BATCH => self.sweep = Some(last.updated_timestamp.to_jiff()),
            _ => (self.sweep, self.swept_at) = (None, Some(now)),
        }
    }
}
