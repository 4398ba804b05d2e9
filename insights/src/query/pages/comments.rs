//! Comments on an account's media, filtered, with what each was found to feel.

use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

use super::LocalDays;

/// `$5` medium, `$6` sentiment, `$7` words in the text; each empty for all. Of each medium no more is looked at
/// than the page and those before it may hold.
const COMMENTS: &str = r#"
WITH page AS (
    SELECT part.post_id, said.*
    FROM pipeline.post_part AS part
    CROSS JOIN LATERAL (
        SELECT
            comment.id,
            comment.username,
            comment.text,
            coalesce(comment."timestamp", comment.first_seen_at) AS at,
            comment.like_count
        FROM instagram.media_comment AS comment
        WHERE
            comment.media_id = part.part_id AND comment.deleted_at IS NULL AND comment.text IS NOT NULL
            AND coalesce(comment."timestamp", comment.first_seen_at) >= $3::date::timestamp AT TIME ZONE $2
            AND coalesce(comment."timestamp", comment.first_seen_at) < ($4::date + 1)::timestamp AT TIME ZONE $2
            AND (
                $6 = ''
                OR $6 = (
                    SELECT felt.sentiment
                    FROM toba_cek_insta.user_media_comment_sentiment AS felt
                    WHERE felt.comment_id = comment.id
                )
            )
            AND ($7 = '' OR position(lower($7) IN lower(comment.text)) > 0)
        ORDER BY coalesce(comment."timestamp", comment.first_seen_at) DESC, comment.id
        LIMIT $8::bigint + $9::bigint
    ) AS said
    WHERE part.user_id = $1 AND ($5 = '' OR part.post_id = $5)
    ORDER BY said.at DESC, said.id
    LIMIT $8 OFFSET $9
)
SELECT
    page.id,
    page.username,
    page.text,
    page.at,
    page.like_count,
    page.post_id,
    medium.caption AS post,
    held.sentiment,
    held.score,
    held.uncertain,
    held.corrected
FROM page
LEFT JOIN instagram.media AS medium ON medium.id = page.post_id
LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS held ON held.comment_id = page.id
ORDER BY page.at DESC, page.id"#;

/// Which comments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) days: LocalDays<'a>,
    pub(crate) medium: &'a str,
    pub(crate) sentiment: &'a str,
    pub(crate) words: &'a str,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// A comment.
#[derive(Debug, FromRow)]
pub(crate) struct CommentRow {
    pub(crate) id: String,
    pub(crate) username: Option<String>,
    pub(crate) text: String,
    pub(crate) at: jiff_sqlx::Timestamp,
    pub(crate) like_count: Option<i64>,
    pub(crate) post_id: String,
    pub(crate) post: Option<String>,
    /// pos, neu or neg; none until it is scored.
    pub(crate) sentiment: Option<String>,
    pub(crate) score: Option<f32>,
    pub(crate) uncertain: Option<bool>,
    /// A person said so.
    pub(crate) corrected: Option<bool>,
}

/// Newest first.
pub(crate) async fn list(pool: &PgPool, asked: Asked<'_>) -> Result<Vec<CommentRow>, sqlx::Error> {
    sqlx::query_as(COMMENTS)
        .bind(asked.days.account)
        .bind(asked.days.timezone)
        .bind(asked.days.from.to_sqlx())
        .bind(asked.days.to.to_sqlx())
        .bind(asked.medium)
        .bind(asked.sentiment)
        .bind(asked.words)
        .bind(asked.limit)
        .bind(asked.offset)
        .fetch_all(pool)
        .await
}
