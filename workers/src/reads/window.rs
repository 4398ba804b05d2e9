//! Which days of Meta a read of an account's figures asks for.
//!
//! A variant names them: `day`, `week` or `days_<n>` (1 to 30) that ended with the last closed day;
//! `week-7`: that ended seven days before it; `day@2026-11-18`: that ended with this day. Days of Meta begin
//! at midnight in California.

use cekbrand_graph::Request;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use jiff::{Timestamp, ToSpan};

/// Meta answers for no more days at once.
pub const MOST_DAYS: i32 = 30;

/// California's clock, so that no time zone database is needed.
const CALIFORNIA: &str = "PST8PDT,M3.2.0,M11.1.0";

/// Days of Meta, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    first: Date,
    last: Date,
}

impl Window {
    /// The window that a variant names; `None` for what names none, or one that has not ended.
    pub fn of(variant: &str, at: Timestamp) -> Option<Self> {
        let closed = last_closed_day(at);
        let (length, last) = if let Some((length, day)) = variant.split_once('@') {
            (length, day.parse().ok().filter(|day| *day <= closed)?)
        } else if let Some((length, back)) = variant.split_once('-') {
            let back: u16 = back.parse().ok()?;
            (length, closed.checked_sub(i32::from(back).days()).ok()?)
        } else {
            (variant, closed)
        };
        let days = match length {
            "day" => 1,
            "week" => 7,
            _ => length.strip_prefix("days_")?.parse().ok()?,
        };
        if !(1..=MOST_DAYS).contains(&days) {
            return None;
        }
        Some(Self { first: last.checked_sub((days - 1).days()).ok()?, last })
    }

    /// The window that a request asked for.
    pub fn asked(request: &Request) -> Option<Self> {
        let second =
            |name| request.parameter(name)?.parse().ok().and_then(|s| Timestamp::from_second(s).ok());
        let (first, last) = (day_of(second("since")?), day_of(second("until")?));
        (first <= last).then_some(Self { first, last })
    }

    /// The request with the window as `since` and `until`: unix seconds, both included.
    #[must_use]
    pub fn ask(self, request: Request) -> Request {
        let until = self.end().as_second() - 1;
        request.with("since", start_of(self.first).as_second().to_string()).with("until", until.to_string())
    }

    /// When it ended.
    pub fn end(self) -> Timestamp {
        end_of(self.last)
    }

    /// How the API and the tables name its length; `None` where they have no name for it.
    pub fn period(self) -> Option<&'static str> {
        match self.days().count() {
            1 => Some("day"),
            7 => Some("week"),
            28 => Some("days_28"),
            _ => None,
        }
    }

    /// Whether some of it lies more than so many days before the day of an instant.
    pub fn is_older(self, days: i32, at: Timestamp) -> bool {
        self.first < day_of(at).saturating_sub(days.days())
    }

    /// Its days.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.first.series(1.day()).take_while(move |day| *day <= self.last)
    }
}

/// The last day of Meta that is over.
pub fn last_closed_day(at: Timestamp) -> Date {
    day_of(at).saturating_sub(1.day())
}

/// The instant at which a day of Meta is over.
pub fn end_of(day: Date) -> Timestamp {
    start_of(day.saturating_add(1.day()))
}

/// The day of Meta that ended at an `end_time`.
pub fn day_ended(end_time: Timestamp) -> Date {
    last_closed_day(end_time)
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(california()).date()
}

fn start_of(day: Date) -> Timestamp {
    day.to_zoned(california()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

fn california() -> TimeZone {
    TimeZone::posix(CALIFORNIA).unwrap_or_else(|_| TimeZone::fixed(offset(-8)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn days(variant: &str, now: &str) -> Option<(Date, Date)> {
        Window::of(variant, at(now)).map(|window| (window.first, window.last))
    }

    #[test]
    fn a_variant_names_days_that_are_over_in_california() {
        // Half past seven in the morning in London is still the day before in California.
        let now = "2026-11-20T07:30:00Z";
        assert_eq!(days("day", now), Some((date(2026, 11, 18), date(2026, 11, 18))));
        assert_eq!(days("day", "2026-11-20T08:00:00Z"), Some((date(2026, 11, 19), date(2026, 11, 19))));
        assert_eq!(days("week", now), Some((date(2026, 11, 12), date(2026, 11, 18))));
        assert_eq!(days("week-7", now), Some((date(2026, 11, 5), date(2026, 11, 11))));
        assert_eq!(days("days_28-28", now), Some((date(2026, 9, 24), date(2026, 10, 21))));
        assert_eq!(days("day@2026-11-18", now), Some((date(2026, 11, 18), date(2026, 11, 18))));
        for none in
            ["", "month", "days_0", "days_31", "days_x", "day@2026-11-19", "day@soon", "day-x", "day-70000"]
        {
            assert_eq!(days(none, now), None, "{none}");
        }
    }

    #[test]
    fn a_request_says_which_window_it_asked_for() {
        for variant in ["day", "week-7", "days_28", "days_30@2026-03-20", "days_9@2026-11-05"] {
            let window = Window::of(variant, at("2026-11-20T12:00:00Z")).unwrap();
            let request = window.ask(Request::edge("x", "178", "insights"));
            assert_eq!(Window::asked(&request), Some(window), "{variant}");
        }
        assert_eq!(Window::asked(&Request::edge("x", "178", "insights")), None);
    }

    #[test]
    fn a_day_ends_at_midnight_in_california_in_summer_and_in_winter() {
        assert_eq!(end_of(date(2026, 7, 1)), at("2026-07-02T07:00:00Z"));
        assert_eq!(end_of(date(2026, 12, 1)), at("2026-12-02T08:00:00Z"));
        assert_eq!(day_ended(at("2026-07-02T07:00:00Z")), date(2026, 7, 1));
        assert_eq!(day_ended(at("2026-12-02T08:00:00Z")), date(2026, 12, 1));
        let window = Window::of("day@2026-07-01", at("2026-11-20T12:00:00Z")).unwrap();
        let request = window.ask(Request::edge("x", "1", "insights"));
        assert_eq!(request.describe(), "1/insights?since=1782889200&until=1782975599");
        assert_eq!(window.period(), Some("day"));
        let month = Window::of("days_30", at("2026-11-20T12:00:00Z")).unwrap();
        assert!(!month.is_older(30, at("2026-11-20T12:00:00Z")));
        assert!(month.is_older(30, at("2026-11-21T12:00:00Z")));
    }
}
