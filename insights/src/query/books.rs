//! The pipeline's books, read in one snapshot so that the numbers belong together.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, PgPool};

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

const LEDGER: &str = r#"
SELECT "group", topic, COUNT(*), BOOL_AND(closed), SUM(next - start)::bigint, SUM(landed)::bigint, SUM(duplicates)::bigint,
    SUM(dead_lettered)::bigint, SUM(expired)::bigint, SUM(continued)::bigint
FROM pipeline.ledger
GROUP BY "group", topic
ORDER BY "group", topic"#;

/// Done tasks are due no more.
const TASKS: &str = "
SELECT kind, state, reason, COUNT(*), MIN(due_at) FILTER (WHERE state <> 'done')
FROM pipeline.enrichment_task
GROUP BY kind, state, reason
ORDER BY kind, state, reason";

const DIRTY_MARKS: &str = "
SELECT COUNT(*), MIN(marked_at)
FROM pipeline.dirty_mark";

const DEAD_LETTERS: &str = "
SELECT reason, COUNT(*)
FROM pipeline.dead_letter
WHERE resolution IS NULL
GROUP BY reason
ORDER BY reason";

const BLOCKED: &str = "
SELECT app_id, account_id, usage_percent, blocked_until, block_reason
FROM pipeline.account_quota
WHERE blocked_until > $1
ORDER BY app_id, account_id";

type Instant = jiff_sqlx::Timestamp;

/// One consumer group's account of one topic.
pub(crate) type LaneRow = (String, String, i64, bool, i64, i64, i64, i64, i64, i64);
/// Tasks of one kind in one state: kind, state, reason, how many, the first due.
pub(crate) type TaskRow = (String, String, Option<String>, i64, Option<Instant>);
/// Application, account, usage in percent, until when, why.
pub(crate) type BlockedRow = (String, String, Option<i32>, Option<Instant>, Option<String>);

/// Everything at one instant.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) lanes: Vec<LaneRow>,
    pub(crate) tasks: Vec<TaskRow>,
    pub(crate) dirty_marks: (i64, Option<Instant>),
    pub(crate) dead_letters: Vec<(String, i64)>,
    pub(crate) blocked: Vec<BlockedRow>,
}

pub(crate) async fn read(pool: &PgPool, now: Timestamp) -> Result<Books, sqlx::Error> {
    let mut snapshot = pool.begin_with(SNAPSHOT).await?;
    let connection: &mut PgConnection = &mut snapshot;
    let books = Books {
        lanes: sqlx::query_as(LEDGER).fetch_all(&mut *connection).await?,
        tasks: sqlx::query_as(TASKS).fetch_all(&mut *connection).await?,
        dirty_marks: sqlx::query_as(DIRTY_MARKS).fetch_one(&mut *connection).await?,
        dead_letters: sqlx::query_as(DEAD_LETTERS).fetch_all(&mut *connection).await?,
        blocked: sqlx::query_as(BLOCKED).bind(now.to_sqlx()).fetch_all(&mut *connection).await?,
    };
    snapshot.commit().await?;
    Ok(books)
}
