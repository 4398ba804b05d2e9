//! The hashtags of an account as of a day.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

const HASHTAGS: &str = "
SELECT hastag, post_count, total_engagement, engagement_per_post, reach_per_post
FROM toba_cek_insta.user_hastags_metrics_carried
WHERE user_id = $1 AND datestamp <= $2 AND (carried_until IS NULL OR carried_until > $2) AND post_count > 0
ORDER BY engagement_per_post DESC NULLS LAST, post_count DESC, hastag
LIMIT 15";

/// A hashtag over all posts with it.
#[derive(Debug, FromRow)]
pub(crate) struct HashtagRow {
    pub(crate) hastag: String,
    pub(crate) post_count: i32,
    pub(crate) total_engagement: Option<i64>,
    pub(crate) engagement_per_post: Option<f64>,
    pub(crate) reach_per_post: Option<f64>,
}

/// Those with the most engagement per post.
pub(crate) async fn list(pool: &PgPool, account: &str, on: Date) -> Result<Vec<HashtagRow>, sqlx::Error> {
    sqlx::query_as(HASHTAGS).bind(account).bind(on.to_sqlx()).fetch_all(pool).await
}
