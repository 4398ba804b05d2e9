//! Engagement of an account by day, with its growth.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::{day, some_instant};
use crate::figure::{Count, NO_DATA, Ratio};
use crate::iso::Iso;
use crate::range::{Days, Timeframe};
use crate::table::{Cells, CsvRow};

const DAYS: &str = "
SELECT day.d::date AS day,
    held.engagement, held.absence ->> 'engagement' AS engagement_absence,
    held.likes_count AS likes, held.absence ->> 'likes_count' AS likes_absence,
    held.comments_count AS comments, held.absence ->> 'comments_count' AS comments_absence,
    held.media_count, held.skipped_media, held.updated_timestamp AS computed_at,
    growth.growth, growth.absence AS growth_absence,
    rate.value_now AS rate, rate.absence AS rate_absence, rate.growth AS rate_growth, rate.absence AS rate_growth_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN toba_cek_insta.user_insight_engagement AS held
    ON held.user_id = $1 AND held.timeframe = $4 AND held.datestamp = day.d::date
LEFT JOIN toba_cek_insta.user_insight_engagement_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.datestamp = day.d::date
LEFT JOIN toba_cek_insta.user_insight_engagement_rate_growth AS rate
    ON rate.user_id = $1 AND rate.timeframe = $4 AND rate.datestamp = day.d::date
ORDER BY day.d";

/// Likes and comments, as of a day, of the media published in the timeframe that ends with it.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct EngagementDay {
    /// Local day of the account.
    pub(crate) day: Date,
    /// Likes and comments together.
    pub(crate) engagement: Count,
    pub(crate) likes: Count,
    pub(crate) comments: Count,
    /// Media published in the timeframe; null where nothing was published in it.
    #[schema(required = true)]
    pub(crate) media_count: Option<i32>,
    /// Of these, media without any reading.
    #[schema(required = true)]
    pub(crate) skipped_media: Option<i32>,
    /// Against the timeframe before.
    pub(crate) growth: Ratio,
    /// Engagement for each follower.
    pub(crate) rate: Ratio,
    /// Growth of the rate against the timeframe before.
    pub(crate) rate_growth: Ratio,
    /// When the figures last changed.
    #[schema(required = true)]
    pub(crate) computed_at: Option<Iso>,
}

impl FromRow<'_, PgRow> for EngagementDay {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            day: day(row, "day")?,
            engagement: Count::of(row, "engagement", NO_DATA)?,
            likes: Count::of(row, "likes", NO_DATA)?,
            comments: Count::of(row, "comments", NO_DATA)?,
            media_count: row.try_get("media_count")?,
            skipped_media: row.try_get("skipped_media")?,
            growth: Ratio::of(row, "growth")?,
            rate: Ratio::of(row, "rate")?,
            rate_growth: Ratio::of(row, "rate_growth")?,
            computed_at: some_instant(row, "computed_at")?,
        })
    }
}

impl CsvRow for EngagementDay {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("day", Some(self.day));
        cells.count("engagement", &self.engagement);
        cells.count("likes", &self.likes);
        cells.count("comments", &self.comments);
        cells.plain("media_count", self.media_count);
        cells.plain("skipped_media", self.skipped_media);
        cells.ratio("growth", &self.growth);
        cells.ratio("rate", &self.rate);
        cells.ratio("rate_growth", &self.rate_growth);
        cells.plain("computed_at", self.computed_at);
    }
}

/// A row for every day of the range.
pub(crate) async fn days(
    pool: &PgPool,
    account: &str,
    days: Days,
    timeframe: Timeframe,
) -> Result<Vec<EngagementDay>, sqlx::Error> {
    let query = sqlx::query_as(DAYS).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
    query.bind(timeframe.days()).fetch_all(pool).await
}
