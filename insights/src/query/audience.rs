//! Who follows an account: the newest lists by country, city, gender and age.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::some_instant;
use crate::figure::{Count, Ratio};
use crate::iso::Iso;
use crate::table::{Cells, CsvRow};

/// The newest list up to a day that says something; where there is none, the newest that says why not.
const COUNTRIES: &str = "
SELECT 'country' AS dimension, country_code AS name, NULL::text AS detail, value AS followers,
    absence::text AS followers_absence, source::text AS followers_source, observed_at AS followers_at,
    timeframe, end_time
FROM instagram.user_insight_audience_country AS held
WHERE
    user_id = $1
    AND (timeframe, end_time) = (
        SELECT timeframe, end_time FROM instagram.user_insight_audience_country
        WHERE user_id = $1 AND end_time < ($2::date + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
        ORDER BY value IS NULL, end_time DESC, timeframe LIMIT 1
    )
ORDER BY value DESC NULLS LAST, country_code";

const CITIES: &str = "
SELECT 'city' AS dimension, city AS name, NULLIF(province, '') AS detail, value AS followers,
    absence::text AS followers_absence, source::text AS followers_source, observed_at AS followers_at,
    timeframe, end_time
FROM instagram.user_insight_audience_city AS held
WHERE
    user_id = $1
    AND (timeframe, end_time) = (
        SELECT timeframe, end_time FROM instagram.user_insight_audience_city
        WHERE user_id = $1 AND end_time < ($2::date + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
        ORDER BY value IS NULL, end_time DESC, timeframe LIMIT 1
    )
ORDER BY value DESC NULLS LAST, city, province";

const GENDERS_AND_AGES: &str = "
SELECT 'gender_age' AS dimension, gender AS name, age AS detail, value AS followers,
    absence::text AS followers_absence, source::text AS followers_source, observed_at AS followers_at,
    timeframe, end_time
FROM instagram.user_insight_audience_gender_age AS held
WHERE
    user_id = $1
    AND (timeframe, end_time) = (
        SELECT timeframe, end_time FROM instagram.user_insight_audience_gender_age
        WHERE user_id = $1 AND end_time < ($2::date + 2)::timestamp AT TIME ZONE 'America/Los_Angeles'
        ORDER BY value IS NULL, end_time DESC, timeframe LIMIT 1
    )
ORDER BY gender, age";

/// Followers in one part of the audience.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct AudiencePart {
    /// country, city or gender_age.
    pub(crate) dimension: String,
    /// Country code, city, or gender (M, F, or U where not stated).
    pub(crate) name: String,
    /// The city's province, or the age range.
    #[schema(required = true)]
    pub(crate) detail: Option<String>,
    pub(crate) followers: Count,
    /// Share of the followers in the list, which is shorter than the whole.
    pub(crate) share: Ratio,
    /// Time frame that was asked for, as Meta names it.
    pub(crate) timeframe: String,
    /// End of the last closed day of Meta that the list is of.
    #[schema(required = true)]
    pub(crate) end_time: Option<Iso>,
}

impl FromRow<'_, PgRow> for AudiencePart {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            dimension: row.try_get("dimension")?,
            name: row.try_get("name")?,
            detail: row.try_get("detail")?,
            followers: Count::read(row, "followers")?,
            share: Ratio::default(),
            timeframe: row.try_get("timeframe")?,
            end_time: some_instant(row, "end_time")?,
        })
    }
}

impl CsvRow for AudiencePart {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("dimension", Some(&self.dimension));
        cells.text("name", Some(&self.name));
        cells.text("detail", self.detail.as_deref());
        cells.reading("followers", &self.followers);
        cells.ratio("share", &self.share);
        cells.text("timeframe", Some(&self.timeframe));
        cells.plain("end_time", self.end_time);
    }
}

/// The audience. Meta tells only the 45 largest parts of a list, and none of fewer than 100 followers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Audience {
    pub(crate) countries: Vec<AudiencePart>,
    pub(crate) cities: Vec<AudiencePart>,
    pub(crate) genders_and_ages: Vec<AudiencePart>,
}

/// The newest lists up to a day of Meta.
pub(crate) async fn latest(pool: &PgPool, account: &str, on: Date) -> Result<Audience, sqlx::Error> {
    Ok(Audience {
        countries: list(pool, COUNTRIES, account, on).await?,
        cities: list(pool, CITIES, account, on).await?,
        genders_and_ages: list(pool, GENDERS_AND_AGES, account, on).await?,
    })
}

async fn list(
    pool: &PgPool,
    statement: &'static str,
    account: &str,
    on: Date,
) -> Result<Vec<AudiencePart>, sqlx::Error> {
    let parts = sqlx::query_as(statement).bind(account).bind(on.to_sqlx()).fetch_all(pool).await?;
    Ok(with_shares(parts))
}

fn with_shares(mut parts: Vec<AudiencePart>) -> Vec<AudiencePart> {
    let sum: i64 = parts.iter().filter_map(|part| part.followers.value).sum();
    let whole = Count::computed(Some(sum), crate::figure::NO_DATA);
    for part in &mut parts {
        part.share = Ratio::share(part.followers, whole);
    }
    parts
}
