//! Figures that may be absent, and the rule by which observations of one figure merge.
//!
//! Unknown is not zero: a figure is a number or the reason why there is none, never -1 and never an invented
//! 0.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Why a figure has no value. The list is closed; the names are what the `absence` columns hold.
///
/// The order is the rank used when two absences of one figure meet: the later variant says more and stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// An empty answer within 48 hours of the event: Meta's data may lag that long.
    NotYet,
    /// An empty answer after 48 hours.
    NoData,
    /// The platform does not offer this figure (any more) for this kind of object.
    Unsupported,
    /// The account has fewer than 100 followers.
    TooFewFollowers,
    /// Withheld in the account's region (story replies in Europe and Japan).
    Region,
    /// The token may not read it.
    Permission,
    /// The owner hides it (like counts).
    Hidden,
    /// Not public for accounts that are not ours (a competitor's follows count).
    NotPublic,
    /// Fewer than five people: Meta's error 10, "not enough viewers".
    NotEnoughViewers,
    /// A count below five, sent as -1 in `story_insights`.
    Suppressed,
    /// Compared figures are of different metrics.
    MetricChanged,
    /// The object was deleted.
    Deleted,
    /// The moment to read it passed (a story's 24 hours).
    Lost,
}

impl Absence {
    /// All reasons, in rank order.
    pub const ALL: [Self; 13] = [
        Self::NotYet,
        Self::NoData,
        Self::Unsupported,
        Self::TooFewFollowers,
        Self::Region,
        Self::Permission,
        Self::Hidden,
        Self::NotPublic,
        Self::NotEnoughViewers,
        Self::Suppressed,
        Self::MetricChanged,
        Self::Deleted,
        Self::Lost,
    ];

    /// The name used in columns, JSON and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotYet => "not_yet",
            Self::NoData => "no_data",
            Self::Unsupported => "unsupported",
            Self::TooFewFollowers => "too_few_followers",
            Self::Region => "region",
            Self::Permission => "permission",
            Self::Hidden => "hidden",
            Self::NotPublic => "not_public",
            Self::NotEnoughViewers => "not_enough_viewers",
            Self::Suppressed => "suppressed",
            Self::MetricChanged => "metric_changed",
            Self::Deleted => "deleted",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no [`Absence`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no reason for an absent figure")]
pub struct UnknownAbsence(String);

impl FromStr for Absence {
    type Err = UnknownAbsence;

    fn from_str(name: &str) -> Result<Self, UnknownAbsence> {
        Self::ALL.into_iter().find(|a| a.as_str() == name).ok_or_else(|| UnknownAbsence(name.to_owned()))
    }
}

/// A number, or the reason why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Figure {
    /// What was counted or measured; a genuine 0 is a value.
    Value(Decimal),
    /// Why nothing is known.
    Absent(Absence),
}

impl Figure {
    /// A whole number.
    pub fn count(count: i64) -> Self {
        Self::Value(count.into())
    }

    /// A figure of a `story_insights` payload, in which -1 stands for "fewer than five".
    pub fn from_story_webhook(sent: impl Into<Decimal>) -> Self {
        let sent = sent.into();
        if sent < Decimal::ZERO { Self::Absent(Absence::Suppressed) } else { Self::Value(sent) }
    }

    /// The number, if there is one.
    pub const fn value(self) -> Option<Decimal> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent(_) => None,
        }
    }

    /// The reason, if there is no number.
    pub const fn absence(self) -> Option<Absence> {
        match self {
            Self::Value(_) => None,
            Self::Absent(absence) => Some(absence),
        }
    }
}

/// Reads a number as JSON or text writes it: `7`, `0.37`, `5.7687e4`. `None` for what is none, or far too
/// large; beyond 28 digits it is rounded. Equal numbers come out equal however they were written.
pub fn read_number(text: &str) -> Option<Decimal> {
    // The library would take grouping underscores as well.
    if !text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E')) {
        return None;
    }
    let number =
        if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str(text) };
    number.ok().map(|number| number.normalize())
}

/// How an observation was made, in rising rank: of two values seen at the same instant the higher source
/// stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Read later, for the past.
    Backfill,
    /// Read by us from the Graph API.
    Poll,
    /// Pushed by Meta.
    Webhook,
}

impl Source {
    /// The name used in the `source` columns.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backfill => "backfill",
            Self::Poll => "poll",
            Self::Webhook => "webhook",
        }
    }
}

/// One observation of one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// What was seen.
    pub figure: Figure,
    /// When it was seen.
    pub observed_at: Timestamp,
    /// How.
    pub source: Source,
}

impl Observation {
    /// Of two observations of one key, the one that stays, whatever order they arrive in: a value beats any
    /// absence; among values the latest, then the source's rank, then the larger; among absences the rank of
    /// [`Absence`], then the latest.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        if self.rank() >= other.rank() { self } else { other }
    }

    fn rank(self) -> (bool, Option<Absence>, Timestamp, Source, Option<Decimal>) {
        let Self { figure, observed_at, source } = self;
        (figure.value().is_some(), figure.absence(), observed_at, source, figure.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn observation() -> impl Strategy<Value = Observation> {
        let figure = prop_oneof![
            (0i64..30).prop_map(|tenths| Figure::Value(Decimal::new(tenths, 1))),
            (0usize..13).prop_map(|i| Figure::Absent(Absence::ALL[i])),
        ];
        let source = prop_oneof![Just(Source::Backfill), Just(Source::Poll), Just(Source::Webhook)];
        (figure, 0i64..3, source).prop_map(|(figure, second, source)| Observation {
            figure,
            observed_at: Timestamp::from_second(second).unwrap(),
            source,
        })
    }

    proptest! {
        #[test]
        fn merging_does_not_depend_on_the_order_of_arrival(
            a in observation(), b in observation(), c in observation()
        ) {
            prop_assert_eq!(a.merge(b), b.merge(a));
            prop_assert_eq!(a.merge(b).merge(c), a.merge(b.merge(c)));
            prop_assert_eq!(a.merge(a), a);
        }

        #[test]
        fn a_value_beats_any_absence(a in observation(), b in observation()) {
            let merged = a.merge(b);
            let known = a.figure.value().is_some() || b.figure.value().is_some();
            prop_assert_eq!(merged.figure.value().is_some(), known);
        }
    }

    #[test]
    fn minus_one_in_a_story_webhook_is_suppressed_and_zero_is_zero() {
        assert_eq!(Figure::from_story_webhook(-1), Figure::Absent(Absence::Suppressed));
        assert_eq!(Figure::from_story_webhook(0), Figure::count(0));
    }

    #[test]
    fn a_number_keeps_its_decimals_however_it_is_written() {
        for (written, kept) in [
            ("0.37", "0.37"),
            ("41.26", "41.26"),
            ("41.260", "41.26"),
            ("4120.5", "4120.5"),
            ("4120", "4120"),
            ("57687.0", "57687"),
            ("5.7687e4", "57687"),
            ("5.7687E+4", "57687"),
            ("37e-2", "0.37"),
            ("-1", "-1"),
            ("-0.0", "0"),
            ("9223372036854775808", "9223372036854775808"),
            ("0.1234567890123456789012345678901", "0.1234567890123456789012345679"),
        ] {
            assert_eq!(read_number(written).unwrap().to_string(), kept, "{written}");
        }
        for none in [
            "",
            ".",
            "-",
            "e4",
            "1e",
            "x",
            "1_000",
            "1,5",
            " 1",
            "NaN",
            "inf",
            "0x10",
            "1e99",
            "1e-999999999",
        ] {
            assert_eq!(read_number(none), None, "{none:?}");
        }
    }

    #[test]
    fn every_absence_is_found_by_its_name_and_ranks_as_listed() {
        for pair in Absence::ALL.windows(2) {
            assert!(pair[0] < pair[1]);
        }
        for absence in Absence::ALL {
            assert_eq!(absence.as_str().parse(), Ok(absence));
            assert_eq!(serde_json::to_value(absence).unwrap(), absence.as_str());
        }
        assert!("zero".parse::<Absence>().is_err());
    }
}
