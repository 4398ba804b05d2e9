//! How often an account's content was seen, by Meta's day: views, and impressions before views existed.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::day;
use crate::figure::{Count, NO_DATA, Ratio};
use crate::range::{Days, Timeframe};
use crate::table::{Cells, CsvRow};

/// Of several figures of one day the known one counts, then the successor, then the later.
const DAYS: &str = "
WITH held AS (
    SELECT DISTINCT ON (meta.day) meta.day, seen.metric, seen.value, seen.absence, seen.source, seen.observed_at
    FROM instagram.user_insight_impressions AS seen
    CROSS JOIN LATERAL (SELECT (seen.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
    WHERE
        seen.user_id = $1 AND seen.metric IN ('impressions', 'views') AND seen.period = 'day'
        AND seen.end_time >= $2::date::timestamp AT TIME ZONE 'UTC'
        AND seen.end_time < ($3::date + 3)::timestamp AT TIME ZONE 'UTC'
    ORDER BY meta.day, seen.value IS NULL, seen.metric DESC, seen.end_time DESC
)
SELECT day.d::date AS day, held.metric,
    held.value AS impressions, held.absence::text AS impressions_absence, held.source::text AS impressions_source,
    held.observed_at AS impressions_at,
    growth.value_now AS window_impressions, growth.absence AS window_impressions_absence, growth.skipped_days,
    growth.growth, growth.absence AS growth_absence
FROM GENERATE_SERIES($2::date, $3::date, INTERVAL '1 day') AS day (d)
LEFT JOIN held ON held.day = day.d::date
LEFT JOIN toba_cek_insta.user_insight_impressions_growth AS growth
    ON growth.user_id = $1 AND growth.timeframe = $4 AND growth.date_stamp = day.d::date
ORDER BY day.d";

/// How often something of the account was seen, ads included.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct ImpressionsDay {
    /// Meta's day.
    pub(crate) day: Date,
    /// `views`, or `impressions` where only these are known: the two do not compare.
    #[schema(required = true)]
    pub(crate) metric: Option<String>,
    /// On the day.
    pub(crate) impressions: Count,
    /// Sum of the timeframe that ends with the day.
    pub(crate) window_impressions: Count,
    /// Days of the timeframe without a figure; they are not in the sum.
    #[schema(required = true)]
    pub(crate) skipped_days: Option<i32>,
    /// Growth of the sum against the timeframe before.
    pub(crate) growth: Ratio,
}

impl FromRow<'_, PgRow> for ImpressionsDay {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            day: day(row, "day")?,
            metric: row.try_get("metric")?,
            impressions: Count::read(row, "impressions")?,
            window_impressions: Count::of(row, "window_impressions", NO_DATA)?,
            skipped_days: row.try_get("skipped_days")?,
            growth: Ratio::of(row, "growth")?,
        })
    }
}

impl CsvRow for ImpressionsDay {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("day", Some(self.day));
        cells.plain("metric", self.metric.as_deref());
        cells.reading("impressions", &self.impressions);
        cells.count("window_impressions", &self.window_impressions);
        cells.plain("skipped_days", self.skipped_days);
        cells.ratio("growth", &self.growth);
    }
}

/// A row for every day of the range.
pub(crate) async fn days(
    pool: &PgPool,
    account: &str,
    days: Days,
    timeframe: Timeframe,
) -> Result<Vec<ImpressionsDay>, sqlx::Error> {
    let query = sqlx::query_as(DAYS).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
    query.bind(timeframe.days()).fetch_all(pool).await
}
