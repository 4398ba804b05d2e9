//! Who may come in: at most so many requests and so many body bytes at once. Whoever does not fit is asked to
//! come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts what is in flight against a limit.
#[derive(Debug)]
pub struct Limit {
    used: AtomicUsize,
    limit: usize,
}

/// A share of a [`Limit`], given back when dropped.
#[derive(Debug)]
pub struct Share {
    of: Arc<Limit>,
    amount: usize,
}

impl Limit {
    /// Nothing is in flight yet.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), limit })
    }

    /// A share of `amount`, unless the limit would be passed.
    pub fn share(self: &Arc<Self>, amount: usize) -> Option<Share> {
        let mut share = Share { of: Arc::clone(self), amount: 0 };
        share.grow(amount).then_some(share)
    }
}

impl Share {
    /// Makes the share larger by `amount`; `false`, and unchanged, where the limit would be passed.
    pub fn grow(&mut self, amount: usize) -> bool {
        let fits = |used: usize| used.checked_add(amount).filter(|sum| *sum <= self.of.limit);
        let grown = self.of.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits).is_ok();
        if grown {
            self.amount += amount;
        }
        grown
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.used.fetch_sub(self.amount, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_never_passed_and_shares_are_given_back() {
        let limit = Limit::new(10);
        let mut share = limit.share(6).unwrap();
        assert!(limit.share(5).is_none());
        assert!(share.grow(4));
        assert!(!share.grow(1));
        assert!(limit.share(1).is_none(), "what a share grew by is taken as well");
        drop(share);
        assert!(limit.share(10).is_some());
        assert!(limit.share(usize::MAX).is_none());
    }
}
