//! Stories of some days: their figures, and how these were saved.

use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

use super::LocalDays;

const STORIES: &str = r#"
SELECT
    medium.media_type AS kind,
    medium.caption,
    medium."timestamp" AS at,
    reach.value AS reach,
    reach_absence.absence::text AS reach_absence,
    views.value AS views,
    replies.value AS replies,
    replies_absence.absence::text AS replies_absence,
    taps.exits,
    taps.skips,
    taps.taps_forward,
    last.source::text AS source,
    last.observed_at
FROM instagram.media AS medium
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'reach', 'infinity') AS reach ON true
LEFT JOIN LATERAL pipeline.absence_as_of(medium.id, 'reach', 'infinity') AS reach_absence ON true
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'views', 'infinity') AS views ON true
LEFT JOIN LATERAL pipeline.figure_as_of(medium.id, 'replies', 'infinity') AS replies ON true
LEFT JOIN LATERAL pipeline.absence_as_of(medium.id, 'replies', 'infinity') AS replies_absence ON true
CROSS JOIN LATERAL (
    SELECT
        max(held.value) FILTER (WHERE held.breakdown = 'tap_exit')::bigint AS exits,
        max(held.value) FILTER (WHERE held.breakdown = 'swipe_forward')::bigint AS skips,
        max(held.value) FILTER (WHERE held.breakdown = 'tap_forward')::bigint AS taps_forward
    FROM instagram.media_insight AS held
    WHERE held.media_id = medium.id AND held.metric = 'navigation' AND held.breakdown <> ''
) AS taps
LEFT JOIN LATERAL (
    SELECT held.source, held.observed_at
    FROM instagram.media_insight AS held
    WHERE held.media_id = medium.id AND held.value IS NOT NULL
    ORDER BY held.observed_at DESC
    LIMIT 1
) AS last ON true
WHERE
    medium.user_id = $1
    AND medium.media_product_type = 'STORY' AND medium.parent_id IS NULL
    AND medium."timestamp" >= ($3::date - 1)::timestamp AT TIME ZONE 'UTC'
    AND (medium."timestamp" AT TIME ZONE $2)::date BETWEEN $3 AND $4
ORDER BY medium."timestamp" DESC, medium.id
LIMIT 60"#;

/// A story.
#[derive(Debug, FromRow)]
pub(crate) struct StoryRow {
    pub(crate) kind: Option<String>,
    pub(crate) caption: Option<String>,
    pub(crate) at: jiff_sqlx::Timestamp,
    pub(crate) reach: Option<i64>,
    pub(crate) reach_absence: Option<String>,
    pub(crate) views: Option<i64>,
    pub(crate) replies: Option<i64>,
    pub(crate) replies_absence: Option<String>,
    /// Times somebody left the stories.
    pub(crate) exits: Option<i64>,
    /// Times somebody went on to another account's.
    pub(crate) skips: Option<i64>,
    /// Times somebody went on to the next picture.
    pub(crate) taps_forward: Option<i64>,
    /// How its newest figure came: webhook, poll or backfill; none where none came.
    pub(crate) source: Option<String>,
    pub(crate) observed_at: Option<jiff_sqlx::Timestamp>,
}

/// Newest first.
pub(crate) async fn list(pool: &PgPool, days: LocalDays<'_>) -> Result<Vec<StoryRow>, sqlx::Error> {
    sqlx::query_as(STORIES)
        .bind(days.account)
        .bind(days.timezone)
        .bind(days.from.to_sqlx())
        .bind(days.to.to_sqlx())
        .fetch_all(pool)
        .await
}
