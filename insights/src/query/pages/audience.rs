//! Who follows an account: the newest answer of each kind.

use sqlx::{FromRow, PgPool};

const COUNTRIES: &str = "
WITH newest AS (
    SELECT end_time, timeframe
    FROM instagram.user_insight_audience_country
    WHERE user_id = $1
    ORDER BY value IS NULL, end_time DESC, timeframe
    LIMIT 1
)
SELECT held.country_code AS name, '' AS part, held.value, held.absence::text AS absence, held.end_time
FROM instagram.user_insight_audience_country AS held
INNER JOIN newest ON newest.end_time = held.end_time AND newest.timeframe = held.timeframe
WHERE held.user_id = $1
ORDER BY held.value DESC NULLS LAST, held.country_code
LIMIT 8";

const CITIES: &str = "
WITH newest AS (
    SELECT end_time, timeframe
    FROM instagram.user_insight_audience_city
    WHERE user_id = $1
    ORDER BY value IS NULL, end_time DESC, timeframe
    LIMIT 1
)
SELECT held.city AS name, held.province AS part, held.value, held.absence::text AS absence, held.end_time
FROM instagram.user_insight_audience_city AS held
INNER JOIN newest ON newest.end_time = held.end_time AND newest.timeframe = held.timeframe
WHERE held.user_id = $1
ORDER BY held.value DESC NULLS LAST, held.city
LIMIT 8";

const AGES: &str = "
WITH newest AS (
    SELECT end_time, timeframe
    FROM instagram.user_insight_audience_gender_age
    WHERE user_id = $1
    ORDER BY value IS NULL, end_time DESC, timeframe
    LIMIT 1
)
SELECT held.age AS name, held.gender AS part, held.value, held.absence::text AS absence, held.end_time
FROM instagram.user_insight_audience_gender_age AS held
INNER JOIN newest ON newest.end_time = held.end_time AND newest.timeframe = held.timeframe
WHERE held.user_id = $1
ORDER BY held.age, held.gender";

/// A group of followers.
#[derive(Debug, FromRow)]
pub(crate) struct GroupRow {
    /// Country code, city, or range of ages.
    pub(crate) name: String,
    /// Province, or M, F, U.
    pub(crate) part: String,
    pub(crate) value: Option<i64>,
    pub(crate) absence: Option<String>,
    pub(crate) end_time: jiff_sqlx::Timestamp,
}

/// Followers three ways.
#[derive(Debug)]
pub(crate) struct Audience {
    pub(crate) countries: Vec<GroupRow>,
    pub(crate) cities: Vec<GroupRow>,
    pub(crate) ages: Vec<GroupRow>,
}

pub(crate) async fn read(pool: &PgPool, account: &str) -> Result<Audience, sqlx::Error> {
    Ok(Audience {
        countries: sqlx::query_as(COUNTRIES).bind(account).fetch_all(pool).await?,
        cities: sqlx::query_as(CITIES).bind(account).fetch_all(pool).await?,
        ages: sqlx::query_as(AGES).bind(account).fetch_all(pool).await?,
    })
}
