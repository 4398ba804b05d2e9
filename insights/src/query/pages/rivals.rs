//! An account and its competitors, side by side.

use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

use super::LocalDays;

/// The account itself first.
const SIDE_BY_SIDE: &str = r#"
SELECT
    side.id,
    owner.username,
    side.id = $1 AS is_self,
    latest.followers_count AS followers,
    earlier.followers_count AS followers_before,
    -- Of whom nothing was ever read, nobody knows what they published.
    CASE WHEN posts.published > 0 OR latest.followers_count IS NOT NULL THEN posts.published END AS published,
    posts.engagement_per_post
FROM (
    SELECT $1 AS id
    UNION ALL
    SELECT competitor_id FROM instagram.user_competitor WHERE user_id = $1
) AS side
LEFT JOIN instagram."user" AS owner ON owner.id = side.id
LEFT JOIN LATERAL (
    SELECT held.followers_count
    FROM instagram.user_data AS held
    WHERE held.user_id = side.id AND held.datestamp <= $4 AND held.followers_count IS NOT NULL
    ORDER BY held.datestamp DESC
    LIMIT 1
) AS latest ON true
LEFT JOIN LATERAL (
    SELECT held.followers_count
    FROM instagram.user_data AS held
    WHERE held.user_id = side.id AND held.datestamp < $3 AND held.followers_count IS NOT NULL
    ORDER BY held.datestamp DESC
    LIMIT 1
) AS earlier ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS published, avg(medium.like_count + medium.comments_count)::float8 AS engagement_per_post
    FROM instagram.media AS medium
    WHERE
        medium.user_id = side.id
        AND medium.media_product_type IS DISTINCT FROM 'STORY'
        AND medium.parent_id IS NULL AND medium.ad_id IS NULL AND medium.deleted_at IS NULL
        AND medium."timestamp" >= ($3::date - 1)::timestamp AT TIME ZONE 'UTC'
        AND (medium."timestamp" AT TIME ZONE $2)::date BETWEEN $3 AND $4
) AS posts
ORDER BY is_self DESC, followers DESC NULLS LAST, side.id"#;

/// One of them.
#[derive(Debug, FromRow)]
pub(crate) struct RivalRow {
    pub(crate) id: String,
    pub(crate) username: Option<String>,
    pub(crate) is_self: bool,
    pub(crate) followers: Option<i64>,
    /// On the last known day before the period.
    pub(crate) followers_before: Option<i64>,
    pub(crate) published: Option<i64>,
    /// Likes and comments, where both are known.
    pub(crate) engagement_per_post: Option<f64>,
}

pub(crate) async fn list(pool: &PgPool, days: LocalDays<'_>) -> Result<Vec<RivalRow>, sqlx::Error> {
    sqlx::query_as(SIDE_BY_SIDE)
        .bind(days.account)
        .bind(days.timezone)
        .bind(days.from.to_sqlx())
        .bind(days.to.to_sqlx())
        .fetch_all(pool)
        .await
}
