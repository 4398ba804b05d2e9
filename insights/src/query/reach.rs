//! Reach of an account by Meta's day: of the day, and of the timeframe that ends with it, each read as such.

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

/// Of several reads of one day the one with a figure counts, then the later.
const DAYS: &str = "
WITH held AS (
    SELECT DISTINCT ON (reach.period, meta.day)
        reach.period, meta.day, reach.value, reach.absence, reach.source, reach.observed_at
    FROM instagram.user_insight_reach AS reach
    CROSS JOIN LATERAL (SELECT (reach.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
    WHERE
        reach.user_id = $1 AND reach.period IN ('day', $5)
        AND reach.end_time >= $2::date::timestamp AT TIME ZONE 'UTC'
        AND reach.end_time < ($3::date + 3)::timestamp AT TIME ZONE 'UTC'
    ORDER BY reach.period, meta.day, reach.value IS NULL, reach.end_time DESC
)
SELECT day.d::date AS day,
    daily.value AS reach, daily.absence::text AS reach_absence, daily.source::text AS reach_source,
    daily.observed_at AS reach_at,
    long.value AS window_reach, long.absence::text AS window_reach_absence, long.source::text AS window_reach_source,
    long.observed_at AS window_reach_at, growth.growth, growth.absence AS growth_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN held AS daily ON daily.period = 'day' AND daily.day = day.d::date
LEFT JOIN held AS long ON long.period = $5 AND long.day = day.d::date
LEFT JOIN toba_cek_insta.user_insight_reach_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.date_stamp = day.d::date
ORDER BY day.d";

/// How many different people saw something of the account.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct ReachDay {
    /// Meta's day.
    pub(crate) day: Date,
    /// On the day alone.
    pub(crate) reach: Count,
    /// In the timeframe that ends with the day. People count once, so it is no sum of days.
    pub(crate) window_reach: Count,
    /// Growth of `window_reach` against the timeframe before.
    pub(crate) growth: Ratio,
}

impl FromRow<'_, PgRow> for ReachDay {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            day: day(row, "day")?,
            reach: Count::read(row, "reach")?,
            window_reach: Count::read(row, "window_reach")?,
            growth: Ratio::of(row, "growth")?,
        })
    }
}

impl CsvRow for ReachDay {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("day", Some(self.day));
        cells.reading("reach", &self.reach);
        cells.reading("window_reach", &self.window_reach);
        cells.ratio("growth", &self.growth);
    }
}

/// A row for every day of the range.
pub(crate) async fn days(
    pool: &PgPool,
    account: &str,
    days: Days,
    timeframe: Timeframe,
) -> Result<Vec<ReachDay>, sqlx::Error> {
    let query = sqlx::query_as(DAYS).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
    query.bind(timeframe.days()).bind(timeframe.period()).fetch_all(pool).await
}
