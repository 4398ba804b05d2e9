//! How far a change reaches: which days' analytics a write on one day can alter.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

/// The longest timeframe, in days.
const LONGEST: i32 = 28;
/// How far the day that a row carries may lie before the account's local day by which it was marked.
const BEHIND: i32 = 2;

/// The days to be computed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The first of them. Running totals change from here on to the present day.
    pub first: Date,
    /// Days on which something itself changed, in order.
    pub changed: Vec<Date>,
    /// Days whose windows a change lies in, in order.
    pub days: Vec<Date>,
}

/// The days that changes on the `marked` days reach; `None` where all of them lie in the future.
///
/// A window of `t` days ends up to `t - 1` days after the change, and a comparison with the window before
/// looks back another `t`: a change on day d reaches [d, d + 2t - 1], and no further than `today`. It starts
/// two days earlier, because some rows carry the UTC day, or Meta's day, which is the one before that of its
/// end in Los Angeles: where it ends within a day, an account in the far east is two days ahead.
pub fn reach(marked: &[Date], today: Date) -> Option<Reach> {
    let (mut changed, mut days) = (BTreeSet::new(), BTreeSet::new());
    for &day in marked {
        let first = day.saturating_sub(BEHIND.days());
        changed.extend(first.series(1.day()).take_while(|each| *each <= day.min(today)));
        let last = day.saturating_add((2 * LONGEST - 1).days()).min(today);
        days.extend(first.series(1.day()).take_while(|day| *day <= last));
    }
    let first = *days.first()?;
    Some(Reach { first, changed: changed.into_iter().collect(), days: days.into_iter().collect() })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_change_reaches_two_windows_ahead_but_not_beyond_today() {
        let reached = reach(&[date(2026, 1, 10)], date(2026, 12, 31)).unwrap();
        assert_eq!(reached.first, date(2026, 1, 8));
        assert_eq!(reached.days.last(), Some(&date(2026, 3, 6)));
        assert_eq!(reached.days.len(), 58);

        let reached = reach(&[date(2026, 1, 10)], date(2026, 1, 11)).unwrap();
        let days = [8, 9, 10, 11].map(|day| date(2026, 1, day));
        assert_eq!(reached.days, days);
        assert_eq!(reached.changed, days[..3]);
    }

    #[test]
    fn days_of_several_changes_are_joined_without_those_between() {
        let reached =
            reach(&[date(2026, 6, 1), date(2026, 1, 1), date(2026, 1, 2)], date(2026, 6, 1)).unwrap();
        assert_eq!(reached.first, date(2025, 12, 30));
        let new_year = [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2)];
        let june = [date(2026, 5, 30), date(2026, 5, 31), date(2026, 6, 1)];
        assert_eq!(reached.changed, [new_year.as_slice(), june.as_slice()].concat());
        assert_eq!(reached.days.len(), 59 + 3);
        assert!(!reached.days.contains(&date(2026, 4, 1)));
    }

    #[test]
    fn nothing_marked_or_all_in_the_future_reaches_nothing() {
        assert_eq!(reach(&[], date(2026, 1, 1)), None);
        assert_eq!(reach(&[date(2026, 2, 1)], date(2026, 1, 1)), None);
        assert!(reach(&[Date::MAX, Date::MIN], date(2026, 1, 1)).is_some());
    }
}
