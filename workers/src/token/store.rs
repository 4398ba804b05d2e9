//! The statements about tokens. A call reads its token anew each time: it may have come, gone or died
//! meanwhile.

use cekbrand_graph::Flavour;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Row};

const TOKEN: &str = "
SELECT t.token, t.flavour, t.state, t.expired_at
FROM instagram.instagram_tokens t
WHERE t.user_id = $1";

const FORGET: &str = "
DELETE FROM instagram.instagram_tokens
WHERE user_id = $1";

const PUT: &str = "
INSERT INTO instagram.instagram_tokens
    (user_id, token, token_secret, expired_at, flavour, scopes, checked_at, data_access_expires_at, state, dead_reason,
    updated_timestamp)
SELECT account_id, $2, NULL, $3, login, '{}', NULL, NULL, 'valid', NULL, $4
FROM pipeline.account
WHERE account_id = $1 AND removed_at IS NULL
ON CONFLICT (user_id) DO UPDATE
SET token = excluded.token, token_secret = NULL, expired_at = excluded.expired_at, flavour = excluded.flavour,
    scopes = excluded.scopes, checked_at = NULL, data_access_expires_at = NULL, state = 'valid', dead_reason = NULL,
    updated_timestamp = excluded.updated_timestamp";

const MARK_DEAD: &str = "
UPDATE instagram.instagram_tokens t SET state = 'dead', dead_reason = $2, checked_at = $3, updated_timestamp = $3
WHERE t.user_id = $1 AND t.token = $4 AND t.state IS DISTINCT FROM 'dead'";

// Whoever stores a token and whoever concludes something from the lack of one take turns.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.token/' || $1, 0))";

const IS_CURRENT: &str = "
SELECT $2::text IS NOT DISTINCT FROM (SELECT t.token FROM instagram.instagram_tokens t WHERE t.user_id = $1)";

/// A token as it is kept.
#[derive(Clone)]
pub struct SealedToken {
    /// The sealed text.
    pub sealed: String,
    /// Which login gave it.
    pub flavour: Flavour,
    /// Whether it is known to be dead.
    pub is_dead: bool,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

/// The account's token, if it has one.
///
/// # Errors
/// Whatever keeps the statement from running, or a flavour that this version does not know.
pub async fn read(conn: &mut PgConnection, account_id: &str) -> Result<Option<SealedToken>, sqlx::Error> {
    let Some(row) = sqlx::query(TOKEN).bind(account_id).fetch_optional(conn).await? else {
        return Ok(None);
    };
    let flavour: String = row.try_get("flavour")?;
    let state: String = row.try_get("state")?;
    let expires_at: Option<jiff_sqlx::Timestamp> = row.try_get("expired_at")?;
    Ok(Some(SealedToken {
        sealed: row.try_get("token")?,
        flavour: flavour.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        is_dead: state == "dead",
        expires_at: expires_at.map(jiff_sqlx::Timestamp::to_jiff),
    }))
}

/// Whether this is still the account's token (`None`: whether it still has none). No other takes its place
/// before the transaction ends.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn is_current(
    conn: &mut PgConnection,
    account_id: &str,
    sealed: Option<&str>,
) -> Result<bool, sqlx::Error> {
    lock(conn, account_id).await?;
    sqlx::query_scalar(IS_CURRENT).bind(account_id).bind(sealed).fetch_one(conn).await
}

async fn lock(conn: &mut PgConnection, account_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(LOCK).bind(account_id).execute(conn).await?;
    Ok(())
}

/// Notes that Meta refused this very token; one that replaced it meanwhile stays as it is.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn mark_dead(
    conn: &mut PgConnection,
    account_id: &str,
    sealed: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(MARK_DEAD)
        .bind(account_id)
        .bind(reason)
        .bind(now.to_sqlx())
        .bind(sealed)
        .execute(conn)
        .await?;
    Ok(())
}

/// Stores an account's sealed token over any earlier one; `false` where the account is not watched.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn put(
    conn: &mut PgConnection,
    account_id: &str,
    sealed: &str,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    lock(conn, account_id).await?;
    let put = sqlx::query(PUT)
        .bind(account_id)
        .bind(sealed)
        .bind(expires_at.map(ToSqlx::to_sqlx))
        .bind(now.to_sqlx());
    Ok(put.execute(conn).await?.rows_affected() > 0)
}

/// Forgets an account's token.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn forget(conn: &mut PgConnection, account_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(FORGET).bind(account_id).execute(conn).await?;
    Ok(())
}
