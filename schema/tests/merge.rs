//! How observations of one figure merge, case by case as the data model says it: whatever the order of
//! arrival, the same stays.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cekbrand_schema::{Absence, Figure, Observation, Source};
use jiff::Timestamp;

/// From what says least to what says most.
const RANKS: [&str; 13] = [
    "not_yet",
    "no_data",
    "unsupported",
    "too_few_followers",
    "region",
    "permission",
    "hidden",
    "not_public",
    "not_enough_viewers",
    "suppressed",
    "metric_changed",
    "deleted",
    "lost",
];

fn seen(figure: Figure, second: i64, source: Source) -> Observation {
    Observation { figure, observed_at: Timestamp::from_second(second).unwrap(), source }
}

fn value(count: i64, second: i64, source: Source) -> Observation {
    seen(Figure::from_story_webhook(count), second, source)
}

fn absent(name: &str, second: i64, source: Source) -> Observation {
    seen(Figure::Absent(name.parse::<Absence>().unwrap()), second, source)
}

fn assert_stays(winner: Observation, loser: Observation) {
    assert_eq!(winner.merge(loser), winner, "{loser:?} came later");
    assert_eq!(loser.merge(winner), winner, "{loser:?} came first");
}

#[test]
fn a_value_beats_any_absence_however_late() {
    for name in RANKS {
        assert_stays(value(0, 1, Source::Backfill), absent(name, 9, Source::Webhook));
    }
}

#[test]
fn of_two_values_the_later_stays_whoever_saw_it() {
    assert_stays(value(1, 2, Source::Backfill), value(9, 1, Source::Webhook));
}

#[test]
fn of_two_values_of_one_instant_the_source_decides() {
    assert_stays(value(1, 1, Source::Webhook), value(9, 1, Source::Poll));
    assert_stays(value(1, 1, Source::Poll), value(9, 1, Source::Backfill));
}

#[test]
fn of_two_absences_the_one_that_says_more_stays_however_early_and_whoever_saw_it() {
    for (at, less) in RANKS.iter().enumerate() {
        for more in &RANKS[at + 1..] {
            assert_stays(absent(more, 1, Source::Backfill), absent(less, 9, Source::Webhook));
        }
    }
}

#[test]
fn of_two_equal_absences_the_later_stays() {
    for name in RANKS {
        assert_stays(absent(name, 2, Source::Backfill), absent(name, 1, Source::Webhook));
    }
}

#[test]
fn every_absence_has_its_place_among_the_ranks() {
    assert_eq!(Absence::ALL.map(Absence::as_str), RANKS);
}
