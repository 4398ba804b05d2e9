//! One watched account, and what day it is there.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};

use super::day;

const FIND: &str = r#"
SELECT account.account_id, owner.username, owner.name, owner.biography, owner.website, owner.region, account.login,
    account.added_at, COALESCE(owner.timezone, 'UTC') AS timezone,
    ($2::timestamptz AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date AS today
FROM pipeline.account AS account
LEFT JOIN instagram."user" AS owner ON owner.id = account.account_id
WHERE account.account_id = $1 AND account.removed_at IS NULL"#;

/// An account that is watched.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub(crate) id: String,
    pub(crate) username: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) biography: Option<String>,
    pub(crate) website: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) login: String,
    pub(crate) added_at: Timestamp,
    /// Zone of its local days.
    pub(crate) timezone: String,
    /// Its present local day.
    pub(crate) today: Date,
}

impl FromRow<'_, PgRow> for Watched {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("account_id")?,
            username: row.try_get("username")?,
            name: row.try_get("name")?,
            biography: row.try_get("biography")?,
            website: row.try_get("website")?,
            region: row.try_get("region")?,
            login: row.try_get("login")?,
            added_at: row.try_get::<jiff_sqlx::Timestamp, _>("added_at")?.to_jiff(),
            timezone: row.try_get("timezone")?,
            today: day(row, "today")?,
        })
    }
}

/// The account; `None` where it is not watched.
pub(crate) async fn find(pool: &PgPool, id: &str, now: Timestamp) -> Result<Option<Watched>, sqlx::Error> {
    sqlx::query_as(FIND).bind(id).bind(now.to_sqlx()).fetch_optional(pool).await
}
