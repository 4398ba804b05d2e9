//! One countdown for each delivery, instead of a future for each record.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::PublishError;

/// Counts the records of one delivery down to none.
pub(super) struct Countdown {
    left: AtomicUsize,
    failure: OnceLock<PublishError>,
    done: Notify,
}

impl Countdown {
    pub(super) fn new(records: usize) -> Self {
        Self { left: AtomicUsize::new(records), failure: OnceLock::new(), done: Notify::new() }
    }

    pub(super) fn count_off(&self, records: usize) {
        if self.left.fetch_sub(records, Ordering::AcqRel) == records {
            self.done.notify_one();
        }
    }

    /// The first failure is the one that is told.
    pub(super) fn fail(&self, failure: PublishError, records: usize) {
        self.failure.get_or_init(|| failure);
        self.count_off(records);
    }

    /// Waits until no record is left.
    ///
    /// # Errors
    ///
    /// The first failure, where there was one.
    pub(super) async fn finished(&self) -> Result<(), PublishError> {
        if self.left.load(Ordering::Acquire) > 0 {
            self.done.notified().await;
        }
        self.failure.get().cloned().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_delivery_is_done_when_its_last_record_is() {
        let countdown = Arc::new(Countdown::new(3));
        countdown.count_off(1);
        let waiting = tokio::spawn({
            let countdown = Arc::clone(&countdown);
            async move { countdown.finished().await }
        });
        countdown.count_off(1);
        assert!(!waiting.is_finished());
        countdown.count_off(1);
        assert_eq!(waiting.await.unwrap(), Ok(()));
        assert_eq!(countdown.finished().await, Ok(()));
    }

    #[tokio::test]
    async fn one_refused_record_fails_the_delivery_and_the_first_reason_stays() {
        let countdown = Countdown::new(3);
        countdown.fail(PublishError::TimedOut, 1);
        countdown.fail(PublishError::QueueFull, 2);
        assert_eq!(countdown.finished().await, Err(PublishError::TimedOut));
    }
}
