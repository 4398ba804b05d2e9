//! What `doctor` and the support bundle look at: migrations, errors, quotas.

use serde::Serialize;
use sqlx::{FromRow, PgExecutor};

const HAS_MIGRATIONS: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";

const SERVER: &str = "SELECT current_setting('server_version')";

const TASK_ERRORS: &str = "
SELECT t.kind, t.state, t.reason, LEFT(t.last_error, 200) AS error, COUNT(*) AS number
FROM pipeline.enrichment_task t
WHERE t.last_error IS NOT NULL
GROUP BY t.kind, t.state, t.reason, LEFT(t.last_error, 200)
ORDER BY COUNT(*) DESC, t.kind
LIMIT 50";

const DEAD_LETTERS: &str = "
SELECT d.reason, LEFT(d.error, 200) AS error, COUNT(*) AS number, MAX(d.landed_at)::text AS last_at
FROM pipeline.dead_letter d
WHERE d.resolution IS NULL
GROUP BY d.reason, LEFT(d.error, 200)
ORDER BY COUNT(*) DESC, d.reason
LIMIT 50";

const QUOTA: &str = "
SELECT q.app_id, q.account_id, q.call_count, q.usage_percent, q.blocked_until::text AS blocked_until, q.block_reason
FROM pipeline.account_quota q
ORDER BY q.blocked_until DESC NULLS LAST, q.usage_percent DESC NULLS LAST
LIMIT 50";

const SIZES: &str = "
SELECT n.nspname || '.' || c.relname AS name, SUM(pg_total_relation_size(COALESCE(i.inhrelid, c.oid)))::bigint AS bytes,
    SUM(GREATEST(COALESCE(p.reltuples, c.reltuples), 0))::bigint AS rows
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits i ON i.inhparent = c.oid
LEFT JOIN pg_class p ON p.oid = i.inhrelid
WHERE n.nspname IN ('instagram', 'pipeline', 'toba_cek_insta') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY 1
ORDER BY 2 DESC, 1";

/// Errors of reads that say the same.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct TaskError {
    kind: String,
    state: String,
    reason: Option<String>,
    error: String,
    number: i64,
}

/// Open dead letters that say the same.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct DeadLetters {
    reason: String,
    error: String,
    number: i64,
    last_at: Option<String>,
}

/// An account's budget, or with an empty account the app's.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Quota {
    app_id: String,
    account_id: String,
    call_count: i64,
    usage_percent: Option<i32>,
    blocked_until: Option<String>,
    block_reason: Option<String>,
}

/// How large a table is, its partitions included; rows are PostgreSQL's estimate.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct Size {
    name: String,
    bytes: i64,
    rows: i64,
}

/// Whether anything was ever migrated.
pub(crate) async fn has_migrations(executor: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(HAS_MIGRATIONS).fetch_one(executor).await
}

/// The server's version.
pub(crate) async fn server(executor: impl PgExecutor<'_>) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(SERVER).fetch_one(executor).await
}

/// What reads fail with, the most frequent first.
pub(crate) async fn task_errors(executor: impl PgExecutor<'_>) -> Result<Vec<TaskError>, sqlx::Error> {
    sqlx::query_as(TASK_ERRORS).fetch_all(executor).await
}

/// What open dead letters are there for, the most frequent first.
pub(crate) async fn dead_letters(executor: impl PgExecutor<'_>) -> Result<Vec<DeadLetters>, sqlx::Error> {
    sqlx::query_as(DEAD_LETTERS).fetch_all(executor).await
}

/// The budgets, blocked and busy ones first.
pub(crate) async fn quota(executor: impl PgExecutor<'_>) -> Result<Vec<Quota>, sqlx::Error> {
    sqlx::query_as(QUOTA).fetch_all(executor).await
}

/// The tables, the largest first.
pub(crate) async fn sizes(executor: impl PgExecutor<'_>) -> Result<Vec<Size>, sqlx::Error> {
    sqlx::query_as(SIZES).fetch_all(executor).await
}
