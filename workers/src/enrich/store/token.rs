//! What a call needs to know of its account, read anew for each call: a token may have come, gone or died meanwhile.

use cekbrand_graph::Flavour;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Row};

const TOKEN: &str = "
SELECT t.token, t.flavour, t.state, t.expired_at
FROM instagram.instagram_tokens t
WHERE t.user_id = $1";

const MARK_DEAD: &str = "
UPDATE instagram.instagram_tokens t SET state = 'dead', dead_reason = $2, checked_at = $3, updated_timestamp = $3
WHERE t.user_id = $1 AND t.token = $4 AND t.state IS DISTINCT FROM 'dead'";

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
