//! How often a medium's figures are read as it grows older.

use std::time::Duration;

use jiff::Timestamp;

use super::cadence::spread;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const WEEK: Duration = Duration::from_hours(24 * 7);

/// The ages at which reading slows down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ageing {
    /// A medium younger than this is read every hour.
    pub hourly_until: Duration,
    /// One younger than this every day.
    pub daily_until: Duration,
    /// One younger than this every week, and an older one no more: Meta keeps figures for two years.
    pub weekly_until: Duration,
}

impl Default for Ageing {
    fn default() -> Self {
        Self { hourly_until: DAY, daily_until: DAY * 28, weekly_until: DAY * 730 }
    }
}

impl Ageing {
    /// Nothing is read again by the clock.
    pub const NEVER: Self =
        Self { hourly_until: Duration::ZERO, daily_until: Duration::ZERO, weekly_until: Duration::ZERO };

    /// How long figures are fresh that no list tells of: as long as the curve says, and six hours at least.
    pub fn pace(&self, published: Timestamp, at: Timestamp) -> Duration {
        let age = Duration::try_from(at.duration_since(published)).unwrap_or(Duration::ZERO);
        match age {
            age if age < self.hourly_until => HOUR * 6,
            // The next reading comes up to a twentieth early.
            age if age < self.daily_until => DAY / 12 * 11,
            age if age < self.weekly_until => WEEK / 12 * 11,
            _ => HOUR * 6,
        }
    }

    /// When a medium that was read at `at` is due again; `None`: it is too old.
    pub fn next(&self, media_id: &str, published: Timestamp, at: Timestamp) -> Option<Timestamp> {
        let age = Duration::try_from(at.duration_since(published)).unwrap_or(Duration::ZERO);
        let wait = match age {
            age if age < self.hourly_until => HOUR,
            age if age < self.daily_until => DAY,
            age if age < self.weekly_until => WEEK,
            _ => return None,
        };
        // Media that were read together do not come back together: each takes up to a twentieth less.
        let twentieth = wait / 20;
        let less = twentieth.mul_f64((spread(media_id) % 1000) as f64 / 1000.0);
        at.checked_add(wait.saturating_sub(less)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours until the next reading, rounded up, of a medium of that age.
    fn hours(age: Duration) -> Option<i64> {
        let published = Timestamp::UNIX_EPOCH;
        let at = published.checked_add(age).unwrap();
        let next = Ageing::default().next("17900000000000001", published, at)?;
        Some((next.duration_since(at).as_secs() + 3599) / 3600)
    }

    #[test]
    fn figures_are_read_hourly_then_daily_then_weekly_and_at_last_no_more() {
        assert_eq!(hours(Duration::ZERO), Some(1));
        assert_eq!(hours(HOUR * 23), Some(1));
        assert!((23..=24).contains(&hours(DAY).unwrap()));
        assert!((23..=24).contains(&hours(DAY * 27).unwrap()));
        assert!((160..=168).contains(&hours(DAY * 28).unwrap()));
        assert_eq!(hours(DAY * 730), None);
    }

    #[test]
    fn what_no_list_tells_is_stale_by_the_next_reading_and_not_sooner() {
        let ageing = Ageing::default();
        let published = Timestamp::UNIX_EPOCH;
        for (age, most) in [(HOUR, HOUR * 6), (DAY * 2, DAY), (DAY * 40, WEEK)] {
            let at = published.checked_add(age).unwrap();
            let next = ageing.next("17900000000000001", published, at).unwrap();
            let pace = ageing.pace(published, at);
            let stale = at.checked_add(pace).unwrap();
            assert!(stale <= next || age < DAY, "{age:?}");
            assert!(pace <= most && pace >= most / 2, "{pace:?}");
        }
        assert_eq!(Ageing::NEVER.pace(published, published), HOUR * 6);
    }
}
