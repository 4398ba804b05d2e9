//! Rows as the workers would have written them.

use anyhow::Result;
use cekbrand_schema::{Absence, Figure, Source};
use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;

const MEDIUM: &str = "
INSERT INTO instagram.media (id, user_id, media_product_type, first_seen_at)
VALUES ($1, $2, $3, $4)";

const FIGURE: &str = "
INSERT INTO instagram.media_insight (id, media_id, metric, breakdown, value, absence, updated_timestamp, datestamp, source, observed_at)
VALUES (CONCAT_WS('/', $1, $2, $3, $8), $1, $2, $3, $4, $5, $6, $8, $7, $6)";

pub(crate) async fn medium(pool: &PgPool, id: &str, product: Option<&str>, at: Timestamp) -> Result<()> {
    sqlx::query(MEDIUM).bind(id).bind("1784").bind(product).bind(at.to_sqlx()).execute(pool).await?;
    Ok(())
}

/// One figure of a medium.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) metric: &'a str,
    pub(crate) breakdown: &'a str,
    pub(crate) figure: Figure,
    pub(crate) source: Source,
    pub(crate) observed_at: &'a str,
}

impl<'a> Row<'a> {
    /// A total that was polled.
    pub(crate) fn polled(metric: &'a str, figure: Figure, observed_at: &'a str) -> Self {
        Self { metric, breakdown: "", figure, source: Source::Poll, observed_at }
    }

    /// A total that was pushed.
    pub(crate) fn pushed(metric: &'a str, figure: Figure, observed_at: &'a str) -> Self {
        Self { source: Source::Webhook, ..Self::polled(metric, figure, observed_at) }
    }

    /// A part of it.
    pub(crate) fn part(self, breakdown: &'a str) -> Self {
        Self { breakdown, ..self }
    }
}

pub(crate) async fn figures(pool: &PgPool, media: &str, rows: &[Row<'_>]) -> Result<()> {
    for row in rows {
        let observed_at: Timestamp = row.observed_at.parse()?;
        let day = observed_at.to_zoned(TimeZone::UTC).date();
        sqlx::query(FIGURE)
            .bind(media)
            .bind(row.metric)
            .bind(row.breakdown)
            .bind(row.figure.value())
            .bind(row.figure.absence().map(Absence::as_str))
            .bind(observed_at.to_sqlx())
            .bind(row.source.as_str())
            .bind(day.to_sqlx())
            .execute(pool)
            .await?;
    }
    Ok(())
}
