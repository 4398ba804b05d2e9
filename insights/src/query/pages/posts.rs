//! The posts of an account that were published in some days, with the newest figures of each.

use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

use super::LocalDays;

/// More than a page can show is not read.
const MOST: i64 = 500;

const POSTS: &str = r#"
SELECT
    medium.id,
    medium.media_product_type AS product,
    medium.media_type AS kind,
    medium.caption,
    medium."timestamp" AS at,
    medium.like_count,
    medium.comments_count,
    medium.absence ->> 'like_count' AS likes_absence,
    reach.value AS reach,
    reach_absence.absence::text AS reach_absence,
    saved.value AS saved,
    felt.pos,
    felt.neg
FROM instagram.media AS medium
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'reach', 'infinity') AS reach ON true
LEFT JOIN LATERAL pipeline.absence_as_of(medium.id, 'reach', 'infinity') AS reach_absence ON true
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'saved', 'infinity') AS saved ON true
-- Where there are comments, or may be, and none was scored, nobody knows what they feel.
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE held.sentiment = 'pos') AS pos,
        count(*) FILTER (WHERE held.sentiment = 'neg') AS neg
    FROM instagram.media_comment AS comment
    INNER JOIN toba_cek_insta.user_media_comment_sentiment AS held ON held.comment_id = comment.id
    WHERE comment.media_id = medium.id AND comment.deleted_at IS NULL
    HAVING count(*) > 0 OR medium.comments_count = 0
) AS felt ON true
WHERE
    medium.user_id = $1
    AND medium.media_product_type IS DISTINCT FROM 'STORY'
    AND medium.parent_id IS NULL AND medium.ad_id IS NULL AND medium.deleted_at IS NULL
    AND medium."timestamp" >= ($3::date - 1)::timestamp AT TIME ZONE 'UTC'
    AND (medium."timestamp" AT TIME ZONE $2)::date BETWEEN $3 AND $4
ORDER BY medium."timestamp" DESC, medium.id
LIMIT $5"#;

/// A post.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct PostRow {
    pub(crate) id: String,
    /// FEED or REELS.
    pub(crate) product: Option<String>,
    /// IMAGE, VIDEO or CAROUSEL_ALBUM.
    pub(crate) kind: Option<String>,
    pub(crate) caption: Option<String>,
    pub(crate) at: jiff_sqlx::Timestamp,
    pub(crate) like_count: Option<i64>,
    pub(crate) comments_count: Option<i64>,
    pub(crate) likes_absence: Option<String>,
    pub(crate) reach: Option<i64>,
    pub(crate) reach_absence: Option<String>,
    pub(crate) saved: Option<i64>,
    pub(crate) pos: Option<i64>,
    pub(crate) neg: Option<i64>,
}

/// Newest first.
pub(crate) async fn list(pool: &PgPool, days: LocalDays<'_>) -> Result<Vec<PostRow>, sqlx::Error> {
    sqlx::query_as(POSTS)
        .bind(days.account)
        .bind(days.timezone)
        .bind(days.from.to_sqlx())
        .bind(days.to.to_sqlx())
        .bind(MOST)
        .fetch_all(pool)
        .await
}
