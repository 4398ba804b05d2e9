//! Rows of `instagram.media_insight`: one figure of one medium on one day, merged so that the order of
//! arrival does not matter.

use cekbrand_schema::{Figure, Observation, Source};
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// The key of an insight row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InsightKey {
    /// The medium.
    pub media_id: String,
    /// The metric's name, lower case.
    pub metric: String,
    /// The breakdown's value; empty for the whole.
    pub breakdown: String,
    /// The UTC day on which it was observed.
    pub datestamp: Date,
}

impl InsightKey {
    /// The key of a figure without a breakdown, observed at an instant.
    pub fn plain(media_id: &str, metric: &str, observed_at: Timestamp) -> Self {
        Self::part(media_id, metric, "", observed_at)
    }

    /// The key of one part of a breakdown.
    pub fn part(media_id: &str, metric: &str, breakdown: &str, observed_at: Timestamp) -> Self {
        Self {
            media_id: media_id.to_owned(),
            metric: metric.to_owned(),
            breakdown: breakdown.to_owned(),
            datestamp: observed_at.to_zoned(TimeZone::UTC).date(),
        }
    }

    /// `<media>/<metric>/<breakdown>/<datestamp>`, the row's published id.
    pub fn id(&self) -> String {
        let Self { media_id, metric, breakdown, datestamp } = self;
        format!("{media_id}/{metric}/{breakdown}/{datestamp}")
    }
}

/// What an insight row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsightRow {
    /// The number, or why there is none.
    pub figure: Figure,
    /// How it was observed.
    pub source: Source,
    /// When.
    pub observed_at: Timestamp,
    /// The Graph API's version, where it was read there.
    pub api_version: Option<String>,
    /// The API's own id of the figure.
    pub api_id: Option<String>,
}

impl InsightRow {
    /// Keeps the better of two observations of one key.
    pub fn merge(&mut self, other: &Self) {
        let (mine, theirs) = (self.observation(), other.observation());
        if mine != theirs && mine.merge(theirs) == theirs {
            self.clone_from(other);
        }
    }

    fn observation(&self) -> Observation {
        // As exact as the database keeps it: what it cannot tell apart must not be told apart here.
        let kept = Timestamp::from_microsecond(self.observed_at.as_microsecond());
        let observed_at = kept.unwrap_or(self.observed_at);
        Observation { figure: self.figure, observed_at, source: self.source }
    }
}

/// The rule of [`Observation::merge`] in SQL: the tuples compare as its rank does. A row is written only
/// where that makes a difference.
const UPSERT: &str = "
    INSERT INTO instagram.media_insight AS held
        (id, media_id, metric, breakdown, datestamp, value, absence, source, observed_at, api_version, api_id, updated_timestamp)
    SELECT id, media_id, metric, breakdown, datestamp, value, absence, source, observed_at, api_version, api_id, $12
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::numeric[], $7::text[], $8::text[],
                $9::timestamptz[], $10::text[], $11::text[])
        AS given (id, media_id, metric, breakdown, datestamp, value, absence, source, observed_at, api_version, api_id)
    ORDER BY media_id, metric, breakdown, datestamp
    ON CONFLICT (media_id, metric, breakdown, datestamp) DO UPDATE SET
        value = excluded.value, absence = excluded.absence, source = excluded.source, observed_at = excluded.observed_at,
        api_version = excluded.api_version, api_id = excluded.api_id, updated_timestamp = excluded.updated_timestamp
    WHERE (excluded.value IS NOT NULL,
           coalesce(array_position($13::text[], excluded.absence), 0),
           excluded.observed_at,
           array_position($14::text[], excluded.source),
           coalesce(excluded.value, 0))
        > (held.value IS NOT NULL,
           coalesce(array_position($13::text[], held.absence), 0),
           held.observed_at,
           array_position($14::text[], held.source),
           coalesce(held.value, 0))
       OR ($15 AND held.observed_at = excluded.observed_at AND held.source = excluded.source
           AND (held.value, held.absence, held.api_version, held.api_id)
               IS DISTINCT FROM (excluded.value, excluded.absence, excluded.api_version, excluded.api_id))";

/// Writes insight rows; keys must be distinct. Returns how many rows changed.
///
/// # Errors
///
/// The database's.
pub async fn upsert<'a>(
    conn: &mut PgConnection,
    rows: impl Iterator<Item = (&'a InsightKey, &'a InsightRow)> + Clone,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    write(conn, rows, false, now).await
}

/// The same for rows that are made again: of the very same observation, what is given is right and what is
/// held is corrected.
///
/// # Errors
///
/// The database's.
pub async fn mend<'a>(
    conn: &mut PgConnection,
    rows: impl Iterator<Item = (&'a InsightKey, &'a InsightRow)> + Clone,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    write(conn, rows, true, now).await
}

async fn write<'a>(
    conn: &mut PgConnection,
    rows: impl Iterator<Item = (&'a InsightKey, &'a InsightRow)> + Clone,
    mends: bool,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let ids: Vec<String> = rows.clone().map(|(key, _)| key.id()).collect();
    if ids.is_empty() {
        return Ok(0);
    }
    let keys = || rows.clone().map(|(key, _)| key);
    let held = || rows.clone().map(|(_, row)| row);
    let absences = cekbrand_schema::Absence::ALL.map(cekbrand_schema::Absence::as_str);
    let sources = [Source::Backfill, Source::Poll, Source::Webhook].map(Source::as_str);
    let done = sqlx::query(UPSERT)
        .bind(ids)
        .bind(keys().map(|key| key.media_id.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.metric.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.breakdown.as_str()).collect::<Vec<_>>())
        .bind(keys().map(|key| key.datestamp.to_sqlx()).collect::<Vec<_>>())
        .bind(held().map(|row| row.figure.value()).collect::<Vec<_>>())
        .bind(
            held().map(|row| row.figure.absence().map(cekbrand_schema::Absence::as_str)).collect::<Vec<_>>(),
        )
        .bind(held().map(|row| row.source.as_str()).collect::<Vec<_>>())
        .bind(held().map(|row| row.observed_at.to_sqlx()).collect::<Vec<_>>())
        .bind(held().map(|row| row.api_version.as_deref()).collect::<Vec<_>>())
        .bind(held().map(|row| row.api_id.as_deref()).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .bind(absences.as_slice())
        .bind(sources.as_slice())
        .bind(mends)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}
