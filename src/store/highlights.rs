//! What the demo shows of what arrived.

use serde::Serialize;
use sqlx::{FromRow, PgExecutor};

const ROWS: &str = r#"
SELECT 'pipeline.event', COUNT(*) FROM pipeline.event
UNION ALL SELECT 'pipeline.graph_response', COUNT(*) FROM pipeline.graph_response
UNION ALL SELECT 'instagram.user', COUNT(*) FROM instagram."user"
UNION ALL SELECT 'instagram.media', COUNT(*) FROM instagram.media
UNION ALL SELECT 'instagram.media_comment', COUNT(*) FROM instagram.media_comment
UNION ALL SELECT 'instagram.media_insight', COUNT(*) FROM instagram.media_insight
UNION ALL SELECT 'toba_cek_insta.user_insight_engagement', COUNT(*) FROM toba_cek_insta.user_insight_engagement
UNION ALL SELECT 'toba_cek_insta.user_hastags_metrics', COUNT(*) FROM toba_cek_insta.user_hastags_metrics"#;

// A table of the published contract is filled if it has a row.
const FILLED: &str = r#"
SELECT COUNT(*) FILTER (WHERE is_filled) AS filled, COUNT(*) AS of,
    COALESCE(array_agg(name ORDER BY name) FILTER (WHERE NOT is_filled), '{}') AS empty
FROM (VALUES
    ('fetch_catalogue', EXISTS (SELECT 1 FROM instagram.fetch_catalogue)),
    ('instagram_tokens', EXISTS (SELECT 1 FROM instagram.instagram_tokens)),
    ('media', EXISTS (SELECT 1 FROM instagram.media)),
    ('media_comment', EXISTS (SELECT 1 FROM instagram.media_comment)),
    ('media_insight', EXISTS (SELECT 1 FROM instagram.media_insight)),
    ('media_like_comment', EXISTS (SELECT 1 FROM instagram.media_like_comment)),
    ('user', EXISTS (SELECT 1 FROM instagram."user")),
    ('user_competitor', EXISTS (SELECT 1 FROM instagram.user_competitor)),
    ('user_data', EXISTS (SELECT 1 FROM instagram.user_data)),
    ('user_insight_audience_city', EXISTS (SELECT 1 FROM instagram.user_insight_audience_city)),
    ('user_insight_audience_country', EXISTS (SELECT 1 FROM instagram.user_insight_audience_country)),
    ('user_insight_audience_gender_age', EXISTS (SELECT 1 FROM instagram.user_insight_audience_gender_age)),
    ('user_insight_audience_locale', EXISTS (SELECT 1 FROM instagram.user_insight_audience_locale)),
    ('user_insight_impressions', EXISTS (SELECT 1 FROM instagram.user_insight_impressions)),
    ('user_insight_online_follower', EXISTS (SELECT 1 FROM instagram.user_insight_online_follower)),
    ('user_insight_reach', EXISTS (SELECT 1 FROM instagram.user_insight_reach)),
    ('user_insight_visitor', EXISTS (SELECT 1 FROM instagram.user_insight_visitor))
) AS tables (name, is_filled)"#;

const STORIES: &str = "
SELECT COUNT(*) AS taken_in,
    COUNT(*) FILTER (WHERE EXISTS (
        SELECT 1 FROM instagram.media_insight i
        WHERE i.media_id = v.media_id AND i.value IS NOT NULL)) AS with_figures
FROM pipeline.story_vault v";

const TOP_MEDIA: &str = r#"
WITH brand AS (
    SELECT m.user_id
    FROM instagram.media m
    JOIN instagram.media_comment c ON c.media_id = m.id
    WHERE m.user_id IS NOT NULL
    GROUP BY m.user_id
    ORDER BY COUNT(*) DESC, m.user_id
    LIMIT 1
)
SELECT u.username AS brand, m.id, COALESCE(m.media_product_type, m.media_type) AS kind, m.like_count AS likes,
    m.comments_count AS comments,
    (SELECT COUNT(*) FROM instagram.media_comment c WHERE c.media_id = m.id) AS arrived,
    (SELECT i.value::bigint FROM instagram.media_insight i
        WHERE i.media_id = m.id AND i.metric = 'views' AND i.breakdown = '' AND i.value IS NOT NULL
        ORDER BY i.datestamp DESC LIMIT 1) AS views,
    LEFT(m.caption, 60) AS caption
FROM instagram.media m
JOIN brand b ON b.user_id = m.user_id
LEFT JOIN instagram."user" u ON u.id = m.user_id
WHERE m.deleted_at IS NULL
ORDER BY m.like_count + m.comments_count DESC NULLS LAST, m.id
LIMIT 5"#;

/// A medium of the brand that was talked about most.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct TopMedium {
    pub(crate) brand: Option<String>,
    pub(crate) id: String,
    pub(crate) kind: Option<String>,
    pub(crate) likes: Option<i64>,
    pub(crate) comments: Option<i64>,
    /// Comments that webhooks brought.
    pub(crate) arrived: i64,
    pub(crate) views: Option<i64>,
    pub(crate) caption: Option<String>,
}

/// How many of the published raw tables hold something.
#[derive(Debug, Clone, FromRow, Serialize)]
#[expect(clippy::struct_field_names, reason = "the name that programs read it by")]
pub(crate) struct Filled {
    pub(crate) filled: i64,
    pub(crate) of: i64,
    /// Those that hold nothing.
    pub(crate) empty: Vec<String>,
}

/// The story vault.
#[derive(Debug, Clone, Copy, FromRow, Serialize)]
pub(crate) struct Stories {
    pub(crate) taken_in: i64,
    /// Stories of which a figure is known.
    pub(crate) with_figures: i64,
}

/// How many of the published raw tables hold something.
pub(crate) async fn filled(executor: impl PgExecutor<'_>) -> Result<Filled, sqlx::Error> {
    sqlx::query_as(FILLED).fetch_one(executor).await
}

/// How many stories the vault holds.
pub(crate) async fn stories(executor: impl PgExecutor<'_>) -> Result<Stories, sqlx::Error> {
    sqlx::query_as(STORIES).fetch_one(executor).await
}

/// How many rows the tables hold that the demo fills.
pub(crate) async fn rows(executor: impl PgExecutor<'_>) -> Result<Vec<(String, i64)>, sqlx::Error> {
    sqlx::query_as(ROWS).fetch_all(executor).await
}

/// The media with most likes and comments of the brand with most comments.
pub(crate) async fn top_media(executor: impl PgExecutor<'_>) -> Result<Vec<TopMedium>, sqlx::Error> {
    sqlx::query_as(TOP_MEDIA).fetch_all(executor).await
}
