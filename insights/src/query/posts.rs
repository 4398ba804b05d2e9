//! Media of an account that were published in a range, ordered by any of their figures; and those that the
//! analytics name as the leading ones.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::{day, some_instant};
use crate::figure::{Count, NOT_COLLECTED};
use crate::iso::Iso;
use crate::range::{Days, Timeframe};
use crate::table::{Cells, CsvRow};

/// A figure that was known once stays known. Unknown ones come last, whichever way the list goes.
const LIST: &str = r#"
SELECT medium.id, medium."timestamp" AS published_at, medium.media_type, medium.media_product_type, medium.permalink,
    medium.caption, medium.like_count AS likes, medium.absence ->> 'like_count' AS likes_absence,
    NULL::text AS likes_source, medium.updated_timestamp AS likes_at,
    medium.comments_count AS comments, medium.absence ->> 'comments_count' AS comments_absence,
    NULL::text AS comments_source, medium.updated_timestamp AS comments_at,
    reach.value AS reach, reach.absence AS reach_absence, reach.source AS reach_source, reach.observed_at AS reach_at,
    seen.value AS views, seen.absence AS views_absence, seen.source AS views_source, seen.observed_at AS views_at,
    saved.value AS saved, saved.absence AS saved_absence, saved.source AS saved_source, saved.observed_at AS saved_at,
    shares.value AS shares, shares.absence AS shares_absence, shares.source AS shares_source,
    shares.observed_at AS shares_at
FROM instagram.media AS medium
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'reach') AS reach ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'views') AS seen ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'saved') AS saved ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'shares') AS shares ON TRUE
CROSS JOIN LATERAL (
    SELECT CASE $5
        WHEN 'engagement' THEN medium.like_count + medium.comments_count
        WHEN 'likes' THEN medium.like_count
        WHEN 'comments' THEN medium.comments_count
        WHEN 'reach' THEN reach.value
        WHEN 'views' THEN seen.value
        WHEN 'saved' THEN saved.value
        ELSE EXTRACT(EPOCH FROM medium."timestamp")::bigint
    END AS value
) AS key
WHERE
    medium.user_id = $1 AND medium.parent_id IS NULL AND medium.original_media_id IS NULL AND medium.deleted_at IS NULL
    AND medium."timestamp" >= $2::date::timestamp AT TIME ZONE $4
    AND medium."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
ORDER BY CASE WHEN $6 THEN key.value ELSE -key.value END NULLS LAST, medium."timestamp", medium.id
LIMIT $7 OFFSET $8"#;

const LEADERS: &str = "
SELECT 'most_engagement' AS place, media_id, engagement_count AS value, datestamp
FROM toba_cek_insta.user_media_largest_engagement WHERE user_id = $1 AND timeframe = $2
UNION ALL
SELECT 'least_engagement', media_id, engagement_count, datestamp
FROM toba_cek_insta.user_media_smallest_engagement WHERE user_id = $1 AND timeframe = $2
UNION ALL
SELECT 'largest_reach', media_id, reach_count, datestamp
FROM toba_cek_insta.user_media_largest_reach WHERE user_id = $1 AND timeframe = $2
UNION ALL
SELECT 'most_positive', media_id, positive_count, datestamp
FROM toba_cek_insta.user_media_most_positive WHERE user_id = $1 AND timeframe = $2
UNION ALL
SELECT 'most_negative', media_id, negative_count, datestamp
FROM toba_cek_insta.user_media_most_negative WHERE user_id = $1 AND timeframe = $2";

/// What media are ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum PostSort {
    /// Likes and comments together.
    #[default]
    Engagement,
    Likes,
    Comments,
    Reach,
    Views,
    Saved,
    /// The time of publication.
    Published,
}

impl PostSort {
    /// The words of a query.
    pub(crate) const WORDS: [(&'static str, Self); 7] = [
        ("engagement", Self::Engagement),
        ("likes", Self::Likes),
        ("comments", Self::Comments),
        ("reach", Self::Reach),
        ("views", Self::Views),
        ("saved", Self::Saved),
        ("published", Self::Published),
    ];

    pub(crate) fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, sort)| *sort == self).map_or("engagement", |(word, _)| word)
    }
}

/// Which media are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PostsAsked<'a> {
    pub(crate) account: &'a str,
    pub(crate) timezone: &'a str,
    pub(crate) days: Days,
    pub(crate) sort: PostSort,
    /// The smallest first.
    pub(crate) ascending: bool,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// A medium with its newest figures.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Post {
    pub(crate) id: String,
    #[schema(required = true)]
    pub(crate) published_at: Option<Iso>,
    /// IMAGE, VIDEO or CAROUSEL_ALBUM.
    #[schema(required = true)]
    pub(crate) media_type: Option<String>,
    /// FEED, REELS or STORY.
    #[schema(required = true)]
    pub(crate) media_product_type: Option<String>,
    #[schema(required = true)]
    pub(crate) permalink: Option<String>,
    #[schema(required = true)]
    pub(crate) caption: Option<String>,
    /// Likes and comments together.
    pub(crate) engagement: Count,
    pub(crate) likes: Count,
    pub(crate) comments: Count,
    pub(crate) reach: Count,
    pub(crate) views: Count,
    pub(crate) saved: Count,
    pub(crate) shares: Count,
}

impl FromRow<'_, PgRow> for Post {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (likes, comments) = (Count::read(row, "likes")?, Count::read(row, "comments")?);
        let sum = likes.value.zip(comments.value).map(|(likes, comments)| likes + comments);
        Ok(Self {
            id: row.try_get("id")?,
            published_at: some_instant(row, "published_at")?,
            media_type: row.try_get("media_type")?,
            media_product_type: row.try_get("media_product_type")?,
            permalink: row.try_get("permalink")?,
            caption: row.try_get("caption")?,
            engagement: Count::computed(sum, likes.absence.or(comments.absence).unwrap_or(NOT_COLLECTED)),
            likes,
            comments,
            reach: Count::read(row, "reach")?,
            views: Count::read(row, "views")?,
            saved: Count::read(row, "saved")?,
            shares: Count::read(row, "shares")?,
        })
    }
}

impl CsvRow for Post {
    fn cells(&self, cells: &mut Cells) {
        cells.text("id", Some(&self.id));
        cells.plain("published_at", self.published_at);
        cells.text("media_type", self.media_type.as_deref());
        cells.text("media_product_type", self.media_product_type.as_deref());
        cells.text("permalink", self.permalink.as_deref());
        cells.text("caption", self.caption.as_deref());
        cells.count("engagement", &self.engagement);
        cells.reading("likes", &self.likes);
        cells.reading("comments", &self.comments);
        cells.reading("reach", &self.reach);
        cells.reading("views", &self.views);
        cells.reading("saved", &self.saved);
        cells.reading("shares", &self.shares);
    }
}

/// A medium that leads in something.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = LeadingFigure)]
pub(crate) struct Leading {
    /// The day that it holds for.
    pub(crate) day: Date,
    pub(crate) value: i64,
}

/// The media that lead among those published in the timeframe up to the newest analysed day; null where no
/// figure is known.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Leaders {
    #[schema(required = true)]
    pub(crate) most_engagement: Option<Leader>,
    #[schema(required = true)]
    pub(crate) least_engagement: Option<Leader>,
    #[schema(required = true)]
    pub(crate) largest_reach: Option<Leader>,
    #[schema(required = true)]
    pub(crate) most_positive: Option<Leader>,
    #[schema(required = true)]
    pub(crate) most_negative: Option<Leader>,
}

/// A leading medium.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Leader {
    pub(crate) media_id: String,
    #[serde(flatten)]
    pub(crate) figure: Leading,
}

/// Media of a range.
pub(crate) async fn list(pool: &PgPool, asked: PostsAsked<'_>) -> Result<Vec<Post>, sqlx::Error> {
    sqlx::query_as(LIST)
        .bind(asked.account)
        .bind(asked.days.from.to_sqlx())
        .bind(asked.days.to.to_sqlx())
        .bind(asked.timezone)
        .bind(asked.sort.as_str())
        .bind(asked.ascending)
        .bind(asked.limit)
        .bind(asked.offset)
        .fetch_all(pool)
        .await
}

/// The leading media of an account.
pub(crate) async fn leaders(
    pool: &PgPool,
    account: &str,
    timeframe: Timeframe,
) -> Result<Leaders, sqlx::Error> {
    let mut leaders = Leaders::default();
    for row in sqlx::query(LEADERS).bind(account).bind(timeframe.days()).fetch_all(pool).await? {
        let figure = Leading { day: day(&row, "datestamp")?, value: row.try_get("value")? };
        let leader = Some(Leader { media_id: row.try_get("media_id")?, figure });
        match row.try_get("place")? {
            "most_engagement" => leaders.most_engagement = leader,
            "least_engagement" => leaders.least_engagement = leader,
            "largest_reach" => leaders.largest_reach = leader,
            "most_positive" => leaders.most_positive = leader,
            _ => leaders.most_negative = leader,
        }
    }
    Ok(leaders)
}
