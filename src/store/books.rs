//! The books: what became of every record, and what is still to be done.

use serde::Serialize;
use sqlx::{FromRow, PgExecutor};

const LEDGER: &str = r#"
SELECT "group", topic, partition, start, next, landed, duplicates, dead_lettered, expired, continued, closed
FROM pipeline.ledger
ORDER BY topic, partition, "group""#;

const TOPICS: &str = "
SELECT DISTINCT topic
FROM pipeline.consumer_offset
WHERE next > 0
ORDER BY topic";

const TOTALS: &str = "
SELECT COALESCE(SUM(landed), 0)::bigint AS landed, COALESCE(SUM(duplicates), 0)::bigint AS duplicates,
    COALESCE(SUM(dead_lettered), 0)::bigint AS dead_lettered, COALESCE(SUM(expired), 0)::bigint AS expired,
    COALESCE(SUM(next - start), 0)::bigint AS read, COALESCE(BOOL_AND(closed), TRUE) AS closed
FROM pipeline.ledger";

const WORK: &str = "
SELECT
    COUNT(*) FILTER (WHERE state = 'done') AS done,
    COUNT(*) FILTER (WHERE state = 'parked') AS parked,
    COUNT(*) FILTER (WHERE state IN ('waiting', 'running')) AS open,
    -- A comment to score becomes a mark.
    (SELECT COUNT(*) FROM pipeline.dirty_mark) + (SELECT COUNT(*) FROM pipeline.changed_comment) AS dirty_marks
FROM pipeline.enrichment_task";

const PARKED: &str = "
SELECT reason, COUNT(*)
FROM pipeline.enrichment_task
WHERE state = 'parked'
GROUP BY reason
ORDER BY reason";

/// The books of one partition.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct LedgerRow {
    pub(crate) group: String,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) start: i64,
    pub(crate) next: i64,
    pub(crate) landed: i64,
    pub(crate) duplicates: i64,
    pub(crate) dead_lettered: i64,
    pub(crate) expired: i64,
    pub(crate) continued: i64,
    pub(crate) closed: bool,
}

/// The books of all partitions together.
#[derive(Debug, Clone, Copy, FromRow, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) landed: i64,
    pub(crate) duplicates: i64,
    pub(crate) dead_lettered: i64,
    pub(crate) expired: i64,
    /// Records read, in whatever way they counted.
    pub(crate) read: i64,
    pub(crate) closed: bool,
}

impl Totals {
    /// Changes that are accounted for.
    pub(crate) fn changes(&self) -> i64 {
        self.landed + self.duplicates + self.dead_lettered
    }
}

/// What is done and what is not.
#[derive(Debug, Clone, Copy, FromRow, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) done: i64,
    pub(crate) parked: i64,
    pub(crate) open: i64,
    pub(crate) dirty_marks: i64,
}

/// Every partition's books.
pub(crate) async fn ledger(executor: impl PgExecutor<'_>) -> Result<Vec<LedgerRow>, sqlx::Error> {
    sqlx::query_as(LEDGER).fetch_all(executor).await
}

/// The topics of which something was read.
pub(crate) async fn topics(executor: impl PgExecutor<'_>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(TOPICS).fetch_all(executor).await
}

/// The sums over all partitions.
pub(crate) async fn totals(executor: impl PgExecutor<'_>) -> Result<Totals, sqlx::Error> {
    sqlx::query_as(TOTALS).fetch_one(executor).await
}

/// Tasks by state, and marks.
pub(crate) async fn work(executor: impl PgExecutor<'_>) -> Result<Work, sqlx::Error> {
    sqlx::query_as(WORK).fetch_one(executor).await
}

/// How many tasks are parked, by reason.
pub(crate) async fn parked(executor: impl PgExecutor<'_>) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(PARKED).fetch_all(executor).await
}
