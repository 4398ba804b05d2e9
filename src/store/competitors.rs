//! Which accounts are compared with which.

use cekbrand_graph::management::Business;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection, PgExecutor};

const ADD_USER: &str = r#"
INSERT INTO instagram."user" (id, username, updated_timestamp)
VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE
SET username = excluded.username"#;

const ADD: &str = "
INSERT INTO instagram.user_competitor (user_id, competitor_id)
VALUES ($1, $2)
ON CONFLICT (user_id, competitor_id) DO NOTHING";

const REMOVE: &str = r#"
DELETE FROM instagram.user_competitor c
USING instagram."user" u
WHERE u.id = c.competitor_id AND c.user_id = $1 AND (c.competitor_id = $2 OR lower(u.username) = lower($2))"#;

const LIST: &str = r#"
SELECT c.competitor_id, u.username
FROM instagram.user_competitor c
JOIN instagram."user" u ON u.id = c.competitor_id
WHERE c.user_id = $1
ORDER BY u.username, c.competitor_id"#;

/// An account that another one is compared with.
#[derive(Debug, FromRow)]
pub(crate) struct CompetitorRow {
    pub(crate) competitor_id: String,
    pub(crate) username: Option<String>,
}

/// Compares an account with another one, from now on.
pub(crate) async fn add(
    connection: &mut PgConnection,
    account_id: &str,
    business: &Business,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(ADD_USER)
        .bind(&business.id)
        .bind(&business.username)
        .bind(now.to_sqlx())
        .execute(&mut *connection)
        .await?;
    sqlx::query(ADD).bind(account_id).bind(&business.id).execute(connection).await?;
    Ok(())
}

/// Ends a comparison, of an id or a user name; `false` where there is none.
pub(crate) async fn remove(
    executor: impl PgExecutor<'_>,
    account_id: &str,
    competitor: &str,
) -> Result<bool, sqlx::Error> {
    let removed = sqlx::query(REMOVE).bind(account_id).bind(competitor).execute(executor).await?;
    Ok(removed.rows_affected() > 0)
}

/// Whom an account is compared with.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    account_id: &str,
) -> Result<Vec<CompetitorRow>, sqlx::Error> {
    sqlx::query_as(LIST).bind(account_id).fetch_all(executor).await
}
