//! Looking at the queue without changing it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Row};

use crate::tasks::kind::{ParkReason, TaskKey};

const STANDING: &str = "
SELECT t.state, t.reason, t.parked_until, t.finished_at IS NOT NULL AS was_done
FROM pipeline.enrichment_task t
WHERE t.kind = $1 AND t.target_id = $2 AND t.account_id = $3 AND t.variant = $4 AND t.cursor = $5";

const READ_BY_OWNER: &str = "
SELECT EXISTS (
    SELECT 1 FROM instagram.media m
    JOIN pipeline.enrichment_task t ON t.kind = 'media' AND t.target_id = m.id AND t.account_id = m.user_id
    WHERE m.id = $1 AND m.user_id <> $2 AND t.finished_at > $3)";

// Media that cannot be in the account's list, or of which nobody knows when they were published, are left out.
const WANTED_LATELY: &str = "
SELECT m.timestamp
FROM pipeline.enrichment_task t
JOIN instagram.media m ON m.id = t.target_id AND m.user_id = t.account_id
WHERE t.account_id = $1 AND t.kind = 'media' AND t.wanted_at > $2 AND m.timestamp IS NOT NULL
    AND m.parent_id IS NULL AND m.deleted_at IS NULL AND m.media_product_type IN ('FEED', 'REELS')
ORDER BY t.wanted_at DESC LIMIT 200";

const LISTED: &str = "
SELECT count(m.id)
FROM UNNEST($2::timestamptz[]) WITH ORDINALITY AS depth (since, place)
LEFT JOIN instagram.media m ON m.user_id = $1 AND m.timestamp >= depth.since AND m.parent_id IS NULL
    AND m.deleted_at IS NULL AND m.media_product_type IN ('FEED', 'REELS')
GROUP BY depth.place ORDER BY depth.place";

// A list that was read is due again when it is no longer fresh; one whose pages are still to come is under way. What
// failed once is not waited for.
const LIST: &str = "
SELECT COALESCE(bool_or(t.state IN ('waiting', 'running') AND t.attempts <= 1), FALSE) AS is_open,
    COALESCE(bool_or(t.cursor = '' AND (t.fresh_until > $4 OR t.state = 'parked' OR t.attempts > 1)), FALSE) AS is_past
FROM pipeline.enrichment_task t
WHERE t.kind = $1 AND t.target_id = $2 AND t.account_id = $2 AND t.variant = $3";

// Served by the index over open tasks; done ones are history and counted as they end.
const COUNTS: &str = "
SELECT t.state, t.reason, count(*) AS number FROM pipeline.enrichment_task t
WHERE t.state <> 'done' GROUP BY t.state, t.reason";

/// How a task stands that another one depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has asked for it.
    Unknown,
    /// It is due or under way.
    Pending,
    /// It waits, and never succeeded yet.
    Parked(ParkReason, Timestamp),
    /// It succeeded at least once, or there was nothing to do.
    Done,
}

/// How a task stands.
///
/// # Errors
/// Whatever keeps the statement from running, or a reason that this version does not know.
pub async fn standing(conn: &mut PgConnection, key: &TaskKey) -> Result<Standing, sqlx::Error> {
    let query = sqlx::query(STANDING)
        .bind(key.kind.as_str())
        .bind(&key.target_id)
        .bind(&key.account_id)
        .bind(&key.variant)
        .bind(&key.cursor);
    let Some(row) = query.fetch_optional(conn).await? else { return Ok(Standing::Unknown) };
    if row.try_get("was_done")? {
        return Ok(Standing::Done);
    }
    let reason: Option<String> = row.try_get("reason")?;
    let until: Option<jiff_sqlx::Timestamp> = row.try_get("parked_until")?;
    match reason.zip(until) {
        None => Ok(Standing::Pending),
        Some((reason, until)) => {
            let reason = reason.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            Ok(Standing::Parked(reason, until.to_jiff()))
        }
    }
}

/// Whether the medium's owner, who is not `account_id`, had it read after `since`: nobody else's token can
/// tell more.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn read_by_owner(
    conn: &mut PgConnection,
    media_id: &str,
    account_id: &str,
    since: Timestamp,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(READ_BY_OWNER)
        .bind(media_id)
        .bind(account_id)
        .bind(since.to_sqlx())
        .fetch_one(conn)
        .await
}

/// When those media of an account were published that were wanted after `since`.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn wanted_lately(
    conn: &mut PgConnection,
    account_id: &str,
    since: Timestamp,
) -> Result<Vec<Timestamp>, sqlx::Error> {
    let times: Vec<jiff_sqlx::Timestamp> =
        sqlx::query_scalar(WANTED_LATELY).bind(account_id).bind(since.to_sqlx()).fetch_all(conn).await?;
    Ok(times.into_iter().map(jiff_sqlx::Timestamp::to_jiff).collect())
}

/// How many media an account has published since each of the instants.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn listed(
    conn: &mut PgConnection,
    account_id: &str,
    since: &[Timestamp],
) -> Result<Vec<i64>, sqlx::Error> {
    let since: Vec<_> = since.iter().map(|at| at.to_sqlx()).collect();
    sqlx::query_scalar(LISTED).bind(account_id).bind(since).fetch_all(conn).await
}

/// How a list stands that may tell of a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// It is due or under way, or nobody has read it lately: it is worth waiting for.
    Worth,
    /// It was read a short while ago, or cannot be read for now.
    Past,
}

/// How a variant of an account's list stands.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn list(conn: &mut PgConnection, key: &TaskKey, now: Timestamp) -> Result<List, sqlx::Error> {
    let row = sqlx::query(LIST)
        .bind(key.kind.as_str())
        .bind(&key.account_id)
        .bind(&key.variant)
        .bind(now.to_sqlx())
        .fetch_one(conn)
        .await?;
    let (is_open, is_past): (bool, bool) = (row.try_get("is_open")?, row.try_get("is_past")?);
    Ok(if is_open || !is_past { List::Worth } else { List::Past })
}

/// How many tasks stand alike.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Count {
    /// The state.
    pub state: String,
    /// Why they are parked.
    pub reason: Option<String>,
    /// How many.
    pub number: i64,
}

/// How many tasks are open, by state and reason.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn counts(conn: &mut PgConnection) -> Result<Vec<Count>, sqlx::Error> {
    sqlx::query_as(COUNTS).fetch_all(conn).await
}
