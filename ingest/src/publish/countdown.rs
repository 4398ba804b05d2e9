//! One countdown for each delivery, instead of a future for each record.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::{PublishError, Unpublished};
use crate::record::Record;

/// Counts the records of one delivery down to none, and gathers those that were not published.
pub(super) struct Countdown {
    left: AtomicUsize,
    unpublished: Mutex<Option<Unpublished>>,
    done: Notify,
}

impl Countdown {
    pub(super) fn new(records: usize) -> Self {
        Self { left: AtomicUsize::new(records), unpublished: Mutex::new(None), done: Notify::new() }
    }

    /// A record is durable.
    pub(super) fn published(&self) {
        self.count_off(1);
    }

    /// Records are not known to be durable. The first reason is the one that is told.
    pub(super) fn failed(&self, error: PublishError, records: Vec<Record>) {
        let count = records.len();
        let mut unpublished = self.unpublished.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *unpublished {
            Some(unpublished) => unpublished.records.extend(records),
            None => *unpublished = Some(Unpublished { error, records }),
        }
        drop(unpublished);
        self.count_off(count);
    }

    /// Waits until no record is left.
    ///
    /// # Errors
    ///
    /// The first reason and all records that were not published, where there are any.
    pub(super) async fn finished(&self) -> Result<(), Unpublished> {
        if self.left.load(Ordering::Acquire) > 0 {
            self.done.notified().await;
        }
        let unpublished = self.unpublished.lock().unwrap_or_else(PoisonError::into_inner).take();
        unpublished.map_or(Ok(()), Err)
    }

    fn count_off(&self, records: usize) {
        if self.left.fetch_sub(records, Ordering::AcqRel) == records {
            self.done.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn a_delivery_is_done_when_its_last_record_is() {
        let countdown = Arc::new(Countdown::new(3));
        countdown.published();
        let waiting = tokio::spawn({
            let countdown = Arc::clone(&countdown);
            async move { countdown.finished().await }
        });
        for _ in 0..2 {
            // Once, so that it waits; again, so that it could notice.
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
        }
        countdown.published();
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "one record is left");
        countdown.published();
        let waited = tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
        assert!(waited.unwrap().is_ok());
        assert!(countdown.finished().await.is_ok());
    }

    #[tokio::test]
    async fn what_was_not_published_comes_back_with_the_first_reason() {
        let countdown = Countdown::new(4);
        countdown.failed(PublishError::TimedOut, vec![record("a")]);
        countdown.published();
        countdown.failed(PublishError::QueueFull, vec![record("b"), record("c")]);
        let finished = tokio::time::timeout(Duration::from_secs(30), countdown.finished()).await.unwrap();
        let unpublished = finished.unwrap_err();
        let keys: Vec<_> = unpublished.records.iter().map(|record| record.key.as_str()).collect();
        assert_eq!((unpublished.error, keys), (PublishError::TimedOut, vec!["a", "b", "c"]));
    }
}
