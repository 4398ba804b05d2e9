//! How long to wait before another try: exponential with full jitter, so that tasks that failed together do
//! not come back together.

use std::time::Duration;

/// The growth of the waits, and when to stop.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The longest first wait.
    pub first: Duration,
    /// The longest wait of all.
    pub longest: Duration,
    /// Give up after so many tries.
    pub attempts: i32,
    /// Then try again after this.
    pub rest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_mins(15),
            attempts: 12,
            rest: Duration::from_hours(24),
        }
    }
}

impl Backoff {
    /// The wait after the `attempts`-th failure (from 1); `None` when it is time to give up. `fraction` is
    /// the jitter, in 0..1.
    pub fn wait(&self, attempts: i32, fraction: f64) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let doublings = u32::try_from(attempts.clamp(1, 32) - 1).unwrap_or(0);
        let ceiling = self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest);
        Some(ceiling.mul_f64(fraction.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_a_quarter_of_an_hour() {
        let ceilings: Vec<_> =
            (1..12).map(|attempt| Backoff::default().wait(attempt, 1.0).unwrap().as_secs()).collect();
        assert_eq!(ceilings, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert_eq!(Backoff::default().wait(12, 1.0), None);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_longer_than_the_longest(attempt in any::<i32>(), fraction in any::<f64>()) {
            prop_assume!(!fraction.is_nan());
            if let Some(wait) = Backoff::default().wait(attempt, fraction) {
                prop_assert!(wait <= Duration::from_mins(15));
            }
        }
    }
}
