//! The books: what became of every record, and what is still to be done.

use serde::Serialize;
use sqlx::{FromRow, PgExecutor};

const LEDGER: &str = r#"
SELECT "group", topic, partition, topic_id, ledger.start, ledger.next, ledger.landed, ledger.duplicates,
    ledger.dead_lettered, ledger.expired, ledger.continued, events_pruned, dead_letters_pruned, closed
FROM pipeline.ledger
JOIN pipeline.consumer_offset USING ("group", topic, partition)
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

const TASKS: &str = "
SELECT kind, state, reason, n
FROM pipeline.task_state
ORDER BY kind, state, reason";

/// All rows at one moment, so that what lands meanwhile is in both counts or in none.
const HELD: &str = "
SELECT topic, partition, sum(events)::bigint AS events, sum(dead_letters)::bigint AS dead_letters
FROM (
    SELECT topic, partition, count(*) AS events, 0 AS dead_letters FROM pipeline.event GROUP BY topic, partition
    UNION ALL
    SELECT topic, partition, 0, count(*) FROM pipeline.dead_letter GROUP BY topic, partition
) AS counted
GROUP BY topic, partition
ORDER BY topic, partition";

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
    /// Kafka's id of the topic that the books are of.
    pub(crate) topic_id: Option<String>,
    pub(crate) start: i64,
    pub(crate) next: i64,
    pub(crate) landed: i64,
    pub(crate) duplicates: i64,
    pub(crate) dead_lettered: i64,
    pub(crate) expired: i64,
    pub(crate) continued: i64,
    pub(crate) events_pruned: i64,
    pub(crate) dead_letters_pruned: i64,
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

/// How many tasks of a kind are in a state.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct TaskState {
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) n: i64,
}

/// How many rows came by a partition.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Held {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) events: i64,
    pub(crate) dead_letters: i64,
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

/// Tasks by kind and state.
pub(crate) async fn tasks(executor: impl PgExecutor<'_>) -> Result<Vec<TaskState>, sqlx::Error> {
    sqlx::query_as(TASKS).fetch_all(executor).await
}

/// Rows by partition. Goes over all events.
pub(crate) async fn held(executor: impl PgExecutor<'_>) -> Result<Vec<Held>, sqlx::Error> {
    sqlx::query_as(HELD).fetch_all(executor).await
}

/// How many tasks are parked, by reason.
pub(crate) async fn parked(executor: impl PgExecutor<'_>) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(PARKED).fetch_all(executor).await
}
