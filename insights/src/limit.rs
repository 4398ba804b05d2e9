//! How often one API key may ask: its own allowance for each, so that a busy program slows no other.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

const SECOND: i128 = 1_000_000_000;

/// A second's worth of requests at once, and then one for each that a steady rate frees.
#[derive(Debug)]
pub struct RateLimit {
    interval: i128,
    /// For each key the instant, in nanoseconds, up to which its requests are paid for. Only keys that exist
    /// get here, so it stays small.
    paid_until: Mutex<HashMap<String, i128>>,
}

impl RateLimit {
    /// A limit of `per_second` requests; 0 counts as 1.
    pub fn new(per_second: u32) -> Self {
        Self { interval: SECOND / i128::from(per_second.max(1)), paid_until: Mutex::default() }
    }

    /// Takes one request of the key's allowance; `false` where nothing is left of it. Then it is at most a
    /// second until there is again.
    #[must_use]
    pub fn take(&self, key: &str, now: Timestamp) -> bool {
        let now = now.as_nanosecond();
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        let paid = paid_until.entry(key.to_owned()).or_insert(now);
        let next = (*paid).max(now) + self.interval;
        let allowed = next - now <= SECOND;
        if allowed {
            *paid = next;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_key_has_its_rate_and_slows_no_other() {
        let limit = RateLimit::new(50);
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!((0..80).filter(|_| limit.take("a", now)).count(), 50);
        assert!(limit.take("b", now));
        let later = now + SignedDuration::from_millis(100);
        assert_eq!((0..80).filter(|_| limit.take("a", later)).count(), 5);
        let rested = later + SignedDuration::from_secs(3600);
        assert_eq!((0..80).filter(|_| limit.take("a", rested)).count(), 50);
    }

    #[test]
    fn a_clock_that_goes_back_is_survived() {
        let limit = RateLimit::new(0);
        assert!(limit.take("a", Timestamp::from_second(100).unwrap()));
        assert!(!limit.take("a", Timestamp::UNIX_EPOCH));
        assert!(limit.take("a", Timestamp::from_second(101).unwrap()));
    }
}
