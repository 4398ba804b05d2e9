//! Hashtags of an account as of a day.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::day;
use crate::figure::{Count, NO_DATA, Ratio};
use crate::table::{Cells, CsvRow};

/// A row stands for the days from its own on, until the next; one without posts says that there are none.
const LIST: &str = "
SELECT * FROM (
    SELECT DISTINCT ON (hastag) hastag AS hashtag, datestamp AS day, post_count,
        total_engagement AS engagement, absence ->> 'total_engagement' AS engagement_absence,
        total_reach AS reach, absence ->> 'total_reach' AS reach_absence,
        total_saved AS saved, absence ->> 'total_saved' AS saved_absence,
        engagement_per_post, absence ->> 'engagement_per_post' AS engagement_per_post_absence,
        reach_per_post, absence ->> 'reach_per_post' AS reach_per_post_absence,
        saved_per_post, absence ->> 'saved_per_post' AS saved_per_post_absence,
        skipped_engagement, skipped_reach, skipped_saved
    FROM toba_cek_insta.user_hastags_metrics
    WHERE user_id = $1 AND datestamp <= $2
    ORDER BY hastag, datestamp DESC
) AS held
WHERE post_count > 0
ORDER BY
    CASE $3 WHEN 'engagement' THEN engagement_per_post WHEN 'reach' THEN reach_per_post
        WHEN 'saved' THEN saved_per_post ELSE post_count END DESC NULLS LAST,
    post_count DESC, hashtag
LIMIT $4 OFFSET $5";

/// What hashtags are ordered by, the largest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum HashtagSort {
    /// Engagement for each post.
    #[default]
    Engagement,
    /// Reach for each post.
    Reach,
    /// Saves for each post.
    Saved,
    /// Posts.
    Posts,
}

impl HashtagSort {
    /// The words of a query.
    pub(crate) const WORDS: [(&'static str, Self); 4] = [
        ("engagement", Self::Engagement),
        ("reach", Self::Reach),
        ("saved", Self::Saved),
        ("posts", Self::Posts),
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Engagement => "engagement",
            Self::Reach => "reach",
            Self::Saved => "saved",
            Self::Posts => "posts",
        }
    }
}

/// A hashtag, over all media with it that were published up to a day.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct HashtagFigures {
    /// Without the # sign, as hashtags are compared.
    pub(crate) hashtag: String,
    /// Since when the figures are these.
    pub(crate) day: Date,
    pub(crate) posts: i32,
    pub(crate) engagement: Count,
    pub(crate) reach: Count,
    pub(crate) saved: Count,
    pub(crate) engagement_per_post: Ratio,
    pub(crate) reach_per_post: Ratio,
    pub(crate) saved_per_post: Ratio,
    /// Media whose engagement is not known; they are not in the sum.
    pub(crate) skipped_engagement: i32,
    pub(crate) skipped_reach: i32,
    pub(crate) skipped_saved: i32,
}

impl FromRow<'_, PgRow> for HashtagFigures {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            hashtag: row.try_get("hashtag")?,
            day: day(row, "day")?,
            posts: row.try_get("post_count")?,
            engagement: Count::of(row, "engagement", NO_DATA)?,
            reach: Count::of(row, "reach", NO_DATA)?,
            saved: Count::of(row, "saved", NO_DATA)?,
            engagement_per_post: Ratio::of(row, "engagement_per_post")?,
            reach_per_post: Ratio::of(row, "reach_per_post")?,
            saved_per_post: Ratio::of(row, "saved_per_post")?,
            skipped_engagement: row.try_get("skipped_engagement")?,
            skipped_reach: row.try_get("skipped_reach")?,
            skipped_saved: row.try_get("skipped_saved")?,
        })
    }
}

impl CsvRow for HashtagFigures {
    fn cells(&self, cells: &mut Cells) {
        cells.text("hashtag", Some(&self.hashtag));
        cells.plain("day", Some(self.day));
        cells.plain("posts", Some(self.posts));
        cells.count("engagement", &self.engagement);
        cells.count("reach", &self.reach);
        cells.count("saved", &self.saved);
        cells.ratio("engagement_per_post", &self.engagement_per_post);
        cells.ratio("reach_per_post", &self.reach_per_post);
        cells.ratio("saved_per_post", &self.saved_per_post);
        cells.plain("skipped_engagement", Some(self.skipped_engagement));
        cells.plain("skipped_reach", Some(self.skipped_reach));
        cells.plain("skipped_saved", Some(self.skipped_saved));
    }
}

/// The hashtags as of a day.
pub(crate) async fn list(
    pool: &PgPool,
    account: &str,
    on: Date,
    sort: HashtagSort,
    limit: i64,
    offset: i64,
) -> Result<Vec<HashtagFigures>, sqlx::Error> {
    let query = sqlx::query_as(LIST).bind(account).bind(on.to_sqlx()).bind(sort.as_str());
    query.bind(limit).bind(offset).fetch_all(pool).await
}
