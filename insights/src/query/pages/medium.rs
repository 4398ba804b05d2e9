//! One medium: what it is, and every figure of it on every day.

use sqlx::{FromRow, PgPool};

const MEDIUM: &str = r#"
SELECT
    medium.user_id,
    medium.media_product_type AS product,
    medium.media_type AS kind,
    medium.caption,
    medium."timestamp" AS at,
    medium.permalink,
    medium.deleted_at
FROM instagram.media AS medium
WHERE medium.id = $1 AND medium.user_id IS NOT NULL"#;

const HISTORY: &str = "
SELECT metric, datestamp AS day, value::float8 AS value, absence::text AS absence, source::text AS source, observed_at
FROM instagram.media_insight
WHERE media_id = $1 AND breakdown = ''
ORDER BY metric, datestamp";

/// A medium whose owner is known.
#[derive(Debug, FromRow)]
pub(crate) struct MediumRow {
    pub(crate) user_id: String,
    pub(crate) product: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) caption: Option<String>,
    pub(crate) at: Option<jiff_sqlx::Timestamp>,
    pub(crate) permalink: Option<String>,
    pub(crate) deleted_at: Option<jiff_sqlx::Timestamp>,
}

/// A figure as it was observed on a day.
#[derive(Debug, FromRow)]
pub(crate) struct FigureRow {
    pub(crate) metric: String,
    pub(crate) day: jiff_sqlx::Date,
    pub(crate) value: Option<f64>,
    pub(crate) absence: Option<String>,
    pub(crate) source: String,
    pub(crate) observed_at: jiff_sqlx::Timestamp,
}

pub(crate) async fn find(pool: &PgPool, id: &str) -> Result<Option<MediumRow>, sqlx::Error> {
    sqlx::query_as(MEDIUM).bind(id).fetch_optional(pool).await
}

/// By metric, then by day.
pub(crate) async fn history(pool: &PgPool, id: &str) -> Result<Vec<FigureRow>, sqlx::Error> {
    sqlx::query_as(HISTORY).bind(id).fetch_all(pool).await
}
