//! An account and those it is compared with, side by side. Of others no stories can be seen, so stories do
//! not count on either side.

use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use crate::figure::{Count, NO_DATA, NOT_COLLECTED, Ratio};
use crate::range::Days;
use crate::table::{Cells, CsvRow};

/// Followers at the end of the range, and at the end of the day before it: what was gained on the first day
/// is of the range. Of both the last snapshot that tells them; where none does, the last that says why not.
const LIST: &str = r#"
SELECT side.id, side.id = $1 AS is_self, known.username, known.name,
    counts.followers_count AS followers, counts.absence ->> 'followers_count' AS followers_absence,
    NULL::text AS followers_source, counts.updated_timestamp AS followers_at,
    counts.media_count AS media, counts.absence ->> 'media_count' AS media_absence,
    NULL::text AS media_source, counts.updated_timestamp AS media_at,
    before.followers_count AS followers_before, before.absence ->> 'followers_count' AS followers_before_absence,
    -- Of whom nothing was ever read, nobody knows what they published.
    CASE WHEN published.posts > 0 OR counts.updated_timestamp IS NOT NULL THEN published.posts END AS posts,
    published.engagement, published.engagement_absence, published.engagement_per_post,
    published.engagement_absence AS engagement_per_post_absence, published.skipped_posts
FROM (
    SELECT $1::text AS id
    UNION ALL
    SELECT competitor_id FROM instagram.user_competitor WHERE user_id = $1
) AS side
LEFT JOIN instagram."user" AS known ON known.id = side.id
LEFT JOIN LATERAL (
    SELECT followers_count, media_count, absence, updated_timestamp FROM instagram.user_data
    WHERE user_id = side.id AND datestamp <= $3 ORDER BY followers_count IS NULL, datestamp DESC LIMIT 1
) AS counts ON TRUE
LEFT JOIN LATERAL (
    SELECT followers_count, absence FROM instagram.user_data
    WHERE user_id = side.id AND datestamp < $2 ORDER BY followers_count IS NULL, datestamp DESC LIMIT 1
) AS before ON TRUE
CROSS JOIN LATERAL (
    SELECT COUNT(*)::int AS posts, SUM(medium.like_count + medium.comments_count)::bigint AS engagement,
        AVG(medium.like_count + medium.comments_count)::float8 AS engagement_per_post,
        MAX(medium.absence ->> 'like_count') AS engagement_absence,
        COUNT(*)::int - COUNT(medium.like_count + medium.comments_count)::int AS skipped_posts
    FROM instagram.media AS medium
    WHERE
        medium.user_id = side.id AND medium.parent_id IS NULL AND medium.original_media_id IS NULL
        AND medium.deleted_at IS NULL AND medium.media_product_type IS DISTINCT FROM 'STORY'
        AND medium."timestamp" >= $2::date::timestamp AT TIME ZONE $4
        AND medium."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
) AS published
ORDER BY side.id <> $1, counts.followers_count DESC NULLS LAST, side.id"#;

/// One side of the comparison.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Competitor {
    pub(crate) id: String,
    /// Whether it is the account itself.
    pub(crate) is_self: bool,
    #[schema(required = true)]
    pub(crate) username: Option<String>,
    #[schema(required = true)]
    pub(crate) name: Option<String>,
    /// At the end of the range.
    pub(crate) followers: Count,
    /// Against the day before the range.
    pub(crate) followers_growth: Ratio,
    /// Media that it has published in all.
    pub(crate) media: Count,
    /// Posts and reels that were published in the range; null where nothing was ever read of the account.
    #[schema(required = true)]
    pub(crate) posts: Option<i32>,
    /// Their likes and comments together.
    pub(crate) engagement: Count,
    pub(crate) engagement_per_post: Ratio,
    /// Engagement of a post for each follower.
    pub(crate) engagement_rate: Ratio,
    /// Posts whose engagement is not known.
    pub(crate) skipped_posts: i32,
}

impl FromRow<'_, PgRow> for Competitor {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let followers = Count::read(row, "followers")?;
        let before = Count::of(row, "followers_before", NOT_COLLECTED)?;
        let gained = followers.value.zip(before.value).map(|(now, then)| now - then);
        let gained = Count::computed(gained, followers.absence.or(before.absence).unwrap_or(NO_DATA));
        let per_post = Ratio::of(row, "engagement_per_post")?;
        let rate = match (per_post.value, followers.value) {
            (Some(per_post), Some(followers)) if followers > 0 => {
                Ratio::computed(Some(per_post / followers as f64), NO_DATA)
            }
            _ => Ratio::computed(None, per_post.absence.or(followers.absence).unwrap_or(NO_DATA)),
        };
        Ok(Self {
            id: row.try_get("id")?,
            is_self: row.try_get("is_self")?,
            username: row.try_get("username")?,
            name: row.try_get("name")?,
            followers,
            followers_growth: Ratio::share(gained, before),
            media: Count::read(row, "media")?,
            posts: row.try_get("posts")?,
            engagement: Count::of(row, "engagement", NO_DATA)?,
            engagement_per_post: per_post,
            engagement_rate: rate,
            skipped_posts: row.try_get("skipped_posts")?,
        })
    }
}

impl CsvRow for Competitor {
    fn cells(&self, cells: &mut Cells) {
        cells.text("id", Some(&self.id));
        cells.plain("is_self", Some(self.is_self));
        cells.text("username", self.username.as_deref());
        cells.text("name", self.name.as_deref());
        cells.count("followers", &self.followers);
        cells.plain("followers_observed_at", self.followers.observed_at);
        cells.ratio("followers_growth", &self.followers_growth);
        cells.count("media", &self.media);
        cells.plain("posts", self.posts);
        cells.count("engagement", &self.engagement);
        cells.ratio("engagement_per_post", &self.engagement_per_post);
        cells.ratio("engagement_rate", &self.engagement_rate);
        cells.plain("skipped_posts", Some(self.skipped_posts));
    }
}

/// The account first, then its competitors, the largest first.
pub(crate) async fn list(
    pool: &PgPool,
    account: &str,
    timezone: &str,
    days: Days,
) -> Result<Vec<Competitor>, sqlx::Error> {
    let query = sqlx::query_as(LIST).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
    query.bind(timezone).fetch_all(pool).await
}
