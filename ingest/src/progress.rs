//! When Kafka last answered: what readiness is made of.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cekbrand_schema::SharedClock;

/// How old the last sign of life may be for the receiver to count as ready.
pub const READY_WITHIN: Duration = Duration::from_secs(10);

/// The instant of the last acknowledged record or probe.
#[derive(Debug)]
pub struct Progress {
    clock: SharedClock,
    /// Milliseconds since 1970; 0 for never.
    last: AtomicI64,
}

impl Progress {
    /// No progress yet.
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, last: AtomicI64::new(0) }
    }

    /// Something was acknowledged just now.
    pub fn record(&self) {
        self.last.store(self.clock.now().as_millisecond(), Ordering::Relaxed);
    }

    /// Whether the last progress is younger than `age`.
    pub fn is_recent(&self, age: Duration) -> bool {
        let since = self.clock.now().as_millisecond() - self.last.load(Ordering::Relaxed);
        u128::try_from(since).is_ok_and(|since| since < age.as_millis())
    }

    /// Whether Kafka is known to take records.
    ///
    /// # Errors
    ///
    /// One sentence saying that it is not.
    pub fn ready(&self) -> Result<(), String> {
        if self.is_recent(READY_WITHIN) {
            Ok(())
        } else {
            Err("kafka has acknowledged no record and no probe for 10 seconds".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cekbrand_schema::ManualClock;
    use std::sync::Arc;

    #[test]
    fn readiness_ends_ten_seconds_after_the_last_sign_of_life() {
        let clock = ManualClock::new("2026-11-21T00:00:00Z".parse().unwrap());
        let progress = Progress::new(Arc::new(clock.clone()));
        assert!(progress.ready().is_err(), "nothing has answered yet");
        progress.record();
        clock.advance(Duration::from_secs(9));
        assert!(progress.ready().is_ok());
        clock.advance(Duration::from_secs(1));
        assert!(progress.ready().is_err());
    }
}
