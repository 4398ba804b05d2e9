//! The watched accounts, and what about each of them needs somebody's attention.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

use crate::scope::Scope;

/// A story lives for 24 hours; one without a figure in its last six is at risk, as the API and the rules of
/// alerts say as well.
const ACCOUNTS: &str = r#"
SELECT
    watched.account_id AS id,
    owner.username,
    owner.name,
    coalesce(owner.timezone, 'UTC') AS timezone,
    token.state AS token_state,
    least(token.expired_at, token.data_access_expires_at) AS token_ends_at,
    quota.usage_percent,
    quota.blocked_until,
    post.at AS last_post_at,
    story.at_risk AS stories_at_risk,
    coalesce(told.kinds, '{}') AS alerts,
    figure.observed_at
FROM pipeline.account AS watched
LEFT JOIN instagram."user" AS owner ON owner.id = watched.account_id
LEFT JOIN instagram.instagram_tokens AS token ON token.user_id = watched.account_id
LEFT JOIN LATERAL (
    SELECT max(held.usage_percent) AS usage_percent, max(held.blocked_until) AS blocked_until
    FROM pipeline.account_quota AS held
    WHERE held.account_id = watched.account_id
) AS quota ON true
LEFT JOIN LATERAL (
    SELECT max(medium."timestamp") AS at
    FROM instagram.media AS medium
    WHERE medium.user_id = watched.account_id AND medium."timestamp" <= $2
) AS post ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS at_risk
    FROM instagram.media AS medium
    WHERE
        medium.user_id = watched.account_id
        AND medium.media_product_type = 'STORY' AND medium.deleted_at IS NULL
        AND medium."timestamp" > $2 - interval '24 hours' AND medium."timestamp" <= $2 - interval '18 hours'
        AND NOT EXISTS (
            SELECT FROM instagram.media_insight AS held
            WHERE held.media_id = medium.id AND held.value IS NOT NULL
        )
) AS story ON true
LEFT JOIN LATERAL (
    SELECT array_agg(alert.kind) AS kinds
    FROM pipeline.operator_alert AS alert
    WHERE alert.account_id = watched.account_id AND alert.resolved_at IS NULL
) AS told ON true
LEFT JOIN LATERAL (
    SELECT max(held.updated_timestamp) AS observed_at
    FROM instagram.user_data AS held
    WHERE held.user_id = watched.account_id
) AS figure ON true
WHERE
    watched.removed_at IS NULL
    AND ($1::text IS NULL OR watched.account_id = $1)
    AND ($3::text[] IS NULL OR watched.account_id = ANY($3))
ORDER BY owner.username NULLS LAST, watched.account_id"#;

type Instant = jiff_sqlx::Timestamp;

/// A watched account.
#[derive(Debug, FromRow)]
pub(crate) struct AccountRow {
    pub(crate) id: String,
    pub(crate) username: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) timezone: String,
    /// `valid` or `dead`; none where there is no token.
    pub(crate) token_state: Option<String>,
    pub(crate) token_ends_at: Option<Instant>,
    pub(crate) usage_percent: Option<i32>,
    pub(crate) blocked_until: Option<Instant>,
    pub(crate) last_post_at: Option<Instant>,
    pub(crate) stories_at_risk: i64,
    /// Kinds of what the operator was told of it and has not mended.
    pub(crate) alerts: Vec<String>,
    /// When its profile was last read.
    pub(crate) observed_at: Option<Instant>,
}

/// Those that a key may see.
pub(crate) async fn accounts(
    pool: &PgPool,
    scope: &Scope,
    now: Timestamp,
) -> Result<Vec<AccountRow>, sqlx::Error> {
    let all: Option<&str> = None;
    let query = sqlx::query_as(ACCOUNTS).bind(all).bind(now.to_sqlx()).bind(scope.accounts());
    query.fetch_all(pool).await
}

/// One of them.
pub(crate) async fn account(
    pool: &PgPool,
    id: &str,
    scope: &Scope,
    now: Timestamp,
) -> Result<Option<AccountRow>, sqlx::Error> {
    let query = sqlx::query_as(ACCOUNTS).bind(id).bind(now.to_sqlx()).bind(scope.accounts());
    query.fetch_optional(pool).await
}
