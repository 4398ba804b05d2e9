//! The statements about tokens. A call reads its token anew each time: it may have come, gone or died
//! meanwhile.
//!
//! - [`alert`]: what a person has to do. [`upkeep`]: who is due to be looked at, and what was found.

pub mod alert;
pub mod upkeep;

use cekbrand_graph::Flavour;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Row};

use self::alert::{Alert, AlertKind};

const TOKEN: &str = "
SELECT t.token, t.flavour, t.state, t.expired_at, t.issued_at
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
    scopes = excluded.scopes, checked_at = NULL, data_access_expires_at = NULL, issued_at = NULL, state = 'valid',
    dead_reason = NULL, updated_timestamp = excluded.updated_timestamp";

// Without a row the token is looked at at once.
const LOOK_AT_IT: &str = "
DELETE FROM pipeline.token_upkeep
WHERE account_id = $1";

const MARK_DEAD: &str = "
UPDATE instagram.instagram_tokens t SET state = 'dead', dead_reason = $2, checked_at = $3, updated_timestamp = $3
WHERE t.user_id = $1 AND t.token = $4 AND t.state IS DISTINCT FROM 'dead'";

// Whoever stores a token and whoever concludes something from the lack of one take turns.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.token/' || $1, 0))";

const IS_CURRENT: &str = "
SELECT $2::text IS NOT DISTINCT FROM (SELECT t.token FROM instagram.instagram_tokens t WHERE t.user_id = $1)";

/// What a new token mends.
const OF_TOKENS: [AlertKind; 3] = [AlertKind::TokenDead, AlertKind::TokenDying, AlertKind::PermissionMissing];

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
    /// When it was given out, as far as Meta told.
    pub issued_at: Option<Timestamp>,
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
    let issued_at: Option<jiff_sqlx::Timestamp> = row.try_get("issued_at")?;
    Ok(Some(SealedToken {
        sealed: row.try_get("token")?,
        flavour: flavour.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        is_dead: state == "dead",
        expires_at: expires_at.map(jiff_sqlx::Timestamp::to_jiff),
        issued_at: issued_at.map(jiff_sqlx::Timestamp::to_jiff),
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

/// Notes that Meta refused this very token, and raises an alert, once; a token that replaced it meanwhile
/// stays as it is.
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
    let marked = sqlx::query(MARK_DEAD)
        .bind(account_id)
        .bind(reason)
        .bind(now.to_sqlx())
        .bind(sealed)
        .execute(&mut *conn)
        .await?;
    if marked.rows_affected() == 0 {
        return Ok(());
    }
    let detail = format!(
        "the token no longer works ({reason}), and nothing is read for the account: give a new one with `cekbrand account token {account_id}`"
    );
    alert::raise(conn, Alert { account_id, kind: AlertKind::TokenDead, detail: &detail }, now).await?;
    // The other words about the same token are answered by this one.
    alert::resolve(conn, account_id, &[AlertKind::TokenDying, AlertKind::PermissionMissing], now).await
}

/// Stores an account's sealed token over any earlier one, and ends the alerts about that one; `false` where
/// the account is not watched.
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
    if put.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(LOOK_AT_IT).bind(account_id).execute(&mut *conn).await?;
    alert::resolve(conn, account_id, &OF_TOKENS, now).await?;
    Ok(true)
}

/// Forgets an account's token, and what was to be done about it.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn forget(conn: &mut PgConnection, account_id: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(FORGET).bind(account_id).execute(&mut *conn).await?;
    sqlx::query(LOOK_AT_IT).bind(account_id).execute(&mut *conn).await?;
    alert::resolve(conn, account_id, &AlertKind::ALL, now).await
}
