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
