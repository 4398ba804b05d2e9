//! Figures as answers hold them: a number with where it comes from, or null with the reason. Never an
//! invented 0.

use cekbrand_schema::{Absence, Source};
use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgRow;
use utoipa::ToSchema;

use crate::iso::Iso;
use crate::query::unknown_word;

/// Where nobody has read a figure so far; every other word is an [`Absence`].
pub(crate) const NOT_COLLECTED: &str = "not_collected";
/// Where nothing can be computed, because there is nothing to compute it from.
pub(crate) const NO_DATA: &str = "no_data";

/// A count, or why there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Count {
    /// The count; null where it is not known.
    #[schema(required = true)]
    pub(crate) value: Option<i64>,
    /// Why it is not known: `not_collected`, or a word of the closed list of absences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) absence: Option<&'static str>,
    /// How it was observed: webhook, poll or backfill; left out of what is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<&'static str>,
    /// When it was observed; left out of what is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) observed_at: Option<Iso>,
}

/// A growth, a rate or a share (0.05 is 5 %), or why there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
pub(crate) struct Ratio {
    /// The ratio; null where it is not known.
    #[schema(required = true)]
    pub(crate) value: Option<f64>,
    /// Why it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) absence: Option<&'static str>,
}

impl Count {
    /// A count that was computed; `absence` where there is none.
    pub(crate) fn computed(value: Option<i64>, absence: &'static str) -> Self {
        Self { value, absence: value.is_none().then_some(absence), source: None, observed_at: None }
    }

    /// A computed count in the columns `name` and `name_absence`; without a row, `missing`.
    pub(crate) fn of(row: &PgRow, name: &str, missing: &'static str) -> Result<Self, sqlx::Error> {
        let value: Option<i64> = row.try_get(name)?;
        Ok(Self::computed(value, absence(row, name)?.unwrap_or(missing)))
    }

    /// A count that was read, in the columns `name`, `name_absence`, `name_source` and `name_at`.
    pub(crate) fn read(row: &PgRow, name: &str) -> Result<Self, sqlx::Error> {
        let source: Option<String> = row.try_get(format!("{name}_source").as_str())?;
        let observed_at: Option<jiff_sqlx::Timestamp> = row.try_get(format!("{name}_at").as_str())?;
        Ok(Self {
            source: source.as_deref().map(source_word).transpose()?,
            observed_at: observed_at.map(Iso::from),
            ..Self::of(row, name, NOT_COLLECTED)?
        })
    }
}

impl Ratio {
    /// A ratio that was computed; `absence` where there is none.
    pub(crate) fn computed(value: Option<f64>, absence: &'static str) -> Self {
        let value = value.filter(|value| value.is_finite());
        Self { value, absence: value.is_none().then_some(absence) }
    }

    /// A ratio in the columns `name` and `name_absence`; without a row, `no_data`.
    pub(crate) fn of(row: &PgRow, name: &str) -> Result<Self, sqlx::Error> {
        Self::of_known(row, name, NO_DATA)
    }

    /// The same; without a row, `missing`.
    pub(crate) fn of_known(row: &PgRow, name: &str, missing: &'static str) -> Result<Self, sqlx::Error> {
        Ok(Self::computed(row.try_get(name)?, absence(row, name)?.unwrap_or(missing)))
    }

    /// How `part` relates to `whole`; `no_data` where that means nothing.
    pub(crate) fn share(part: Count, whole: Count) -> Self {
        match (part.value, whole.value) {
            (Some(part), Some(whole)) if whole > 0 => {
                Self::computed(Some(part as f64 / whole as f64), NO_DATA)
            }
            _ => Self::computed(None, part.absence.or(whole.absence).unwrap_or(NO_DATA)),
        }
    }
}

fn absence(row: &PgRow, name: &str) -> Result<Option<&'static str>, sqlx::Error> {
    let word: Option<String> = row.try_get(format!("{name}_absence").as_str())?;
    let known = |word: String| {
        word.parse::<Absence>().map(Absence::as_str).map_err(|_| unknown_word("absence", &word))
    };
    word.map(known).transpose()
}

/// The word of a source, as the program knows it.
pub(crate) fn source_word(word: &str) -> Result<&'static str, sqlx::Error> {
    [Source::Webhook, Source::Poll, Source::Backfill]
        .into_iter()
        .map(Source::as_str)
        .find(|known| *known == word)
        .ok_or_else(|| unknown_word("source", word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_absent_figure_is_null_with_its_reason_and_a_zero_is_a_zero() {
        let written = |count: Count| serde_json::to_value(count).unwrap();
        assert_eq!(written(Count::computed(None, NO_DATA)), json!({ "value": null, "absence": "no_data" }));
        assert_eq!(written(Count::computed(Some(0), NO_DATA)), json!({ "value": 0 }));
        let infinite = Ratio::computed(Some(f64::INFINITY), NO_DATA);
        assert_eq!(serde_json::to_value(infinite).unwrap(), json!({ "value": null, "absence": "no_data" }));
    }

    #[test]
    fn a_share_of_nothing_is_unknown() {
        let count = |value| Count::computed(value, NOT_COLLECTED);
        assert_eq!(Ratio::share(count(Some(1)), count(Some(4))).value, Some(0.25));
        assert_eq!(Ratio::share(count(Some(0)), count(Some(0))).absence, Some(NO_DATA));
        assert_eq!(Ratio::share(count(None), count(Some(4))).absence, Some(NOT_COLLECTED));
    }
}
