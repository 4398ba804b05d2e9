//! How far the reads of one account are.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgExecutor};

const IS_WATCHED: &str = "
SELECT EXISTS (SELECT 1 FROM pipeline.account WHERE account_id = $1 AND removed_at IS NULL)";

// A run that was interrupted is gone on with.
const BEGIN: &str = "
INSERT INTO pipeline.sync_run AS r (account_id, started_at, calls_before)
VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE
SET started_at = excluded.started_at, calls_before = excluded.calls_before, finished_at = NULL
WHERE r.finished_at IS NOT NULL";

const END: &str = "
UPDATE pipeline.sync_run SET finished_at = $2
WHERE account_id = $1 AND finished_at IS NULL";

const RUN: &str = "
SELECT started_at, calls_before, finished_at
FROM pipeline.sync_run
WHERE account_id = $1";

// What waits for the quota or for another try is still to come; what seems gone is looked at for a week
// more, and nobody waits for that here.
const KINDS: &str = "
SELECT kind,
    COUNT(*) FILTER (WHERE state <> 'running' AND finished_at >= $2) AS done,
    COUNT(*) FILTER (WHERE state IN ('waiting', 'running') OR (state = 'parked' AND (
        reason = 'throttled' OR (reason = 'backoff' AND last_answer IS DISTINCT FROM 'gone')))) AS open
FROM pipeline.enrichment_task
WHERE account_id = $1 AND (state <> 'done' OR finished_at >= $2)
GROUP BY kind
ORDER BY open DESC, kind";

const ASIDE: &str = "
SELECT reason, COUNT(*)
FROM pipeline.enrichment_task
WHERE account_id = $1 AND state = 'parked' AND wanted_at >= $2 AND reason NOT IN ('fresh', 'throttled')
    AND (reason <> 'backoff' OR last_answer = 'gone')
GROUP BY reason
ORDER BY reason";

const QUOTA: &str = "
SELECT COALESCE(SUM(call_count) FILTER (WHERE account_id = $1), 0)::bigint AS calls,
    MAX(usage_percent) FILTER (WHERE account_id = $1) AS usage_percent,
    MAX(blocked_until) FILTER (WHERE blocked_until > $2) AS blocked_until
FROM pipeline.account_quota
WHERE account_id IN ($1, '')";

/// When a run began, and what the account had cost by then.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct Run {
    pub(crate) started_at: jiff_sqlx::Timestamp,
    pub(crate) calls_before: i64,
    /// `None` while it goes on.
    pub(crate) finished_at: Option<jiff_sqlx::Timestamp>,
}

/// The reads of one kind.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(crate) struct KindRow {
    pub(crate) kind: String,
    pub(crate) done: i64,
    pub(crate) open: i64,
}

/// The account's budget.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct QuotaRow {
    /// Calls made, ever.
    pub(crate) calls: i64,
    /// The last that Meta told; `None` before.
    pub(crate) usage_percent: Option<i32>,
    pub(crate) blocked_until: Option<jiff_sqlx::Timestamp>,
}

/// Whether the account is watched.
pub(crate) async fn is_watched(executor: impl PgExecutor<'_>, account_id: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(IS_WATCHED).bind(account_id).fetch_one(executor).await
}

/// Begins a run, or goes on with one that was interrupted: then `false`.
pub(crate) async fn begin(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    calls_before: i64,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let begun =
        sqlx::query(BEGIN).bind(account_id).bind(now.to_sqlx()).bind(calls_before).execute(executor).await?;
    Ok(begun.rows_affected() == 1)
}

/// Notes that everything is read.
pub(crate) async fn end(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(END).bind(account_id).bind(now.to_sqlx()).execute(executor).await?;
    Ok(())
}

/// The account's run.
pub(crate) async fn run(executor: impl PgExecutor<'_>, account_id: &str) -> Result<Run, sqlx::Error> {
    sqlx::query_as(RUN).bind(account_id).fetch_one(executor).await
}

/// The account's reads since then by kind, those with most to do first.
pub(crate) async fn kinds(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    since: Timestamp,
) -> Result<Vec<KindRow>, sqlx::Error> {
    sqlx::query_as(KINDS).bind(account_id).bind(since.to_sqlx()).fetch_all(executor).await
}

/// Reads since then that wait for something else than the quota or another try, by reason.
pub(crate) async fn aside(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    since: Timestamp,
) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(ASIDE).bind(account_id).bind(since.to_sqlx()).fetch_all(executor).await
}

/// The account's budget, with a block of the whole app.
pub(crate) async fn quota(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    now: Timestamp,
) -> Result<QuotaRow, sqlx::Error> {
    sqlx::query_as(QUOTA).bind(account_id).bind(now.to_sqlx()).fetch_one(executor).await
}
