//! The ends of a try: finished, parked, or taken away from whoever held it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::claim::Lease;
use crate::reads::Kind;
use crate::tasks::kind::{LastAnswer, ParkReason};

// What was wanted while it ran is wanted still, as soon as the answer is no longer fresh. What is due
// again by the clock waits until then; only a story's lane is as urgent then as it was now.
const FINISH: &str = "
UPDATE pipeline.enrichment_task t SET
    state = CASE WHEN next.due_at IS NULL THEN 'done' ELSE 'parked' END,
    reason = CASE WHEN next.due_at IS NOT NULL THEN 'fresh' END,
    parked_until = next.due_at,
    due_at = COALESCE(next.due_at, $3),
    lane = CASE WHEN next.is_wanted OR next.due_at IS NULL OR t.lane = 0 THEN t.lane ELSE 2 END,
    fresh_until = $4, finished_at = $3, attempts = 0, last_answer = $5, last_error = $6, gone_since = NULL,
    lease_id = NULL, lease_until = NULL
FROM (
    SELECT h.id, h.wanted_at > h.started_at AS is_wanted,
        CASE WHEN h.wanted_at > h.started_at THEN LEAST($4::timestamptz, $7::timestamptz) ELSE $7 END AS due_at
    FROM pipeline.enrichment_task h WHERE h.id = $1
    FOR UPDATE
) AS next
WHERE t.id = next.id AND t.lease_id = $2 AND t.state = 'running'";

const PARK: &str = "
UPDATE pipeline.enrichment_task t SET
    state = 'parked', reason = $3, parked_until = $4, due_at = $4, last_error = $5, lease_id = NULL, lease_until = NULL,
    attempts = CASE $6 WHEN 'count' THEN t.attempts WHEN 'reset' THEN 0 ELSE GREATEST(t.attempts - 1, 0) END,
    last_answer = COALESCE($7, t.last_answer),
    gone_since = CASE $7 WHEN 'gone' THEN COALESCE(t.gone_since, $8) ELSE t.gone_since END
WHERE t.id = $1 AND t.lease_id = $2 AND t.state = 'running'";

const EXTEND: &str = "
UPDATE pipeline.enrichment_task t SET lease_until = $3, due_at = $3
WHERE t.id = $1 AND t.lease_id = $2 AND t.state = 'running'";

// Rows that somebody else holds are left out: whoever holds them will find out for themselves.
const PARK_ACCOUNT: &str = "
UPDATE pipeline.enrichment_task t SET
    state = 'parked', reason = $3, parked_until = $4, due_at = $4, lease_id = NULL, lease_until = NULL
FROM (
    SELECT w.id FROM pipeline.enrichment_task w
    WHERE w.account_id = $1 AND w.state <> 'done' AND w.due_at <= $5 AND ($2::text IS NULL OR w.kind = $2)
    FOR UPDATE SKIP LOCKED
) AS waiting
WHERE t.id = waiting.id";

// Due work of blocked accounts, and the less urgent lanes of accounts close to their limit: they say until
// when they wait. The LATERAL join makes it look at those accounts alone; a stop of the app as a whole has a
// statement of its own.
const PARK_BLOCKED: &str = "
UPDATE pipeline.enrichment_task t SET
    state = 'parked', reason = waiting.reason, parked_until = waiting.until, due_at = waiting.until,
    lease_id = NULL, lease_until = NULL
FROM (
    SELECT task.id, stop.reason, stop.until
    FROM (
        SELECT q.account_id, q.blocked_until AS until, 0 AS first_lane,
            COALESCE(q.block_reason, 'throttled') AS reason
        FROM pipeline.account_quota q
        WHERE q.app_id = $1 AND q.account_id <> '' AND q.blocked_until > $2
        UNION ALL
        SELECT q.account_id, q.observed_at + ($2 - $3), 2, 'throttled'
        FROM pipeline.account_quota q
        WHERE q.app_id = $1 AND q.account_id <> '' AND q.usage_percent >= $4 AND q.observed_at > $3
            AND COALESCE(q.blocked_until <= $2, TRUE)
    ) AS stop
    CROSS JOIN LATERAL (
        SELECT w.id FROM pipeline.enrichment_task w
        WHERE w.account_id = stop.account_id AND w.lane >= stop.first_lane AND w.state <> 'done' AND w.due_at <= $2
        LIMIT $5
        FOR UPDATE SKIP LOCKED
    ) AS task
) AS waiting
WHERE t.id = waiting.id";

const PARK_APP: &str = "
UPDATE pipeline.enrichment_task t SET
    state = 'parked', reason = waiting.reason, parked_until = waiting.until, due_at = waiting.until,
    lease_id = NULL, lease_until = NULL
FROM (
    SELECT task.id, stop.reason, stop.until
    FROM (
        SELECT CASE WHEN q.blocked_until > $2 THEN q.blocked_until ELSE q.observed_at + ($2 - $3) END AS until,
            CASE WHEN q.blocked_until > $2 THEN COALESCE(q.block_reason, 'throttled') ELSE 'throttled' END AS reason,
            CASE WHEN q.blocked_until > $2 THEN 0 ELSE 2 END AS first_lane
        FROM pipeline.account_quota q
        WHERE q.app_id = $1 AND q.account_id = ''
            AND (q.blocked_until > $2 OR (q.usage_percent >= $4 AND q.observed_at > $3))
    ) AS stop
    CROSS JOIN LATERAL (
        SELECT w.id FROM pipeline.enrichment_task w
        WHERE w.lane >= stop.first_lane AND w.state <> 'done' AND w.due_at <= $2
        ORDER BY w.due_at LIMIT $5
        FOR UPDATE SKIP LOCKED
    ) AS task
) AS waiting
WHERE t.id = waiting.id";

const LIFT: &str = "
WITH forgotten AS (DELETE FROM pipeline.read_refusal WHERE account_id = $1)
DELETE FROM pipeline.read_stop WHERE account_id = $1";

// The account's profile is read again even if it is fresh: that shows whether the new token works.
const UNPARK: &str = "
UPDATE pipeline.enrichment_task t SET
    state = 'waiting', reason = NULL, parked_until = NULL, due_at = $2, attempts = 0
FROM (
    SELECT w.id FROM pipeline.enrichment_task w
    WHERE w.account_id = $1 AND (
        (w.state = 'parked' AND w.reason IN ('no_token', 'token_dead', 'permission'))
        OR (w.kind = 'user' AND (w.state = 'done' OR w.reason = 'fresh')))
    ORDER BY w.kind, w.target_id
    FOR UPDATE
) AS parked
WHERE t.id = parked.id";

/// How a task ends after which nothing is left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// What it was answered with.
    pub answer: LastAnswer,
    /// What was special, for people.
    pub note: Option<String>,
    /// Until when it need not be read again.
    pub fresh_until: Timestamp,
    /// When it is due again by the clock; `None`: when somebody wants it.
    pub again_at: Option<Timestamp>,
}

/// How a parked task waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Park {
    /// Why.
    pub reason: ParkReason,
    /// Until when.
    pub until: Timestamp,
    /// What it was answered with, if a call was made.
    pub answer: Option<LastAnswer>,
    /// What the try ended with, for people.
    pub note: Option<String>,
}

/// Ends a try that succeeded, or after which there is nothing left to do. False if the lease was lost:
/// nothing of the try may be kept.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn finish(
    conn: &mut PgConnection,
    lease: Lease,
    finish: &Finish,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(FINISH)
        .bind(lease.task)
        .bind(lease.id)
        .bind(now.to_sqlx())
        .bind(finish.fresh_until.to_sqlx())
        .bind(finish.answer.as_str())
        .bind(finish.note.as_deref())
        .bind(finish.again_at.map(ToSqlx::to_sqlx))
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a try after which the task must wait. A failure of its own (`backoff`, `gave_up`) counts as a try, a
/// reason that lies with the account does not. False if the lease was lost.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn park(
    conn: &mut PgConnection,
    lease: Lease,
    park: &Park,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let attempts = match park.reason {
        ParkReason::Backoff => "count",
        ParkReason::GaveUp => "reset",
        _ => "uncount",
    };
    let parked = sqlx::query(PARK)
        .bind(lease.task)
        .bind(lease.id)
        .bind(park.reason.as_str())
        .bind(park.until.to_sqlx())
        .bind(park.note.as_deref())
        .bind(attempts)
        .bind(park.answer.map(LastAnswer::as_str))
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(parked.rows_affected() == 1)
}

/// Makes a lease last until `until`, for work that needs several calls. False if it was lost.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn extend(conn: &mut PgConnection, lease: Lease, until: Timestamp) -> Result<bool, sqlx::Error> {
    let extended =
        sqlx::query(EXTEND).bind(lease.task).bind(lease.id).bind(until.to_sqlx()).execute(conn).await?;
    Ok(extended.rows_affected() == 1)
}

/// A stop of an account's reads.
#[derive(Debug, Clone, Copy)]
pub struct Stop<'a> {
    /// Whose.
    pub account_id: &'a str,
    /// Which kind; `None`: all of them.
    pub kind: Option<Kind>,
    /// Why.
    pub reason: ParkReason,
    /// Until when.
    pub until: Timestamp,
}

/// Parks the account's due work, all of it or of one kind. Says how many tasks that were.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn park_account(
    conn: &mut PgConnection,
    stop: Stop<'_>,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let parked = sqlx::query(PARK_ACCOUNT)
        .bind(stop.account_id)
        .bind(stop.kind.map(Kind::as_str))
        .bind(stop.reason.as_str())
        .bind(stop.until.to_sqlx())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(parked.rows_affected())
}

/// Which work no worker would claim.
#[derive(Debug, Clone, Copy)]
pub struct Blocked<'a> {
    /// The app whose quota is looked at.
    pub app_id: &'a str,
    /// Usage seen before this says nothing any more.
    pub usage_since: Timestamp,
    /// From this percentage on the less urgent lanes wait.
    pub pause_percent: i32,
    /// Tasks at most, of each account.
    pub limit: i64,
}

/// Parks due tasks that no worker would claim: their account or the app is blocked, or its usage is so high
/// that their lane can wait. Says how many.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn park_blocked(
    conn: &mut PgConnection,
    blocked: Blocked<'_>,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let mut parked = 0;
    for statement in [PARK_BLOCKED, PARK_APP] {
        let done = sqlx::query(statement)
            .bind(blocked.app_id)
            .bind(now.to_sqlx())
            .bind(blocked.usage_since.to_sqlx())
            .bind(blocked.pause_percent)
            .bind(blocked.limit)
            .execute(&mut *conn)
            .await?;
        parked += done.rows_affected();
    }
    Ok(parked)
}

/// Frees what waits for a token or a permission of the account, and its profile, and lifts its stops: for the
/// moment it gets a new token. Says how many tasks that were.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn unpark(conn: &mut PgConnection, account_id: &str, now: Timestamp) -> Result<u64, sqlx::Error> {
    sqlx::query(LIFT).bind(account_id).execute(&mut *conn).await?;
    let freed = sqlx::query(UNPARK).bind(account_id).bind(now.to_sqlx()).execute(conn).await?;
    Ok(freed.rows_affected())
}
