//! How often a read is due by the clock alone. A read says it of itself; [`crate::schedule`] does the rest.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// The hours of an account's night in which its daily reads begin, each account at its own minute.
const NIGHT: (i8, u64) = (1, 4 * 60);

/// How often a read is due by the clock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Never: events and other reads make it wanted.
    Never,
    /// Whenever this time has passed: what is gone soon, in the most urgent lane.
    Every(Duration),
    /// Once in each local day of the account, at its own minute of the night.
    Daily,
    /// Once in seven local days, at the same minute.
    Weekly,
}

/// Of what a read is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Targets {
    /// The account itself.
    Account,
    /// Each of the account's competitors.
    Competitors,
}

/// A time at which a read is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// The instant.
    pub at: Timestamp,
    /// The account's local day at that instant.
    pub day: Date,
    /// Whether it is the target's first: what was before is wanted too.
    pub is_first: bool,
}

impl Cadence {
    /// When it is due again after a beat; `None`: never. `account_id` gives the minute of the night.
    pub fn next(self, beat: Beat, account_id: &str, zone: &TimeZone) -> Option<Timestamp> {
        let night = |days: i64| {
            let minute = i64::try_from(spread(account_id) % NIGHT.1).unwrap_or_default();
            let start = beat.day.saturating_add(days.days()).to_datetime(Time::constant(NIGHT.0, 0, 0, 0));
            let night = zone.to_timestamp(start).unwrap_or(beat.at);
            night.saturating_add(SignedDuration::from_mins(minute)).unwrap_or(Timestamp::MAX)
        };
        match self {
            Self::Never => None,
            Self::Every(wait) => Some(beat.at.checked_add(wait).unwrap_or(Timestamp::MAX)),
            // A first beat during the day is followed by that of the next night.
            Self::Daily => Some(night(1)),
            Self::Weekly => Some(night(7)),
        }
    }
}

/// A number that stays the same for a text and differs between texts: it spreads what would come at once.
pub fn spread(text: &str) -> u64 {
    // FNV-1a: it must not change from one version to the next.
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(zone: &TimeZone, at: &str) -> Beat {
        let at: Timestamp = at.parse().unwrap();
        Beat { at, day: at.to_zoned(zone.clone()).date(), is_first: false }
    }

    fn local(at: Timestamp, zone: &TimeZone) -> (String, i8) {
        let zoned = at.to_zoned(zone.clone());
        (zoned.date().to_string(), zoned.hour())
    }

    #[test]
    fn daily_reads_come_in_the_accounts_own_night_and_each_account_has_its_minute() {
        let zone = TimeZone::get("Asia/Jakarta").unwrap();
        // Seven in the evening of the 19th in Greenwich is two in the morning of the 20th in Jakarta.
        let first = beat(&zone, "2026-11-19T19:00:00Z");
        let next = Cadence::Daily.next(first, "178", &zone).unwrap();
        let (day, hour) = local(next, &zone);
        assert_eq!(day, "2026-11-21");
        assert!((1..5).contains(&hour), "{hour}");
        let week = Cadence::Weekly.next(first, "178", &zone).unwrap();
        assert_eq!(week.duration_since(next), SignedDuration::from_hours(6 * 24));
        assert_ne!(Cadence::Daily.next(first, "179", &zone), Some(next));
    }

    #[test]
    fn a_beat_that_came_late_is_not_made_up_for() {
        let zone = TimeZone::UTC;
        let next = Cadence::Daily.next(beat(&zone, "2026-11-25T23:50:00Z"), "178", &zone).unwrap();
        assert_eq!(local(next, &zone).0, "2026-11-26");
        let poll =
            Cadence::Every(Duration::from_hours(4)).next(beat(&zone, "2026-11-25T23:50:00Z"), "178", &zone);
        assert_eq!(poll.unwrap().to_string(), "2026-11-26T03:50:00Z");
        assert_eq!(Cadence::Never.next(beat(&zone, "2026-11-25T23:50:00Z"), "178", &zone), None);
    }
}
