//! Formats compared: what the media of a range did, by format. Means are over the media whose figure is
//! known.

use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use crate::figure::{Count, NO_DATA, Ratio};
use crate::range::Days;
use crate::table::{Cells, CsvRow};

const LIST: &str = r#"
SELECT kind.format, COUNT(*)::int AS posts,
    SUM(medium.like_count + medium.comments_count)::bigint AS engagement, MAX(medium.absence ->> 'like_count') AS engagement_absence,
    AVG(medium.like_count + medium.comments_count)::float8 AS engagement_per_post,
    MAX(medium.absence ->> 'like_count') AS engagement_per_post_absence,
    COUNT(*)::int - COUNT(medium.like_count + medium.comments_count)::int AS skipped_engagement,
    SUM(seen.value)::bigint AS views, MAX(seen.absence) AS views_absence,
    AVG(seen.value)::float8 AS views_per_post, MAX(seen.absence) AS views_per_post_absence,
    COUNT(*)::int - COUNT(seen.value)::int AS skipped_views,
    AVG(reach.value)::float8 AS reach_per_post, MAX(reach.absence) AS reach_per_post_absence,
    MAX(reach.value) AS largest_reach, MAX(reach.absence) AS largest_reach_absence,
    COUNT(*)::int - COUNT(reach.value)::int AS skipped_reach
FROM instagram.media AS medium
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'reach') AS reach ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'views') AS seen ON TRUE
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN medium.media_product_type = 'STORY' THEN 'stories'
        WHEN medium.media_product_type = 'REELS' THEN 'reels'
        WHEN medium.media_product_type = 'FEED' AND medium.media_type = 'CAROUSEL_ALBUM' THEN 'carousels'
        WHEN medium.media_product_type = 'FEED' AND medium.media_type IS NOT NULL THEN 'feed'
        ELSE 'unknown'
    END AS format
) AS kind
WHERE
    medium.user_id = $1 AND medium.parent_id IS NULL AND medium.original_media_id IS NULL AND medium.deleted_at IS NULL
    AND medium."timestamp" >= $2::date::timestamp AT TIME ZONE $4
    AND medium."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
GROUP BY kind.format
ORDER BY posts DESC, kind.format"#;

/// One format.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct FormatFigures {
    /// feed, carousels, reels, stories, or unknown.
    pub(crate) format: String,
    /// Media of the format that were published in the range.
    pub(crate) posts: i32,
    /// Likes and comments together.
    pub(crate) engagement: Count,
    pub(crate) engagement_per_post: Ratio,
    /// Media whose engagement is not known; they are not in the sum.
    pub(crate) skipped_engagement: i32,
    pub(crate) views: Count,
    pub(crate) views_per_post: Ratio,
    pub(crate) skipped_views: i32,
    /// Reach does not add up over media: people are counted once for each.
    pub(crate) reach_per_post: Ratio,
    pub(crate) largest_reach: Count,
    pub(crate) skipped_reach: i32,
}

impl FromRow<'_, PgRow> for FormatFigures {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            format: row.try_get("format")?,
            posts: row.try_get("posts")?,
            engagement: Count::of(row, "engagement", NO_DATA)?,
            engagement_per_post: Ratio::of(row, "engagement_per_post")?,
            skipped_engagement: row.try_get("skipped_engagement")?,
            views: Count::of(row, "views", NO_DATA)?,
            views_per_post: Ratio::of(row, "views_per_post")?,
            skipped_views: row.try_get("skipped_views")?,
            reach_per_post: Ratio::of(row, "reach_per_post")?,
            largest_reach: Count::of(row, "largest_reach", NO_DATA)?,
            skipped_reach: row.try_get("skipped_reach")?,
        })
    }
}

impl CsvRow for FormatFigures {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("format", Some(&self.format));
        cells.plain("posts", Some(self.posts));
        cells.count("engagement", &self.engagement);
        cells.ratio("engagement_per_post", &self.engagement_per_post);
        cells.plain("skipped_engagement", Some(self.skipped_engagement));
        cells.count("views", &self.views);
        cells.ratio("views_per_post", &self.views_per_post);
        cells.plain("skipped_views", Some(self.skipped_views));
        cells.ratio("reach_per_post", &self.reach_per_post);
        cells.count("largest_reach", &self.largest_reach);
        cells.plain("skipped_reach", Some(self.skipped_reach));
    }
}

/// The formats of a range, the most used first.
pub(crate) async fn list(
    pool: &PgPool,
    account: &str,
    timezone: &str,
    days: Days,
) -> Result<Vec<FormatFigures>, sqlx::Error> {
    let query = sqlx::query_as(LIST).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
    query.bind(timezone).fetch_all(pool).await
}
