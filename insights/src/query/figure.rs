//! `instagram.media_insight`: the figures of one medium.

use std::collections::BTreeMap;

use cekbrand_schema::{Absence, Decimal, Figure, MediaId, Observation, Source};
use jiff::Timestamp;
use sqlx::PgPool;

use super::unknown_word;

/// Of each metric the newest value and the newest absence.
const LATEST: &str = "
SELECT DISTINCT ON (metric, value IS NULL) metric, value, absence, source, observed_at
FROM instagram.media_insight
WHERE media_id = $1 AND breakdown = ''
ORDER BY metric, value IS NULL, datestamp DESC";

/// The same for each part of one metric.
const LATEST_PARTS: &str = "
SELECT DISTINCT ON (breakdown, value IS NULL) breakdown, value, absence, source, observed_at
FROM instagram.media_insight
WHERE media_id = $1 AND metric = $2 AND breakdown <> ''
ORDER BY breakdown, value IS NULL, datestamp DESC";

/// What is known of one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// The newest value; where there never was one, the newest absence.
    pub(crate) observation: Observation,
    /// An absence that was seen after that value: the value is what was last known.
    pub(crate) absent_since: Option<LaterAbsence>,
}

/// That there is no figure any more, and when that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LaterAbsence {
    pub(crate) absence: Absence,
    pub(crate) observed_at: Timestamp,
}

impl Known {
    fn new(observation: Observation) -> Self {
        Self { observation, absent_since: None }
    }

    /// Adds the other one of the two rows that a figure may have.
    fn and(self, other: Observation) -> Self {
        let (value, absent) = if other.figure.value().is_some() {
            (other, self.observation)
        } else {
            (self.observation, other)
        };
        let later = |absence| LaterAbsence { absence, observed_at: absent.observed_at };
        Self {
            observation: value,
            absent_since: absent
                .figure
                .absence()
                .filter(|_| absent.observed_at > value.observed_at)
                .map(later),
        }
    }
}

/// The figures of a medium by metric; empty where none was collected.
pub(crate) async fn latest(pool: &PgPool, media: &MediaId) -> Result<BTreeMap<String, Known>, sqlx::Error> {
    let rows = sqlx::query_as(LATEST).bind(media.as_str()).fetch_all(pool).await?;
    by_name(rows)
}

/// The parts of one metric of a medium, by part.
pub(crate) async fn latest_parts(
    pool: &PgPool,
    media: &MediaId,
    metric: &str,
) -> Result<BTreeMap<String, Known>, sqlx::Error> {
    let rows = sqlx::query_as(LATEST_PARTS).bind(media.as_str()).bind(metric).fetch_all(pool).await?;
    by_name(rows)
}

type Row = (String, Option<Decimal>, Option<String>, String, jiff_sqlx::Timestamp);

fn by_name(rows: Vec<Row>) -> Result<BTreeMap<String, Known>, sqlx::Error> {
    let mut figures: BTreeMap<String, Known> = BTreeMap::new();
    for (name, value, absence, source, observed_at) in rows {
        let observation = Observation {
            figure: figure(value, absence)?,
            observed_at: observed_at.to_jiff(),
            source: read_source(&source)?,
        };
        let known =
            figures.get(&name).map_or_else(|| Known::new(observation), |known| known.and(observation));
        figures.insert(name, known);
    }
    Ok(figures)
}

fn figure(value: Option<Decimal>, absence: Option<String>) -> Result<Figure, sqlx::Error> {
    if let Some(value) = value {
        return Ok(Figure::Value(value));
    }
    let word = absence.unwrap_or_default();
    let absence: Absence = word.parse().map_err(|_| unknown_word("absence", &word))?;
    Ok(Figure::Absent(absence))
}

fn read_source(word: &str) -> Result<Source, sqlx::Error> {
    [Source::Webhook, Source::Poll, Source::Backfill]
        .into_iter()
        .find(|source| source.as_str() == word)
        .ok_or_else(|| unknown_word("source", word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(figure: Figure, second: i64) -> Observation {
        Observation { figure, observed_at: Timestamp::from_second(second).unwrap(), source: Source::Poll }
    }

    #[test]
    fn a_value_outlives_a_later_absence_which_is_told() {
        let (value, lost) = (Figure::count(500), Figure::Absent(Absence::Lost));
        let late = Some(LaterAbsence { absence: Absence::Lost, observed_at: seen(lost, 9).observed_at });
        for (first, second, absent_since) in [
            (seen(value, 5), seen(lost, 9), late),
            (seen(lost, 9), seen(value, 5), late),
            (seen(lost, 1), seen(value, 5), None),
        ] {
            let known = Known::new(first).and(second);
            assert_eq!(known, Known { observation: seen(value, 5), absent_since });
        }
    }

    #[test]
    fn a_row_with_neither_value_nor_known_reason_is_an_error() {
        assert_eq!(figure(Some(Decimal::ZERO), None).unwrap(), Figure::count(0));
        assert_eq!(figure(None, Some("hidden".to_owned())).unwrap(), Figure::Absent(Absence::Hidden));
        assert!(figure(None, None).is_err() && figure(None, Some("zero".to_owned())).is_err());
        assert!(read_source("guess").is_err());
    }
}
