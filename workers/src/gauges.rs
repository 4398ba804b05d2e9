//! What the database knows and Prometheus has to: open alerts, partitions whose books do not close, stories
//! that are about to be lost. Every worker shows the same.

use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::land::books;
use crate::schedule;
use crate::token::store::alert;

const OPEN_BOOKS: &str = "cekbrand_worker_open_books";
const AT_RISK: &str = "cekbrand_worker_stories_at_risk";
const PERIOD: Duration = Duration::from_secs(30);

/// Shows the gauges until told to stop. A database that is away leaves them as they are.
pub async fn run(pool: PgPool, clock: SharedClock, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        if let Err(error) = show(&pool, clock.now()).await {
            tracing::debug!(%error, "the gauges could not be refreshed");
        }
        // Cut short by the end of the process, which the condition sees.
        let _slept = shutdown.run_until_cancelled(clock.sleep(PERIOD)).await;
    }
}

/// Shows the gauges once.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn show(pool: &PgPool, now: Timestamp) -> Result<(), sqlx::Error> {
    let mut conn = pool.acquire().await?;
    alert::show(&mut conn).await?;
    metrics::gauge!(OPEN_BOOKS).set(books::open(&mut conn).await? as f64);
    metrics::gauge!(AT_RISK).set(schedule::stories_at_risk(&mut conn, now).await? as f64);
    Ok(())
}

pub(crate) fn describe() {
    metrics::describe_gauge!(OPEN_BOOKS, "Partitions whose books do not close: above 0 is an alarm");
    metrics::describe_gauge!(
        AT_RISK,
        "Stories that end within two hours and of which no figure is known; every worker shows the same"
    );
    alert::describe();
}
