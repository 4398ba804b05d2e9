//! The statements of the tokens' upkeep: who is due, and what was found.

use cekbrand_graph::management::TokenState;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection};

// Whoever gets a row back has it until `$2`; another worker's statement waits for the row and then sees that.
const CLAIM: &str = "
INSERT INTO pipeline.token_upkeep AS k (account_id, next_at)
SELECT t.user_id, $2
FROM instagram.instagram_tokens t
JOIN pipeline.account a ON a.account_id = t.user_id AND a.removed_at IS NULL
LEFT JOIN pipeline.token_upkeep h ON h.account_id = t.user_id
WHERE t.state = 'valid' AND COALESCE(h.next_at <= $1, TRUE) AND NOT EXISTS (
    SELECT 1 FROM pipeline.account_quota q
    WHERE q.app_id = $3 AND q.account_id IN (t.user_id, '') AND q.blocked_until > $1)
ORDER BY h.next_at NULLS FIRST, t.user_id
LIMIT $4
ON CONFLICT (account_id) DO UPDATE SET next_at = EXCLUDED.next_at WHERE k.next_at <= $1
RETURNING k.account_id";

const CHECKED: &str = "
UPDATE instagram.instagram_tokens t SET
    scopes = COALESCE($3, t.scopes), checked_at = $4, expired_at = COALESCE($5, t.expired_at),
    issued_at = COALESCE($6, t.issued_at), data_access_expires_at = COALESCE($7, t.data_access_expires_at)
WHERE t.user_id = $1 AND t.token = $2";

const REPLACE: &str = "
UPDATE instagram.instagram_tokens t SET
    token = $3, expired_at = $4, issued_at = $5, checked_at = $5, updated_timestamp = $5
WHERE t.user_id = $1 AND t.token = $2 AND t.state = 'valid'";

const NEXT: &str = "
UPDATE pipeline.token_upkeep k SET
    next_at = $2, last_error = $3, meta_user_id = COALESCE($4, k.meta_user_id)
WHERE k.account_id = $1";

const LOOK_AT: &str = "
INSERT INTO pipeline.token_upkeep AS k (account_id, next_at) VALUES ($1, $2)
ON CONFLICT (account_id) DO UPDATE SET next_at = LEAST(k.next_at, EXCLUDED.next_at)";

const IS_REVOKED: &str = "
SELECT EXISTS (
    SELECT 1 FROM pipeline.read_stop s WHERE s.account_id = $1 AND s.kind = '' AND s.reason = 'permission')";

// Meta names a person, a page or an account. A token that came after the webhook is another one.
const CONCERNED: &str = r#"
SELECT a.account_id, t.token AS sealed
FROM pipeline.account a
JOIN instagram.instagram_tokens t ON t.user_id = a.account_id
LEFT JOIN instagram."user" u ON u.id = a.account_id
LEFT JOIN pipeline.token_upkeep k ON k.account_id = a.account_id
WHERE a.removed_at IS NULL AND t.state = 'valid' AND t.updated_timestamp <= $2
    AND (a.account_id = ANY($1) OR u.app_scoped_id = ANY($1) OR u.social_account_id = ANY($1)
        OR k.meta_user_id = ANY($1))
ORDER BY a.account_id"#;

/// Which accounts to look at.
#[derive(Debug, Clone, Copy)]
pub struct Due<'a> {
    /// The app whose blocks hold.
    pub app_id: &'a str,
    /// Now.
    pub now: Timestamp,
    /// Until when they are this worker's.
    pub until: Timestamp,
    /// How many at most.
    pub limit: i64,
}

/// Takes accounts whose token is due to be looked at.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn claim(conn: &mut PgConnection, due: Due<'_>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(CLAIM)
        .bind(due.now.to_sqlx())
        .bind(due.until.to_sqlx())
        .bind(due.app_id)
        .bind(due.limit)
        .fetch_all(conn)
        .await
}

/// Keeps what Meta told about this very token.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn checked(
    conn: &mut PgConnection,
    account_id: &str,
    sealed: &str,
    state: &TokenState,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let told = |at: Option<Timestamp>| at.map(ToSqlx::to_sqlx);
    sqlx::query(CHECKED)
        .bind(account_id)
        .bind(sealed)
        .bind(state.scopes.as_deref())
        .bind(now.to_sqlx())
        .bind(told(state.expires_at))
        .bind(told(state.issued_at))
        .bind(told(state.data_access_expires_at))
        .execute(conn)
        .await?;
    Ok(())
}

/// A token in place of another one of the same account.
#[derive(Debug, Clone, Copy)]
pub struct Replacement<'a> {
    /// The account.
    pub account_id: &'a str,
    /// The sealed token that it replaces.
    pub old: &'a str,
    /// The sealed new one.
    pub new: &'a str,
    /// When the new one ends.
    pub expires_at: Option<Timestamp>,
}

/// Stores a renewed token, unless an operator gave another one meanwhile; says whether it did.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn replace(
    conn: &mut PgConnection,
    replacement: Replacement<'_>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let replaced = sqlx::query(REPLACE)
        .bind(replacement.account_id)
        .bind(replacement.old)
        .bind(replacement.new)
        .bind(replacement.expires_at.map(ToSqlx::to_sqlx))
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(replaced.rows_affected() == 1)
}

/// When an account is looked at next, and what came of this look.
#[derive(Debug, Clone, Copy)]
pub struct Next<'a> {
    /// When.
    pub at: Timestamp,
    /// Why the look failed.
    pub error: Option<&'a str>,
    /// The person who granted the token.
    pub meta_user_id: Option<&'a str>,
}

/// Notes when an account is looked at next.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn next(conn: &mut PgConnection, account_id: &str, next: Next<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(NEXT)
        .bind(account_id)
        .bind(next.at.to_sqlx())
        .bind(next.error)
        .bind(next.meta_user_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Has an account's token looked at no later than `at`.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn look_at(conn: &mut PgConnection, account_id: &str, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(LOOK_AT).bind(account_id).bind(at.to_sqlx()).execute(conn).await?;
    Ok(())
}

/// Whether all reads of an account are stopped because a permission was revoked.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn is_revoked(conn: &mut PgConnection, account_id: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(IS_REVOKED).bind(account_id).fetch_one(conn).await
}

/// An account that a revocation concerns, and its token.
#[derive(Debug, Clone, FromRow)]
pub struct Concerned {
    /// The account.
    pub account_id: String,
    /// Its sealed token.
    pub sealed: String,
}

/// The accounts that a revocation of these subjects at this time concerns.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn concerned(
    conn: &mut PgConnection,
    subjects: &[String],
    at: Timestamp,
) -> Result<Vec<Concerned>, sqlx::Error> {
    sqlx::query_as(CONCERNED).bind(subjects).bind(at.to_sqlx()).fetch_all(conn).await
}
