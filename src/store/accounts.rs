//! Accounts that are watched, and their sealed tokens.

use cekbrand_workers::token;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection, PgExecutor};

const ADD: &str = "
INSERT INTO pipeline.account (account_id, app_id, login, added_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id) DO UPDATE
SET app_id = excluded.app_id, login = excluded.login, removed_at = NULL";

const ADD_USER: &str = r#"
INSERT INTO instagram."user" (id, login_flavour, timezone, updated_timestamp)
VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE
SET login_flavour = excluded.login_flavour, timezone = COALESCE(excluded.timezone, "user".timezone)"#;

// Whoever was erased and is added again is held again from now on; what was received before stays erased.
const LIFT: &str = "
UPDATE pipeline.suppression SET lifted_at = $2
WHERE lifted_at IS NULL AND confirmation_code IN (
    SELECT confirmation_code FROM pipeline.suppression WHERE subject_id = pipeline.subject_hash($1))";

const REMOVE: &str = "
UPDATE pipeline.account
SET removed_at = $2
WHERE account_id = $1 AND removed_at IS NULL";

const LIST: &str = r#"
SELECT a.account_id, a.app_id, a.login, a.added_at, a.removed_at, u.username, t.state AS token_state,
    t.dead_reason, t.expired_at AS token_expires_at
FROM pipeline.account a
LEFT JOIN instagram."user" u ON u.id = a.account_id
LEFT JOIN instagram.instagram_tokens t ON t.user_id = a.account_id
WHERE $1::text IS NULL OR a.account_id = $1
ORDER BY a.added_at, a.account_id"#;

const TASKS: &str = "
SELECT kind, state, reason, COUNT(*) AS n, MIN(due_at) AS due_at
FROM pipeline.enrichment_task
WHERE account_id = $1
GROUP BY kind, state, reason
ORDER BY kind, state, reason";

/// An account as an operator sees it.
#[derive(Debug, FromRow)]
pub(crate) struct AccountRow {
    pub(crate) account_id: String,
    pub(crate) app_id: String,
    pub(crate) login: String,
    pub(crate) added_at: jiff_sqlx::Timestamp,
    pub(crate) removed_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) username: Option<String>,
    pub(crate) token_state: Option<String>,
    pub(crate) dead_reason: Option<String>,
    pub(crate) token_expires_at: Option<jiff_sqlx::Timestamp>,
}

/// How many of an account's reads are in one state.
#[derive(Debug, FromRow)]
pub(crate) struct TaskRow {
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) n: i64,
    pub(crate) due_at: jiff_sqlx::Timestamp,
}

/// An account to be watched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAccount<'a> {
    pub(crate) id: &'a str,
    pub(crate) app_id: &'a str,
    /// `facebook` or `instagram`.
    pub(crate) login: &'a str,
    /// IANA name; `None` leaves what is known.
    pub(crate) timezone: Option<&'a str>,
}

/// Watches an account, from now on or again.
pub(crate) async fn add(
    connection: &mut PgConnection,
    account: NewAccount<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let NewAccount { id, app_id, login, timezone } = account;
    let now = now.to_sqlx();
    sqlx::query(ADD).bind(id).bind(app_id).bind(login).bind(now).execute(&mut *connection).await?;
    sqlx::query(ADD_USER).bind(id).bind(login).bind(timezone).bind(now).execute(&mut *connection).await?;
    sqlx::query(LIFT).bind(id).bind(now).execute(connection).await?;
    Ok(())
}

/// Ends watching and forgets the token; `false` where the account is not watched.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    account_id: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query(REMOVE).bind(account_id).bind(now.to_sqlx()).execute(&mut *connection).await?;
    token::store::forget(connection, account_id).await?;
    Ok(removed.rows_affected() > 0)
}

/// All accounts, or the one of an id.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    account_id: Option<&str>,
) -> Result<Vec<AccountRow>, sqlx::Error> {
    sqlx::query_as(LIST).bind(account_id).fetch_all(executor).await
}

/// What is to be read for an account.
pub(crate) async fn tasks(
    executor: impl PgExecutor<'_>,
    account_id: &str,
) -> Result<Vec<TaskRow>, sqlx::Error> {
    sqlx::query_as(TASKS).bind(account_id).fetch_all(executor).await
}
