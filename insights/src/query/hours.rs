//! When an account's followers are online: by hour, by weekday and hour, and in a sentence.

use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::some_instant;
use crate::iso::Iso;
use crate::range::{Days, Timeframe};
use crate::table::{Cells, CsvRow};

/// The newest window of the length asked for.
const MEANS: &str = "
SELECT held.hours AS hour, held.val AS online, held.day_count, held.date_range
FROM toba_cek_insta.user_insight_follower_online AS held
WHERE
    held.user_id = $1
    AND SPLIT_PART(held.date_range, '/', 2)::date - SPLIT_PART(held.date_range, '/', 1)::date + 1 = $2
ORDER BY SPLIT_PART(held.date_range, '/', 2) DESC, held.hours
LIMIT 24";

/// Meta numbers hours in a zone that it does not document: taken as UTC-7, as the analytics take it.
const HEAT: &str = "
WITH figure AS (
    SELECT DISTINCT ON (meta.day, held.hour)
        (meta.day::timestamp + (held.hour + 7) * INTERVAL '1 hour') AT TIME ZONE 'UTC' AS start, held.value
    FROM instagram.user_insight_online_follower AS held
    CROSS JOIN LATERAL (SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
    WHERE
        held.user_id = $1 AND held.hour BETWEEN 0 AND 23
        AND held.end_time >= ($2::date - 1)::timestamp AT TIME ZONE 'UTC'
        AND held.end_time < ($3::date + 4)::timestamp AT TIME ZONE 'UTC'
    ORDER BY meta.day, held.hour, held.value IS NULL, held.end_time DESC
)
SELECT EXTRACT(ISODOW FROM local.start)::int AS weekday, EXTRACT(HOUR FROM local.start)::int AS hour,
    ROUND(AVG(figure.value))::bigint AS online, COUNT(*)::int AS day_count
FROM figure
CROSS JOIN LATERAL (SELECT figure.start AT TIME ZONE $4 AS start) AS local
WHERE figure.value IS NOT NULL AND local.start::date BETWEEN $2 AND $3
GROUP BY 1, 2
ORDER BY 1, 2";

const WORDS: &str = "
SELECT DISTINCT ON (lang, highlight_type) lang, highlight_type, highlight_wording
FROM toba_cek_insta.user_insight_follower_online_wording
WHERE user_id = $1
ORDER BY lang, highlight_type, date_range DESC";

const MOST_ACTIVE: &str = "
SELECT waktu_paling_aktif AS at, value_paling_aktif AS online
FROM toba_cek_insta.user_insight_most_active_time
WHERE user_id = $1";

/// Followers online in one hour of the day.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct HourMean {
    /// Hour of the account's local day, 0 to 23.
    pub(crate) hour: i32,
    /// Mean of the days with a figure.
    pub(crate) online: i64,
    /// Figures that the mean is of.
    pub(crate) day_count: i32,
}

/// Followers online in one hour of one weekday.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema, FromRow)]
pub(crate) struct HourOfWeek {
    /// 1 is Monday, 7 is Sunday.
    pub(crate) weekday: i32,
    /// Hour of the account's local day, 0 to 23.
    pub(crate) hour: i32,
    /// Mean of the days with a figure.
    pub(crate) online: i64,
    /// Figures that the mean is of.
    pub(crate) day_count: i32,
}

/// A sentence about the best or the quiet hours.
#[derive(Debug, Clone, Serialize, ToSchema, FromRow)]
pub(crate) struct HoursInWords {
    /// id or en.
    #[sqlx(rename = "lang")]
    pub(crate) language: String,
    /// best_hours or quiet_hours.
    #[sqlx(rename = "highlight_type")]
    pub(crate) kind: String,
    #[sqlx(rename = "highlight_wording")]
    pub(crate) text: String,
}

/// The best hour of the last day with figures.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MostActive {
    /// When it began.
    #[schema(required = true)]
    pub(crate) at: Option<Iso>,
    pub(crate) online: i64,
}

/// When followers are online. Hours without a figure are left out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HoursOnline {
    /// The days that `hours` is of, as an ISO 8601 interval; null where nothing is known.
    #[schema(required = true)]
    pub(crate) window: Option<String>,
    pub(crate) hours: Vec<HourMean>,
    /// By weekday and hour, over the days of the range.
    pub(crate) week: Vec<HourOfWeek>,
    pub(crate) words: Vec<HoursInWords>,
    #[schema(required = true)]
    pub(crate) most_active: Option<MostActive>,
    /// Why `hours` is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) absence: Option<&'static str>,
}

impl CsvRow for HourOfWeek {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("weekday", Some(self.weekday));
        cells.plain("hour", Some(self.hour));
        cells.plain("online", Some(self.online));
        cells.plain("day_count", Some(self.day_count));
    }
}

impl MostActive {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { at: some_instant(row, "at")?, online: row.try_get("online")? })
    }
}

/// The means of each hour of each weekday, over the days of the range.
pub(crate) async fn week(
    pool: &PgPool,
    account: &str,
    timezone: &str,
    days: Days,
) -> Result<Vec<HourOfWeek>, sqlx::Error> {
    let query = sqlx::query_as(HEAT).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
    query.bind(timezone).fetch_all(pool).await
}

/// When followers are online: the means of the newest window, and the week over the days of the range.
pub(crate) async fn best(
    pool: &PgPool,
    account: &str,
    timezone: &str,
    days: Days,
    timeframe: Timeframe,
) -> Result<HoursOnline, sqlx::Error> {
    let rows = sqlx::query(MEANS).bind(account).bind(timeframe.days()).fetch_all(pool).await?;
    let window: Option<String> = rows.first().map(|row| row.try_get("date_range")).transpose()?;
    let mut hours = Vec::with_capacity(rows.len());
    for row in &rows {
        // An older window may lie behind one with fewer hours.
        if window == Some(row.try_get("date_range")?) {
            hours.push(HourMean {
                hour: row.try_get("hour")?,
                online: row.try_get("online")?,
                day_count: row.try_get("day_count")?,
            });
        }
    }
    let week = week(pool, account, timezone, days).await?;
    let words = sqlx::query_as(WORDS).bind(account).fetch_all(pool).await?;
    let most_active = sqlx::query(MOST_ACTIVE).bind(account).fetch_optional(pool).await?;
    let most_active = most_active.as_ref().map(MostActive::read).transpose()?;
    let absence = hours.is_empty().then_some(crate::figure::NO_DATA);
    Ok(HoursOnline { window, hours, week, words, most_active, absence })
}
