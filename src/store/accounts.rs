//! Accounts that are watched, and their sealed tokens.

use cekbrand_graph::Flavour;
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
INSERT INTO instagram."user" (id, login_flavour, timezone, region, social_account_id, updated_timestamp)
VALUES ($1, $2, $3, $5, $6, $4)
ON CONFLICT (id) DO UPDATE
SET login_flavour = excluded.login_flavour, timezone = COALESCE(excluded.timezone, "user".timezone),
    region = COALESCE(excluded.region, "user".region),
    social_account_id = COALESCE(excluded.social_account_id, "user".social_account_id)"#;

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
SELECT a.account_id, a.app_id, a.login, a.added_at, a.removed_at, u.username, u.app_scoped_id, t.state AS token_state,
    t.dead_reason, t.expired_at AS token_expires_at, t.checked_at, t.scopes, q.blocked_until, q.block_reason
FROM pipeline.account a
LEFT JOIN instagram."user" u ON u.id = a.account_id
LEFT JOIN instagram.instagram_tokens t ON t.user_id = a.account_id
LEFT JOIN pipeline.account_quota q ON q.app_id = a.app_id AND q.account_id = a.account_id
WHERE $1::text IS NULL OR a.account_id = $1
ORDER BY a.added_at, a.account_id"#;

// What is merely fresh is not kept from anything: it is due once it is no longer fresh.
const READS: &str = "
SELECT k.kind, COUNT(t.id) AS tasks, MAX(t.finished_at) AS last_done,
    MIN(t.due_at) FILTER (WHERE t.state IN ('waiting', 'running') OR t.reason = 'fresh') AS next_due,
    COUNT(t.id) FILTER (WHERE t.state = 'parked' AND t.reason <> 'fresh') AS parked,
    (ARRAY_AGG(t.reason ORDER BY t.parked_until) FILTER (WHERE t.state = 'parked' AND t.reason <> 'fresh'))[1] AS reason,
    MIN(t.parked_until) FILTER (WHERE t.state = 'parked' AND t.reason <> 'fresh') AS until,
    (ARRAY_AGG(t.last_error ORDER BY t.parked_until)
        FILTER (WHERE t.state = 'parked' AND t.reason <> 'fresh' AND t.last_error IS NOT NULL))[1] AS last_error
FROM UNNEST($2::text[]) WITH ORDINALITY AS k (kind, place)
LEFT JOIN pipeline.enrichment_task t ON t.account_id = $1 AND t.kind = k.kind
GROUP BY k.kind, k.place
ORDER BY k.place";

const FIND: &str = r#"
SELECT a.account_id
FROM pipeline.account a
LEFT JOIN instagram."user" u ON u.id = a.account_id
WHERE a.account_id = $1 OR u.app_scoped_id = $1
ORDER BY a.account_id <> $1
LIMIT 1"#;

const LOGIN: &str = "
SELECT login
FROM pipeline.account
WHERE account_id = $1";

const WATCHED: &str = "
SELECT account_id
FROM pipeline.account
WHERE removed_at IS NULL
ORDER BY account_id";

const SCOPED_ID: &str = r#"
UPDATE instagram."user"
SET app_scoped_id = $2
WHERE id = $1 AND app_scoped_id IS DISTINCT FROM $2"#;

const PUT_PAGE_TOKEN: &str = "
UPDATE instagram.instagram_tokens
SET token_secret = $2
WHERE user_id = $1";

const PAGE_TOKEN: &str = "
SELECT token_secret
FROM instagram.instagram_tokens
WHERE user_id = $1";

const COPY: &str = "
INSERT INTO pipeline.account (account_id, app_id, login, added_at)
SELECT $2, app_id, login, added_at
FROM pipeline.account
WHERE account_id = $1
ON CONFLICT (account_id) DO UPDATE
SET app_id = excluded.app_id, login = excluded.login, removed_at = NULL";

const COPY_USER: &str = r#"
INSERT INTO instagram."user" (id, login_flavour, timezone, region, social_account_id, updated_timestamp)
SELECT $2, login_flavour, timezone, region, social_account_id, $3
FROM instagram."user"
WHERE id = $1
ON CONFLICT (id) DO UPDATE
SET login_flavour = excluded.login_flavour, timezone = COALESCE(excluded.timezone, "user".timezone)"#;

const MOVE_TASKS: &str = "
UPDATE pipeline.enrichment_task t
SET account_id = $2, target_id = CASE t.target_id WHEN $1 THEN $2 ELSE t.target_id END
WHERE t.account_id = $1 AND NOT EXISTS (
    SELECT 1 FROM pipeline.enrichment_task o
    WHERE o.kind = t.kind AND o.account_id = $2 AND o.variant = t.variant AND o.cursor = t.cursor
        AND o.target_id = CASE t.target_id WHEN $1 THEN $2 ELSE t.target_id END)";

const FORGET: [&str; 4] = [
    "DELETE FROM pipeline.enrichment_task WHERE account_id = $1",
    "DELETE FROM pipeline.read_stop WHERE account_id = $1",
    "DELETE FROM pipeline.account WHERE account_id = $1",
    r#"DELETE FROM instagram."user" WHERE id = $1"#,
];

/// An account as an operator sees it.
#[derive(Debug, FromRow)]
pub(crate) struct AccountRow {
    pub(crate) account_id: String,
    pub(crate) app_scoped_id: Option<String>,
    pub(crate) app_id: String,
    pub(crate) login: String,
    pub(crate) added_at: jiff_sqlx::Timestamp,
    pub(crate) removed_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) username: Option<String>,
    pub(crate) token_state: Option<String>,
    pub(crate) dead_reason: Option<String>,
    pub(crate) token_expires_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) checked_at: Option<jiff_sqlx::Timestamp>,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) blocked_until: Option<jiff_sqlx::Timestamp>,
    pub(crate) block_reason: Option<String>,
}

/// How an account's reads of one kind stand.
#[derive(Debug, FromRow)]
pub(crate) struct ReadRow {
    pub(crate) kind: String,
    /// How many were ever asked for.
    pub(crate) tasks: i64,
    pub(crate) last_done: Option<jiff_sqlx::Timestamp>,
    pub(crate) next_due: Option<jiff_sqlx::Timestamp>,
    /// How many are kept from being done.
    pub(crate) parked: i64,
    /// Why, of those that come first.
    pub(crate) reason: Option<String>,
    pub(crate) until: Option<jiff_sqlx::Timestamp>,
    pub(crate) last_error: Option<String>,
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
    /// Where figures are withheld by law; `None` leaves what is known.
    pub(crate) region: Option<&'a str>,
    /// The Facebook page it belongs to; `None` leaves what is known.
    pub(crate) page_id: Option<&'a str>,
}

/// Watches an account, from now on or again.
pub(crate) async fn add(
    connection: &mut PgConnection,
    account: NewAccount<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let NewAccount { id, app_id, login, timezone, region, page_id } = account;
    let now = now.to_sqlx();
    sqlx::query(ADD).bind(id).bind(app_id).bind(login).bind(now).execute(&mut *connection).await?;
    sqlx::query(ADD_USER)
        .bind(id)
        .bind(login)
        .bind(timezone)
        .bind(now)
        .bind(region)
        .bind(page_id)
        .execute(&mut *connection)
        .await?;
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
    token::store::forget(connection, account_id, now).await?;
    Ok(removed.rows_affected() > 0)
}

/// All accounts, or the one of an id.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    account_id: Option<&str>,
) -> Result<Vec<AccountRow>, sqlx::Error> {
    sqlx::query_as(LIST).bind(account_id).fetch_all(executor).await
}

/// How an account's reads stand, by kind, in the order given.
pub(crate) async fn reads(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    kinds: &[&str],
) -> Result<Vec<ReadRow>, sqlx::Error> {
    sqlx::query_as(READS).bind(account_id).bind(kinds).fetch_all(executor).await
}

/// The id by which everything goes, of either id that an account may have; removed accounts included.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(FIND).bind(id).fetch_optional(executor).await
}

/// The accounts that are watched.
pub(crate) async fn watched(executor: impl PgExecutor<'_>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(WATCHED).fetch_all(executor).await
}

/// Which login gives an account's tokens.
pub(crate) async fn flavour(executor: impl PgExecutor<'_>, account_id: &str) -> Result<Flavour, sqlx::Error> {
    let login: String = sqlx::query_scalar(LOGIN).bind(account_id).fetch_one(executor).await?;
    login.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// Notes the id by which the app alone knows an account.
pub(crate) async fn note_scoped_id(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    scoped_id: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(SCOPED_ID).bind(account_id).bind(scoped_id).execute(executor).await?;
    Ok(())
}

/// Has an account that was added by another id of its go by the one that webhooks carry. Nothing can have
/// been collected under the other one.
pub(crate) async fn rename(
    connection: &mut PgConnection,
    from: &str,
    to: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(COPY).bind(from).bind(to).execute(&mut *connection).await?;
    sqlx::query(COPY_USER).bind(from).bind(to).bind(now.to_sqlx()).execute(&mut *connection).await?;
    sqlx::query(MOVE_TASKS).bind(from).bind(to).execute(&mut *connection).await?;
    token::store::forget(connection, from, now).await?;
    for statement in FORGET {
        sqlx::query(statement).bind(from).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Stores the sealed token of an account's page; `false` where the account has no token.
pub(crate) async fn put_page_token(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    sealed: &str,
) -> Result<bool, sqlx::Error> {
    let put = sqlx::query(PUT_PAGE_TOKEN).bind(account_id).bind(sealed).execute(executor).await?;
    Ok(put.rows_affected() > 0)
}

/// The sealed token of an account's page.
pub(crate) async fn page_token(
    executor: impl PgExecutor<'_>,
    account_id: &str,
) -> Result<Option<String>, sqlx::Error> {
    let found: Option<Option<String>> =
        sqlx::query_scalar(PAGE_TOKEN).bind(account_id).fetch_optional(executor).await?;
    Ok(found.flatten())
}
