//! Figures of accounts by day: of many accounts at once, for the portfolio, or of one.
//!
//! Daily figures from Meta carry Meta's day; our own counts the account's local day.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

const FOLLOWERS: &str = "
SELECT user_id, datestamp AS day, followers_count::float8 AS value, absence ->> 'followers_count' AS absence
FROM instagram.user_data
WHERE user_id = ANY($1) AND datestamp BETWEEN $2 AND $3
ORDER BY user_id, datestamp";

/// `$4`: day, week or days_28. Of two answers about a day the one with a figure counts, then the later.
const REACH: &str = "
SELECT DISTINCT ON (held.user_id, meta.day)
    held.user_id, meta.day, held.value::float8 AS value, held.absence::text AS absence
FROM instagram.user_insight_reach AS held
CROSS JOIN LATERAL (SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
WHERE held.user_id = ANY($1) AND held.period = $4 AND meta.day BETWEEN $2 AND $3
ORDER BY held.user_id, meta.day, held.value IS NULL, held.end_time DESC";

const VIEWS: &str = "
SELECT DISTINCT ON (held.user_id, meta.day)
    held.user_id, meta.day, held.value::float8 AS value, held.absence::text AS absence
FROM instagram.user_insight_impressions AS held
CROSS JOIN LATERAL (SELECT (held.end_time AT TIME ZONE 'America/Los_Angeles')::date - 1 AS day) AS meta
WHERE
    held.user_id = ANY($1) AND held.metric = 'views' AND held.period = 'day'
    AND meta.day BETWEEN $2 AND $3
ORDER BY held.user_id, meta.day, held.value IS NULL, held.end_time DESC";

/// `$4`: of the media of so many days up to each day.
const ENGAGEMENT: &str = "
SELECT user_id, datestamp AS day, engagement::float8 AS value, absence ->> 'engagement' AS absence
FROM toba_cek_insta.user_insight_engagement
WHERE user_id = ANY($1) AND timeframe = $4 AND datestamp BETWEEN $2 AND $3
ORDER BY user_id, datestamp";

const SENTIMENT: &str = "
SELECT user_id, day, pos, neu, neg
FROM toba_cek_insta.sentiment_delta
WHERE user_id = ANY($1) AND day BETWEEN $2 AND $3
ORDER BY user_id, day";

/// A story is saved once a figure of it is stored, and lost where its 24 hours (`$4`: now) passed without.
const STORIES: &str = r#"
SELECT
    medium.user_id,
    local.day,
    count(*) AS published,
    count(*) FILTER (WHERE known.is_saved) AS saved,
    count(*) FILTER (WHERE NOT known.is_saved AND medium."timestamp" <= $4::timestamptz - interval '24 hours') AS lost
FROM instagram.media AS medium
LEFT JOIN instagram."user" AS owner ON owner.id = medium.user_id
CROSS JOIN LATERAL (
    SELECT (medium."timestamp" AT TIME ZONE coalesce(owner.timezone, 'UTC'))::date AS day
) AS local
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM instagram.media_insight AS held
        WHERE held.media_id = medium.id AND held.value IS NOT NULL
    ) AS is_saved
) AS known
WHERE
    medium.user_id = ANY($1) AND medium.media_product_type = 'STORY' AND medium.parent_id IS NULL
    AND medium."timestamp" >= ($2::date - 1)::timestamp AT TIME ZONE 'UTC'
    AND local.day BETWEEN $2 AND $3
GROUP BY medium.user_id, local.day
ORDER BY medium.user_id, local.day"#;

/// Whose days, and which.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) accounts: &'a [String],
    pub(crate) from: Date,
    pub(crate) to: Date,
}

/// A figure of a day: a value, or the word for why there is none.
#[derive(Debug, FromRow)]
pub(crate) struct DayRow {
    pub(crate) user_id: String,
    day: jiff_sqlx::Date,
    pub(crate) value: Option<f64>,
    pub(crate) absence: Option<String>,
}

impl DayRow {
    pub(crate) fn day(&self) -> Date {
        self.day.to_jiff()
    }
}

/// What a day's comments felt; less than nothing where comments were deleted.
#[derive(Debug, FromRow)]
pub(crate) struct FeelingRow {
    pub(crate) user_id: String,
    day: jiff_sqlx::Date,
    pub(crate) pos: i64,
    pub(crate) neu: i64,
    pub(crate) neg: i64,
}

impl FeelingRow {
    pub(crate) fn day(&self) -> Date {
        self.day.to_jiff()
    }
}

/// What became of a day's stories.
#[derive(Debug, FromRow)]
pub(crate) struct StoriesRow {
    pub(crate) user_id: String,
    day: jiff_sqlx::Date,
    pub(crate) published: i64,
    pub(crate) saved: i64,
    pub(crate) lost: i64,
}

impl StoriesRow {
    pub(crate) fn day(&self) -> Date {
        self.day.to_jiff()
    }
}

pub(crate) async fn followers(pool: &PgPool, asked: Asked<'_>) -> Result<Vec<DayRow>, sqlx::Error> {
    rows(pool, FOLLOWERS, asked).await
}

/// Of `period` `day`, `week` or `days_28`.
pub(crate) async fn reach(pool: &PgPool, asked: Asked<'_>, period: &str) -> Result<Vec<DayRow>, sqlx::Error> {
    sqlx::query_as(REACH)
        .bind(asked.accounts)
        .bind(asked.from.to_sqlx())
        .bind(asked.to.to_sqlx())
        .bind(period)
        .fetch_all(pool)
        .await
}

pub(crate) async fn views(pool: &PgPool, asked: Asked<'_>) -> Result<Vec<DayRow>, sqlx::Error> {
    rows(pool, VIEWS, asked).await
}

/// Of the media of `timeframe` (7 or 28) days.
pub(crate) async fn engagement(
    pool: &PgPool,
    asked: Asked<'_>,
    timeframe: i32,
) -> Result<Vec<DayRow>, sqlx::Error> {
    sqlx::query_as(ENGAGEMENT)
        .bind(asked.accounts)
        .bind(asked.from.to_sqlx())
        .bind(asked.to.to_sqlx())
        .bind(timeframe)
        .fetch_all(pool)
        .await
}

pub(crate) async fn feelings(pool: &PgPool, asked: Asked<'_>) -> Result<Vec<FeelingRow>, sqlx::Error> {
    sqlx::query_as(SENTIMENT)
        .bind(asked.accounts)
        .bind(asked.from.to_sqlx())
        .bind(asked.to.to_sqlx())
        .fetch_all(pool)
        .await
}

pub(crate) async fn stories(
    pool: &PgPool,
    asked: Asked<'_>,
    now: Timestamp,
) -> Result<Vec<StoriesRow>, sqlx::Error> {
    sqlx::query_as(STORIES)
        .bind(asked.accounts)
        .bind(asked.from.to_sqlx())
        .bind(asked.to.to_sqlx())
        .bind(now.to_sqlx())
        .fetch_all(pool)
        .await
}

async fn rows(pool: &PgPool, statement: &'static str, asked: Asked<'_>) -> Result<Vec<DayRow>, sqlx::Error> {
    sqlx::query_as(statement)
        .bind(asked.accounts)
        .bind(asked.from.to_sqlx())
        .bind(asked.to.to_sqlx())
        .fetch_all(pool)
        .await
}
