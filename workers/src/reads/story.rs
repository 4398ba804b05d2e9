//! When a living story is read: at set times before its end, after which nobody can read it any more.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::cadence::spread;
use crate::rows::media::STORY_LIFE;

/// One of the set times.
struct Slot {
    /// How long before the end.
    before: SignedDuration,
    /// By how much each story comes earlier or later, so that stories posted together are not read together.
    jitter: SignedDuration,
}

const SLOTS: [Slot; 3] = [
    Slot { before: SignedDuration::from_hours(6), jitter: SignedDuration::from_mins(15) },
    Slot { before: SignedDuration::from_hours(2), jitter: SignedDuration::from_mins(8) },
    Slot { before: SignedDuration::from_mins(20), jitter: SignedDuration::from_mins(4) },
];
/// A reading so short before a slot serves for it.
const SERVES: Duration = Duration::from_mins(2);

/// When a story ends.
pub fn end(published: Timestamp) -> Timestamp {
    published.checked_add(STORY_LIFE).unwrap_or(Timestamp::MAX)
}

/// The next of the set times after a reading; `None` after the last.
pub fn next_slot(media_id: &str, published: Timestamp, read_at: Timestamp) -> Option<Timestamp> {
    let end = end(published);
    let served_until = read_at.checked_add(SERVES).unwrap_or(Timestamp::MAX);
    let times = SLOTS.iter().enumerate().map(|(number, slot)| {
        let width = slot.jitter.as_secs() * 2;
        let shift =
            i64::try_from(spread(&format!("{media_id}/{number}")) % width.unsigned_abs()).unwrap_or_default();
        end.saturating_sub(slot.before + slot.jitter)
            .and_then(|earliest| earliest.saturating_add(SignedDuration::from_secs(shift)))
            .unwrap_or(end)
    });
    times.into_iter().find(|time| *time > served_until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes_left(media_id: &str, age: SignedDuration) -> Option<i64> {
        let published = Timestamp::UNIX_EPOCH;
        let slot = next_slot(media_id, published, published.checked_add(age).unwrap())?;
        Some(end(published).duration_since(slot).as_secs() / 60)
    }

    #[test]
    fn a_story_is_read_six_hours_two_hours_and_twenty_minutes_before_its_end() {
        for id in ["17900000000000001", "17900000000000002", "17900000000000003"] {
            let first = minutes_left(id, SignedDuration::from_hours(1)).unwrap();
            assert!((345..=375).contains(&first), "{first}");
            let second =
                minutes_left(id, SignedDuration::from_hours(18) + SignedDuration::from_mins(16)).unwrap();
            assert!((112..=128).contains(&second), "{second}");
            let last =
                minutes_left(id, SignedDuration::from_hours(22) + SignedDuration::from_mins(9)).unwrap();
            assert!((16..=24).contains(&last), "{last}");
            assert_eq!(minutes_left(id, SignedDuration::from_mins(24 * 60 - 15)), None);
        }
    }

    #[test]
    fn stories_that_were_posted_together_are_not_read_together() {
        let ids = ["17900000000000001", "17900000000000002", "17900000000000003", "17900000000000004"];
        let times = ids.map(|id| next_slot(id, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH));
        assert!(times.iter().any(|time| *time != times[0]));
    }
}
