//! The pipeline's books, read in one snapshot so that the numbers belong together.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection, PgPool};

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

const LEDGER: &str = r#"
SELECT "group", topic, COUNT(*) AS partitions, BOOL_AND(closed) AS closed, SUM(next - start)::bigint AS read,
    SUM(landed)::bigint AS landed, SUM(duplicates)::bigint AS duplicates, SUM(dead_lettered)::bigint AS dead_lettered,
    SUM(expired)::bigint AS expired, SUM(continued)::bigint AS continued
FROM pipeline.ledger
GROUP BY "group", topic
ORDER BY "group", topic"#;

/// What is open or stuck. Done tasks are not counted: they only ever grow in number, and the index has none
/// of them.
const TASKS: &str = "
SELECT kind, state, reason, COUNT(*) AS count, MIN(due_at) AS first_due_at
FROM pipeline.enrichment_task
WHERE state <> 'done'
GROUP BY kind, state, reason
ORDER BY kind, state, reason";

const DIRTY_MARKS: &str = "
SELECT COUNT(*) AS count, MIN(marked_at) AS oldest_at
FROM pipeline.dirty_mark";

const DEAD_LETTERS: &str = "
SELECT reason, COUNT(*) AS count
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
#[derive(Debug, FromRow)]
pub(crate) struct LaneRow {
    pub(crate) group: String,
    pub(crate) topic: String,
    pub(crate) partitions: i64,
    pub(crate) closed: bool,
    pub(crate) read: i64,
    pub(crate) landed: i64,
    pub(crate) duplicates: i64,
    pub(crate) dead_lettered: i64,
    pub(crate) expired: i64,
    pub(crate) continued: i64,
}

/// Tasks of one kind in one state.
#[derive(Debug, FromRow)]
pub(crate) struct TaskRow {
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) count: i64,
    pub(crate) first_due_at: Option<Instant>,
}

/// What analytics have still to be computed for.
#[derive(Debug, FromRow)]
pub(crate) struct DirtyMarks {
    pub(crate) count: i64,
    pub(crate) oldest_at: Option<Instant>,
}

/// Dead letters of one reason that nobody has dealt with.
#[derive(Debug, FromRow)]
pub(crate) struct DeadLetterRow {
    pub(crate) reason: String,
    pub(crate) count: i64,
}

/// An account, or a whole application, that must not be read for now.
#[derive(Debug, FromRow)]
pub(crate) struct BlockedRow {
    pub(crate) app_id: String,
    pub(crate) account_id: String,
    pub(crate) usage_percent: Option<i32>,
    pub(crate) blocked_until: Option<Instant>,
    pub(crate) block_reason: Option<String>,
}

/// Everything at one instant.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) lanes: Vec<LaneRow>,
    pub(crate) tasks: Vec<TaskRow>,
    pub(crate) dirty_marks: DirtyMarks,
    pub(crate) dead_letters: Vec<DeadLetterRow>,
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

#[cfg(test)]
mod tests {
    use cekbrand_devkit::servers::TestServers;
    use serde_json::Value;
    use sqlx::AssertSqlSafe;

    use super::*;

    const DONE_TASKS: &str = "
        INSERT INTO pipeline.enrichment_task
            (kind, target_id, account_id, lane, due_at, wanted_at, created_at, state, finished_at)
        SELECT 'media', n::text, '1784', 1, to_timestamp(n), to_timestamp(n), to_timestamp(n), 'done', to_timestamp(n)
        FROM GENERATE_SERIES(1, 20000) AS n";

    const DEALT_WITH: &str = r#"
        INSERT INTO pipeline.dead_letter
            (topic, partition, "offset", reason, error, payload, landed_at, resolution, resolved_at)
        SELECT 'instagram.dead-letter.v1', 0, n, 'unparsable', 'no json', '', to_timestamp(n), 'dropped', to_timestamp(n)
        FROM GENERATE_SERIES(1, 20000) AS n"#;

    /// Every node of a plan.
    fn nodes(plan: &Value) -> Vec<&Value> {
        let below = plan["Plans"].as_array().into_iter().flatten();
        let mut found: Vec<_> = below.flat_map(nodes).collect();
        found.push(plan);
        found
    }

    #[tokio::test]
    async fn what_is_done_costs_nothing_however_much_it_is() {
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let pool = database.pool();
        for fill in
            [DONE_TASKS, DEALT_WITH, "ANALYZE pipeline.enrichment_task", "ANALYZE pipeline.dead_letter"]
        {
            sqlx::query(fill).execute(&pool).await.unwrap();
        }
        for statement in [TASKS, DEAD_LETTERS] {
            let explain = AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) {statement}"));
            let plan: Value = sqlx::query_scalar(explain).fetch_one(&pool).await.unwrap();
            let scans: Vec<_> = nodes(&plan[0]["Plan"])
                .into_iter()
                .filter(|node| node.get("Relation Name").is_some())
                .collect();
            assert!(!scans.is_empty(), "{plan}");
            assert!(scans.iter().all(|scan| scan["Node Type"] != "Seq Scan"), "{statement}: {plan}");
        }
        assert!(read(&pool, Timestamp::UNIX_EPOCH).await.unwrap().tasks.is_empty());
    }
}
