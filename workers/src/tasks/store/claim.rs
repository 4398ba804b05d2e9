//! Picking work: the most urgent accounts that are not blocked, and of each a few tasks, under a lease. No
//! lock is held afterwards.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::reads;
use crate::tasks::kind::{LastAnswer, TaskKey, TaskLane};

/// From this percentage on a worker makes one call of an account at a time.
pub const SLOW_PERCENT: i32 = 75;

// Served by the index over due_at; spares an idle worker the search below.
const ANY_DUE: &str =
    "SELECT EXISTS (SELECT 1 FROM pipeline.enrichment_task WHERE state <> 'done' AND due_at <= $1)";

// `account` skips from account to account along the index (account_id, lane, due_at), so its cost is the
// number of accounts and not of tasks. An account's most urgent lane with due work is taken first; a read
// waits until the one that goes first has been tried. SKIP LOCKED keeps two workers from waiting for each
// other; kinds that only a newer version knows are left to it.
const CLAIM: &str = "
WITH RECURSIVE account (id) AS (
    (SELECT t.account_id FROM pipeline.enrichment_task t WHERE t.state <> 'done' ORDER BY t.account_id LIMIT 1)
    UNION ALL
    SELECT (SELECT t.account_id FROM pipeline.enrichment_task t
            WHERE t.state <> 'done' AND t.account_id > a.id ORDER BY t.account_id LIMIT 1)
    FROM account a WHERE a.id IS NOT NULL
),
open_account AS (
    SELECT a.id,
        CASE WHEN usage.percent >= $9 THEN 1 ELSE 3 END AS last_lane,
        CASE WHEN usage.percent >= $13 THEN LEAST($5, 1) ELSE $5 END - COALESCE(busy.calls, 0) AS room
    FROM account a
    LEFT JOIN pipeline.account_quota own ON own.app_id = $2 AND own.account_id = a.id
    LEFT JOIN pipeline.account_quota app ON app.app_id = $2 AND app.account_id = ''
    LEFT JOIN UNNEST($6::text[], $7::int[]) AS busy (id, calls) ON busy.id = a.id
    CROSS JOIN LATERAL (
        SELECT GREATEST(
            CASE WHEN own.observed_at > $8 THEN own.usage_percent END,
            CASE WHEN app.observed_at > $8 THEN app.usage_percent END) AS percent
    ) AS usage
    WHERE a.id IS NOT NULL
        AND COALESCE(own.blocked_until <= $1, TRUE)
        AND COALESCE(app.blocked_until <= $1, TRUE)
),
due AS (
    SELECT DISTINCT ON (o.id) o.id, o.room, lane.number AS lane, first.due_at
    FROM open_account o
    JOIN (VALUES (0), (1), (2), (3)) AS lane (number) ON lane.number <= o.last_lane
    CROSS JOIN LATERAL (
        SELECT t.due_at FROM pipeline.enrichment_task t
        WHERE t.account_id = o.id AND t.state <> 'done' AND t.lane = lane.number AND t.due_at <= $1 AND t.kind = ANY($12)
            AND (t.waits_for IS NULL OR COALESCE((
                SELECT f.state = 'done' OR (f.state = 'parked' AND f.due_at > $1) FROM pipeline.enrichment_task f
                WHERE f.kind = t.waits_for AND f.target_id = t.target_id AND f.account_id = t.account_id
                    AND f.variant = '' AND f.cursor = ''), TRUE))
        ORDER BY t.due_at LIMIT 1
    ) AS first
    WHERE o.room > 0
    ORDER BY o.id, lane.number
),
urgent AS (
    SELECT d.id, d.room, d.lane, d.due_at FROM due d ORDER BY d.lane, d.due_at LIMIT $3
),
picked AS (
    SELECT task.id
    FROM urgent u
    CROSS JOIN LATERAL (
        SELECT t.id FROM pipeline.enrichment_task t
        WHERE t.account_id = u.id AND t.state <> 'done' AND t.lane = u.lane AND t.due_at <= $1 AND t.kind = ANY($12)
            AND (t.waits_for IS NULL OR COALESCE((
                SELECT f.state = 'done' OR (f.state = 'parked' AND f.due_at > $1) FROM pipeline.enrichment_task f
                WHERE f.kind = t.waits_for AND f.target_id = t.target_id AND f.account_id = t.account_id
                    AND f.variant = '' AND f.cursor = ''), TRUE))
        ORDER BY t.due_at LIMIT u.room
        FOR UPDATE SKIP LOCKED
    ) AS task
    ORDER BY u.lane, u.due_at
    LIMIT $4
)
UPDATE pipeline.enrichment_task t SET
    state = 'running', reason = NULL, parked_until = NULL, started_at = $1, attempts = t.attempts + 1,
    lease_id = $10, lease_until = $11, due_at = $11
FROM picked p
WHERE t.id = p.id
RETURNING t.id, t.kind, t.target_id, t.account_id, t.variant, t.cursor, t.lane, t.deadline, t.attempts,
    t.last_answer, t.gone_since, t.wanted_at";

/// The right to work on a task; it ends when somebody else claims the task after `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The task's row.
    pub task: i64,
    /// Whose claim it is.
    pub id: Uuid,
    /// Until when nobody else may claim it.
    pub until: Timestamp,
}

/// A claimed task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The claim.
    pub lease: Lease,
    /// Which read.
    pub key: TaskKey,
    /// How urgent.
    pub lane: TaskLane,
    /// After this it is of no use.
    pub deadline: Option<Timestamp>,
    /// How often it was tried since it last succeeded, this time included.
    pub attempts: i32,
    /// What it was answered with the last time.
    pub last_answer: Option<LastAnswer>,
    /// Since when its target seems to be gone.
    pub gone_since: Option<Timestamp>,
    /// When it was last asked for.
    pub wanted_at: Option<Timestamp>,
}

/// Calls that an account has under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Busy {
    /// The account.
    pub account_id: String,
    /// How many.
    pub calls: i32,
}

/// Whose work to pick, and how much.
#[derive(Debug, Clone)]
pub struct Picking<'a> {
    /// The app whose quota is looked at.
    pub app_id: &'a str,
    /// Accounts at most.
    pub accounts: i64,
    /// Tasks at most.
    pub tasks: i64,
    /// Tasks of one account at most, counting those in `busy`.
    pub per_account: i32,
    /// What this worker has under way, by account.
    pub busy: Vec<Busy>,
    /// Usage seen before this says nothing any more.
    pub usage_since: Timestamp,
    /// From this percentage on only the two most urgent lanes are served.
    pub pause_percent: i32,
    /// How long the lease lasts.
    pub lease: Duration,
}

/// Claims due tasks.
///
/// # Errors
/// Whatever keeps the statements from running, or a kind of task that this version does not know.
pub async fn claim(
    conn: &mut PgConnection,
    picking: &Picking<'_>,
    now: Timestamp,
) -> Result<Vec<Task>, sqlx::Error> {
    let any_due: bool = sqlx::query_scalar(ANY_DUE).bind(now.to_sqlx()).fetch_one(&mut *conn).await?;
    if !any_due || picking.tasks <= 0 {
        return Ok(Vec::new());
    }
    let until = now.checked_add(picking.lease).unwrap_or(Timestamp::MAX);
    let id = Uuid::now_v7();
    let rows = sqlx::query(CLAIM)
        .bind(now.to_sqlx())
        .bind(picking.app_id)
        .bind(picking.accounts)
        .bind(picking.tasks)
        .bind(picking.per_account)
        .bind(picking.busy.iter().map(|busy| busy.account_id.as_str()).collect::<Vec<_>>())
        .bind(picking.busy.iter().map(|busy| busy.calls).collect::<Vec<_>>())
        .bind(picking.usage_since.to_sqlx())
        .bind(picking.pause_percent)
        .bind(id)
        .bind(until.to_sqlx())
        .bind(reads::names())
        .bind(SLOW_PERCENT)
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| task(row, id, until)).collect()
}

fn task(row: &PgRow, id: Uuid, until: Timestamp) -> Result<Task, sqlx::Error> {
    let kind: String = row.try_get("kind")?;
    let last_answer: Option<String> = row.try_get("last_answer")?;
    let instant = |name: &str| -> Result<Option<Timestamp>, sqlx::Error> {
        let instant: Option<jiff_sqlx::Timestamp> = row.try_get(name)?;
        Ok(instant.map(jiff_sqlx::Timestamp::to_jiff))
    };
    Ok(Task {
        lease: Lease { task: row.try_get("id")?, id, until },
        key: TaskKey {
            kind: kind.parse().map_err(decode)?,
            target_id: row.try_get("target_id")?,
            account_id: row.try_get("account_id")?,
            variant: row.try_get("variant")?,
            cursor: row.try_get("cursor")?,
        },
        lane: TaskLane::of(row.try_get("lane")?),
        deadline: instant("deadline")?,
        attempts: row.try_get("attempts")?,
        last_answer: last_answer.map(|answer| answer.parse().map_err(decode)).transpose()?,
        gone_since: instant("gone_since")?,
        wanted_at: instant("wanted_at")?,
    })
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
