//! Time as a parameter: production reads the system's clock, tests and replay bring their own.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// What waits for an instant of a [`Clock`].
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where a component learns what time it is. Nothing else in the project may ask the system.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Completes once [`Clock::now`] has reached `deadline`; at once if it already has.
    fn sleep_until(&self, deadline: Timestamp) -> Sleep;

    /// Completes after `duration` of this clock's time.
    fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(self.now().checked_add(duration).unwrap_or(Timestamp::MAX))
    }
}

/// A clock that parts of a process share.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        let left = Duration::try_from(deadline.duration_since(self.now())).unwrap_or(Duration::ZERO);
        Box::pin(tokio::time::sleep(left))
    }
}

/// A clock that moves only when told to.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<Mutex<Timestamp>>,
    moved: watch::Sender<Timestamp>,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { now: Arc::new(Mutex::new(start)), moved: watch::Sender::new(start) }
    }

    /// Moves the clock to `instant` and wakes those whose time has come. A clock never goes back: an earlier
    /// instant changes nothing.
    pub fn set(&self, instant: Timestamp) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if instant > *now {
            *now = instant;
            self.moved.send_replace(instant);
        }
    }

    /// Moves the clock forward by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.set(self.now().checked_add(duration).unwrap_or(Timestamp::MAX));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        let mut moved = self.moved.subscribe();
        // Held so that the channel stays open for as long as somebody sleeps on it.
        let clock = self.clone();
        Box::pin(async move {
            // A closed channel cannot happen while `clock` lives, so the error has nobody to tell.
            let _reached = moved.wait_for(|now| *now >= deadline).await;
            drop(clock);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_machines_clock_goes_and_what_is_over_is_not_waited_for() {
        let start = SystemClock.now();
        assert!(start > "2026-01-01T00:00:00Z".parse().unwrap(), "{start}");
        let over = SystemClock.sleep_until(start - Duration::from_mins(1));
        tokio::time::timeout(Duration::from_secs(30), over).await.unwrap();
        SystemClock.sleep(Duration::from_millis(2)).await;
        assert!(SystemClock.now() >= start + Duration::from_millis(2));
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_those_whose_time_has_come() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let early = tokio::spawn(clock.sleep(Duration::from_secs(5)));
        let late = tokio::spawn(clock.sleep(Duration::from_secs(50)));
        clock.advance(Duration::from_secs(10));
        early.await.unwrap();
        assert!(!late.is_finished());
        clock.advance(Duration::from_secs(40));
        late.await.unwrap();
    }

    #[tokio::test]
    async fn a_manual_clock_never_goes_back() {
        let clock = ManualClock::new("2026-11-21T00:00:00Z".parse().unwrap());
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now().to_string(), "2026-11-21T00:00:00Z");
    }
}
