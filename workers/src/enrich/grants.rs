//! Calls that this worker has drawn from the shared budget and not made yet.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

/// Calls drawn at once: few enough that what several workers hold is little beside a limit.
pub(super) const GRANT: i64 = 10;
/// What is not used by then is void.
const LASTS: Duration = Duration::from_secs(30);

/// What is left, by budget.
#[derive(Debug, Default)]
pub(super) struct Grants {
    left: Mutex<HashMap<String, Left>>,
}

#[derive(Debug)]
struct Left {
    calls: i64,
    until: Timestamp,
}

impl Grants {
    /// Takes one call; `false` where none is left.
    pub(super) fn take(&self, budget: &str, now: Timestamp) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(held) = left.get_mut(budget).filter(|held| held.calls > 0 && held.until > now) else {
            left.remove(budget);
            return false;
        };
        held.calls -= 1;
        true
    }

    /// Adds what was drawn.
    pub(super) fn add(&self, budget: &str, calls: i64, now: Timestamp) {
        let until = now.checked_add(LASTS).unwrap_or(Timestamp::MAX);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.insert(budget.to_owned(), Left { calls, until });
    }

    /// Gives back what is left.
    pub(super) fn forget(&self, budget: &str) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(budget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_serves_its_calls_and_is_void_after_a_while() {
        let (grants, now) = (Grants::default(), Timestamp::UNIX_EPOCH);
        assert!(!grants.take("178", now));
        grants.add("178", 2, now);
        assert!(grants.take("178", now) && grants.take("178", now));
        assert!(!grants.take("178", now) && !grants.take("179", now));
        grants.add("178", 2, now);
        assert!(!grants.take("178", now.checked_add(LASTS).unwrap()));
        grants.add("178", 2, now);
        grants.forget("178");
        assert!(!grants.take("178", now));
    }
}
