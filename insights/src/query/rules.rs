//! Rules of alerts: which figure of an account people want to be told of, and what it is now.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::some_instant;
use crate::figure::{NO_DATA, Ratio};
use crate::iso::Iso;
use crate::range::{Timeframe, in_days};

const LIST: &str = "
SELECT id, name, metric, measure, direction, threshold, timeframe, created_at
FROM pipeline.alert_rule
WHERE account_id = $1
ORDER BY id";

const CREATE: &str = "
INSERT INTO pipeline.alert_rule
    (account_id, name, metric, measure, direction, threshold, timeframe, created_at, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id, name, metric, measure, direction, threshold, timeframe, created_at";

const DELETE: &str = "
DELETE FROM pipeline.alert_rule
WHERE account_id = $1 AND id = $2";

/// The figure of a rule as the workers see it, so that what is shown is what is told.
const FIGURE: &str = "
SELECT
    CASE $3 WHEN 'value' THEN figure.value WHEN 'growth' THEN figure.growth ELSE figure.usual END AS current,
    CASE WHEN figure.value IS NULL THEN figure.absence END AS current_absence
FROM pipeline.account_figure($1, $2, $4, $5) AS figure";

/// A rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Rule {
    /// By which it is deleted.
    pub(crate) id: i64,
    pub(crate) name: String,
    /// followers, reach, views, engagement, negative_comments, negative_comments_today, token_at_risk (1 or 0) or
    /// stories_at_risk.
    pub(crate) metric: String,
    /// value, growth against the timeframe before, or usual: the change against what is usual.
    pub(crate) measure: String,
    /// above or below.
    pub(crate) direction: String,
    pub(crate) threshold: f64,
    /// Days that the figure is of: 7 or 28.
    #[serde(serialize_with = "in_days")]
    #[schema(value_type = i32)]
    pub(crate) timeframe: Timeframe,
    #[schema(required = true)]
    pub(crate) created_at: Option<Iso>,
}

impl FromRow<'_, PgRow> for Rule {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            metric: row.try_get("metric")?,
            measure: row.try_get("measure")?,
            direction: row.try_get("direction")?,
            threshold: row.try_get("threshold")?,
            timeframe: Timeframe::of_days(row.try_get("timeframe")?),
            created_at: some_instant(row, "created_at")?,
        })
    }
}

/// A rule to be stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRule<'a> {
    pub(crate) account: &'a str,
    pub(crate) name: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) measure: &'a str,
    pub(crate) direction: &'a str,
    pub(crate) threshold: f64,
    pub(crate) timeframe: Timeframe,
    pub(crate) key_id: &'a str,
}

/// The rules of an account, oldest first.
pub(crate) async fn list(pool: &PgPool, account: &str) -> Result<Vec<Rule>, sqlx::Error> {
    sqlx::query_as(LIST).bind(account).fetch_all(pool).await
}

/// Stores a rule.
pub(crate) async fn create(pool: &PgPool, rule: NewRule<'_>, now: Timestamp) -> Result<Rule, sqlx::Error> {
    sqlx::query_as(CREATE)
        .bind(rule.account)
        .bind(rule.name)
        .bind(rule.metric)
        .bind(rule.measure)
        .bind(rule.direction)
        .bind(rule.threshold)
        .bind(rule.timeframe.days())
        .bind(now.to_sqlx())
        .bind(rule.key_id)
        .fetch_one(pool)
        .await
}

/// Deletes a rule; `false` where the account has no such rule.
pub(crate) async fn delete(pool: &PgPool, account: &str, id: i64) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query(DELETE).bind(account).bind(id).execute(pool).await?.rows_affected() > 0)
}

/// The figure of a rule now, or its change.
pub(crate) async fn figure(
    pool: &PgPool,
    account: &str,
    rule: &Rule,
    now: Timestamp,
) -> Result<Ratio, sqlx::Error> {
    let query = sqlx::query(FIGURE)
        .bind(account)
        .bind(&rule.metric)
        .bind(&rule.measure)
        .bind(rule.timeframe.days())
        .bind(now.to_sqlx());
    let row = query.fetch_optional(pool).await?;
    row.map_or(Ok(Ratio::computed(None, NO_DATA)), |row| Ratio::of(&row, "current"))
}
