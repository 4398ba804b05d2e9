//! Followers of an account by day: its daily snapshots, with their growth.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool};
use utoipa::ToSchema;

use super::day;
use crate::figure::{Count, Ratio};
use crate::range::{Days, Timeframe};
use crate::table::{Cells, CsvRow};

const DAYS: &str = "
SELECT day.d::date AS day,
    held.followers_count AS followers, held.absence ->> 'followers_count' AS followers_absence,
    NULL::text AS followers_source, held.updated_timestamp AS followers_at,
    held.follows_count AS follows, held.absence ->> 'follows_count' AS follows_absence,
    NULL::text AS follows_source, held.updated_timestamp AS follows_at,
    held.media_count AS media, held.absence ->> 'media_count' AS media_absence,
    NULL::text AS media_source, held.updated_timestamp AS media_at,
    held.followers_count_growth AS gained, NULL::text AS gained_absence,
    growth.growth, growth.absence AS growth_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN instagram.user_data AS held ON held.user_id = $1 AND held.datestamp = day.d::date
LEFT JOIN toba_cek_insta.user_insight_follower_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.date_stamp = day.d::date
ORDER BY day.d";

/// An account's own counts on a day.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct FollowersDay {
    /// Local day of the account.
    pub(crate) day: Date,
    pub(crate) followers: Count,
    /// Accounts that it follows.
    pub(crate) follows: Count,
    /// Media that it has published.
    pub(crate) media: Count,
    /// Followers more than in the snapshot before.
    pub(crate) gained: Count,
    /// Growth of the followers against the timeframe before.
    pub(crate) growth: Ratio,
}

impl FromRow<'_, PgRow> for FollowersDay {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            day: day(row, "day")?,
            followers: Count::read(row, "followers")?,
            follows: Count::read(row, "follows")?,
            media: Count::read(row, "media")?,
            gained: Count::of(row, "gained", crate::figure::NO_DATA)?,
            growth: Ratio::of(row, "growth")?,
        })
    }
}

impl CsvRow for FollowersDay {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("day", Some(self.day));
        cells.count("followers", &self.followers);
        cells.plain("observed_at", self.followers.observed_at);
        cells.count("follows", &self.follows);
        cells.count("media", &self.media);
        cells.count("gained", &self.gained);
        cells.ratio("growth", &self.growth);
    }
}

/// A row for every day of the range.
pub(crate) async fn days(
    pool: &PgPool,
    account: &str,
    days: Days,
    timeframe: Timeframe,
) -> Result<Vec<FollowersDay>, sqlx::Error> {
    let query = sqlx::query_as(DAYS).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
    query.bind(timeframe.days()).fetch_all(pool).await
}
