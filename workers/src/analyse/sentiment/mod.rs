//! Sentiment of comments: whatever has a text and no row of the current model is scored, in process.
//!
//! ```text
//!  media_comment ─trigger─▶ changed_comment ─▶ Scorer ─▶ user_media_comment_sentiment, dirty_mark
//!                                  rows of another model ──┘
//! ```
//!
//! Work is found by what changed and by an index on the model, never by looking at all comments. The owner's
//! days on which a comment was made or deleted, before or after, are marked in the same transaction.

mod store;

use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// Changes taken in one transaction, and comments of another model in one without changes.
const BATCH: usize = 1000;

/// Scores comments. Any number may run at once; one at a time gets through.
#[derive(Debug, Clone)]
pub struct Scorer {
    pool: PgPool,
    clock: SharedClock,
    idle: Duration,
}

impl Scorer {
    /// A scorer that waits for `idle` when there was nothing to do.
    pub fn new(pool: PgPool, clock: SharedClock, idle: Duration) -> Self {
        Self { pool, clock, idle }
    }

    /// Scores until told to stop. An error is logged and the comments are scored later.
    pub async fn run(mut self, shutdown: CancellationToken) {
        describe_metrics();
        while !shutdown.is_cancelled() {
            let looked_at = self.tick().await.unwrap_or_else(|error| {
                metrics::counter!("cekbrand_worker_sentiment_failures_total").increment(1);
                tracing::error!(error = ?error, "comments could not be scored and will be tried again");
                0
            });
            if looked_at < BATCH {
                tokio::select! {
                    () = self.clock.sleep(self.idle) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
    }

    /// Scores one batch: comments that changed, or, where there are none, comments that another model scored.
    /// Returns how many changes or comments it looked at; 0 where another worker is at it.
    ///
    /// # Errors
    ///
    /// The database's. What was taken is still there.
    pub async fn tick(&mut self) -> Result<usize, sqlx::Error> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        let conn = &mut *transaction;
        let mut changes = Vec::new();
        if store::try_lock(conn).await? {
            changes = store::take_changes(conn, BATCH).await?;
            if changes.is_empty() {
                changes = store::of_other_models(conn, BATCH).await?;
            }
        }
        if changes.is_empty() {
            // Waited for: a transaction that is merely dropped holds its lock for a while.
            transaction.rollback().await?;
            return Ok(0);
        }
        let unscored = store::unscored(conn, &store::comment_ids(&changes)).await?;
        store::write(conn, &unscored, now).await?;
        store::forget(conn, &changes).await?;
        store::mark(conn, &changes, now).await?;
        transaction.commit().await?;
        metrics::counter!("cekbrand_worker_comments_scored_total").increment(unscored.len() as u64);
        Ok(changes.len())
    }
}

/// Scores the comments on an account's media that have no row of the present model, a batch at a time.
/// Returns how many those were.
pub(super) async fn score_account(
    pool: &PgPool,
    account_id: &str,
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let lacking = store::unscored_of(pool, account_id).await?;
    for batch in lacking.chunks(BATCH) {
        let mut transaction = pool.begin().await?;
        let ids: Vec<&str> = batch.iter().map(String::as_str).collect();
        let unscored = store::unscored(&mut transaction, &ids).await?;
        store::write(&mut transaction, &unscored, now).await?;
        transaction.commit().await?;
    }
    Ok(lacking.len())
}

fn describe_metrics() {
    metrics::describe_counter!(
        "cekbrand_worker_comments_scored_total",
        "Comments whose sentiment was computed"
    );
    metrics::describe_counter!(
        "cekbrand_worker_sentiment_failures_total",
        "Batches of comments that could not be scored; they are tried again"
    );
}
