//! Stops of an account's reads that last until something changes: no token, a dead one, a permission that is
//! missing.
//!
//! A stop is about the token at hand: it is set only while that token is still the account's, and a new token
//! lifts it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::reads::Kind;
use crate::tasks::{ParkReason, Stop, TaskKey};

/// So many objects that the account may not read make it the permission's fault and not the objects'.
const ENOUGH: i64 = 3;

const STANDING: &str = "
SELECT s.reason, s.until FROM pipeline.read_stop s
WHERE s.account_id = $1 AND s.kind IN ('', $2) AND s.until > $3
ORDER BY s.until DESC LIMIT 1";

const SET: &str = "
INSERT INTO pipeline.read_stop AS s (account_id, kind, reason, until, set_at)
SELECT $1, $2, $3, $4, $5
WHERE $6::text IS NOT DISTINCT FROM (SELECT t.token FROM instagram.instagram_tokens t WHERE t.user_id = $1)
ON CONFLICT (account_id, kind) DO UPDATE SET reason = EXCLUDED.reason, until = EXCLUDED.until, set_at = EXCLUDED.set_at";

const REFUSED: &str = "
WITH refused AS (
    INSERT INTO pipeline.read_refusal AS r (account_id, kind, target_id, refused_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (account_id, kind, target_id) DO UPDATE SET refused_at = EXCLUDED.refused_at
)
SELECT 1 + count(*) FROM pipeline.read_refusal r
WHERE r.account_id = $1 AND r.kind = $2 AND r.target_id <> $3 AND r.refused_at > $5";

const ANSWERED: &str = "DELETE FROM pipeline.read_refusal r WHERE r.account_id = $1 AND r.kind = $2";

/// Why an account's reads are stopped, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Why.
    pub reason: ParkReason,
    /// Until when.
    pub until: Timestamp,
}

/// The stop that keeps this kind of read from being made.
///
/// # Errors
/// Whatever keeps the statement from running, or a reason that this version does not know.
pub async fn standing(
    conn: &mut PgConnection,
    account_id: &str,
    kind: Kind,
    now: Timestamp,
) -> Result<Option<Standing>, sqlx::Error> {
    let row: Option<(String, jiff_sqlx::Timestamp)> = sqlx::query_as(STANDING)
        .bind(account_id)
        .bind(kind.as_str())
        .bind(now.to_sqlx())
        .fetch_optional(conn)
        .await?;
    let Some((reason, until)) = row else { return Ok(None) };
    let reason = reason.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    Ok(Some(Standing { reason, until: until.to_jiff() }))
}

/// Stops reads of an account, unless it has another token by now than the one that was refused (`None`: than
/// none). Says whether it did.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn set(
    conn: &mut PgConnection,
    stop: Stop<'_>,
    sealed: Option<&str>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let set = sqlx::query(SET)
        .bind(stop.account_id)
        .bind(stop.kind.map_or("", Kind::as_str))
        .bind(stop.reason.as_str())
        .bind(stop.until.to_sqlx())
        .bind(now.to_sqlx())
        .bind(sealed)
        .execute(conn)
        .await?;
    Ok(set.rows_affected() == 1)
}

/// Remembers that an object was refused for want of a permission. Says whether so many were, and none
/// answered meanwhile, that it is the permission's fault.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn refused(
    conn: &mut PgConnection,
    key: &TaskKey,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let objects: i64 = sqlx::query_scalar(REFUSED)
        .bind(&key.account_id)
        .bind(key.kind.as_str())
        .bind(&key.target_id)
        .bind(now.to_sqlx())
        .bind(since.to_sqlx())
        .fetch_one(conn)
        .await?;
    Ok(objects >= ENOUGH)
}

/// An object of the kind was answered: the permission is there.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn answered(conn: &mut PgConnection, key: &TaskKey) -> Result<(), sqlx::Error> {
    sqlx::query(ANSWERED).bind(&key.account_id).bind(key.kind.as_str()).execute(conn).await?;
    Ok(())
}
