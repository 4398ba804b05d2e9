//! `pipeline.share`: links that show one account over one range of days.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::{day, some_instant};
use crate::iso::Iso;
use crate::range::{Days, Timeframe};
use crate::scope::Scope;

const LIST: &str = "
SELECT id, token_hash, account_id, from_day, to_day, timeframe, created_at, created_by, expires_at, revoked_at
FROM pipeline.share
WHERE $1::text[] IS NULL OR account_id = ANY ($1)
ORDER BY created_at, id";

const FIND: &str = "
SELECT id, token_hash, account_id, from_day, to_day, timeframe, created_at, created_by, expires_at, revoked_at
FROM pipeline.share
WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2";

const CREATE: &str = "
INSERT INTO pipeline.share (id, token_hash, account_id, from_day, to_day, timeframe, created_at, created_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id, token_hash, account_id, from_day, to_day, timeframe, created_at, created_by, expires_at, revoked_at";

const REVOKE: &str = "
UPDATE pipeline.share
SET revoked_at = $3
WHERE id = $1 AND revoked_at IS NULL AND ($2::text[] IS NULL OR account_id = ANY ($2))";

/// A link; never its token.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Share {
    /// By which it is revoked.
    pub(crate) id: String,
    pub(crate) account_id: String,
    #[serde(flatten)]
    pub(crate) days: Days,
    /// 7 or 28.
    #[serde(serialize_with = "crate::range::in_days")]
    #[schema(value_type = i32)]
    pub(crate) timeframe: Timeframe,
    #[schema(required = true)]
    pub(crate) created_at: Option<Iso>,
    /// Id of the key that made it.
    pub(crate) created_by: String,
    #[schema(required = true)]
    pub(crate) expires_at: Option<Iso>,
    /// Since when it shows nothing, where somebody revoked it.
    #[schema(required = true)]
    pub(crate) revoked_at: Option<Iso>,
    /// SHA-256 of the token's secret part.
    #[serde(skip)]
    pub(crate) hash: Vec<u8>,
}

impl FromRow<'_, PgRow> for Share {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            account_id: row.try_get("account_id")?,
            days: Days { from: day(row, "from_day")?, to: day(row, "to_day")? },
            timeframe: Timeframe::of_days(row.try_get("timeframe")?),
            created_at: some_instant(row, "created_at")?,
            created_by: row.try_get("created_by")?,
            expires_at: some_instant(row, "expires_at")?,
            revoked_at: some_instant(row, "revoked_at")?,
            hash: row.try_get("token_hash")?,
        })
    }
}

/// A link to be stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewShare<'a> {
    pub(crate) id: &'a str,
    pub(crate) hash: &'a [u8],
    pub(crate) account: &'a str,
    pub(crate) days: Days,
    pub(crate) timeframe: Timeframe,
    pub(crate) key_id: &'a str,
    pub(crate) expires_at: Timestamp,
}

/// The links to accounts of a key, oldest first.
pub(crate) async fn list(pool: &PgPool, scope: &Scope) -> Result<Vec<Share>, sqlx::Error> {
    sqlx::query_as(LIST).bind(scope.accounts()).fetch_all(pool).await
}

/// A link that is neither expired nor revoked, by its public part.
pub(crate) async fn find(pool: &PgPool, id: &str, now: Timestamp) -> Result<Option<Share>, sqlx::Error> {
    sqlx::query_as(FIND).bind(id).bind(now.to_sqlx()).fetch_optional(pool).await
}

/// Stores a link.
pub(crate) async fn create(pool: &PgPool, share: NewShare<'_>, now: Timestamp) -> Result<Share, sqlx::Error> {
    sqlx::query_as(CREATE)
        .bind(share.id)
        .bind(share.hash)
        .bind(share.account)
        .bind(share.days.from.to_sqlx())
        .bind(share.days.to.to_sqlx())
        .bind(share.timeframe.days())
        .bind(now.to_sqlx())
        .bind(share.key_id)
        .bind(share.expires_at.to_sqlx())
        .fetch_one(pool)
        .await
}

/// Revokes a link; `false` where the key sees none that is valid.
pub(crate) async fn revoke(
    pool: &PgPool,
    id: &str,
    scope: &Scope,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(REVOKE).bind(id).bind(scope.accounts()).bind(now.to_sqlx());
    Ok(query.execute(pool).await?.rows_affected() > 0)
}
