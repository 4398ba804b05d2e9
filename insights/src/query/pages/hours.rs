//! How many followers are online, by weekday and hour of the account's own clock.

use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

use super::LocalDays;

/// Meta counts hours in a zone that it does not document: taken as UTC-7, as analytics do.
const HOURS: &str = "
WITH figure AS (
    SELECT DISTINCT ON (meta.day, held.hour)
        (meta.day::timestamp + (held.hour + 7) * interval '1 hour') AT TIME ZONE 'UTC' AS start, held.value
    FROM instagram.user_insight_online_follower AS held
    CROSS JOIN LATERAL (SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
    WHERE held.user_id = $1 AND meta.day BETWEEN $3::date - 1 AND $4
    ORDER BY meta.day, held.hour, held.value IS NULL, held.end_time DESC
)
SELECT
    extract(isodow FROM local.start)::int AS weekday,
    extract(hour FROM local.start)::int AS hour,
    avg(figure.value)::float8 AS mean,
    count(DISTINCT local.start::date)::int AS days
FROM figure
CROSS JOIN LATERAL (SELECT figure.start AT TIME ZONE $2 AS start) AS local
WHERE figure.value IS NOT NULL AND local.start::date BETWEEN $3 AND $4
GROUP BY 1, 2
ORDER BY 1, 2";

/// The mean of one hour of one weekday.
#[derive(Debug, Clone, Copy, FromRow)]
pub(crate) struct HourRow {
    /// Monday is 1.
    pub(crate) weekday: i32,
    pub(crate) hour: i32,
    pub(crate) mean: f64,
    /// Of how many days.
    pub(crate) days: i32,
}

/// Every hour with a figure.
pub(crate) async fn list(pool: &PgPool, days: LocalDays<'_>) -> Result<Vec<HourRow>, sqlx::Error> {
    sqlx::query_as(HOURS)
        .bind(days.account)
        .bind(days.timezone)
        .bind(days.from.to_sqlx())
        .bind(days.to.to_sqlx())
        .fetch_all(pool)
        .await
}
