use cekbrand_schema::{Absence, Decimal};

use super::*;

fn figure(value: Option<i64>, second: i64) -> UserFigure {
    UserFigure {
        figure: value.map_or(Figure::Absent(Absence::NoData), |value| Figure::Value(Decimal::from(value))),
        source: Source::Poll,
        observed_at: Timestamp::from_second(second).unwrap(),
        api_version: None,
    }
}

/// The law of merging: a value beats an absence, a later value an earlier one, whatever comes first.
#[test]
fn of_two_figures_with_one_key_the_better_one_stays() {
    for (better, worse) in [
        (figure(Some(7), 2), figure(Some(5), 1)),
        (figure(Some(5), 2), figure(Some(7), 1)),
        (figure(Some(5), 1), figure(None, 2)),
    ] {
        let (mut one, mut other) = (worse.clone(), better.clone());
        one.merge(&better);
        other.merge(&worse);
        assert_eq!((one, other), (better.clone(), better));
    }
}
