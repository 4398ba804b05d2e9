//! A loop's sign of life: when it last moved, and what stands in its way.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cekbrand_schema::SharedClock;

/// When a loop last moved, and what stands in its way.
#[derive(Debug)]
pub struct Pulse {
    clock: SharedClock,
    /// A loop that stands still for longer than this is stuck.
    limit: Duration,
    last: AtomicI64,
    trouble: Mutex<Option<String>>,
}

impl Pulse {
    /// Counts from now on.
    pub fn new(clock: &SharedClock, limit: Duration) -> Self {
        let last = AtomicI64::new(clock.now().as_millisecond());
        Self { clock: clock.clone(), limit, last, trouble: Mutex::default() }
    }

    /// The loop moves.
    pub fn beat(&self) {
        self.last.store(self.clock.now().as_millisecond(), Ordering::Relaxed);
    }

    /// Something stands in the loop's way: one sentence.
    pub fn trouble(&self, sentence: String) {
        *self.held() = Some(sentence);
    }

    /// Nothing stands in the loop's way any more.
    pub fn well(&self) {
        *self.held() = None;
    }

    /// What is wrong with the loop; `None` where nothing is.
    pub fn wrong(&self) -> Option<String> {
        let still = self.clock.now().as_millisecond() - self.last.load(Ordering::Relaxed);
        let still = Duration::from_millis(still.try_into().unwrap_or(0));
        if still > self.limit {
            return Some(format!("it has stood still for {} s", still.as_secs()));
        }
        self.held().clone()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
