//! A publisher that keeps records in memory, for tests of what stands in front of it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{PublishError, Published, Publisher, Unflushed, Unpublished};
use crate::record::Record;

/// Keeps what it is given, or hands it back as told.
#[derive(Debug, Default)]
pub struct MemoryPublisher {
    records: Mutex<Vec<Record>>,
    failure: Mutex<Option<PublishError>>,
}

impl MemoryPublisher {
    /// From now on every delivery fails like this, or succeeds again.
    pub fn fail_with(&self, failure: Option<PublishError>) {
        *lock(&self.failure) = failure;
    }

    /// All records so far.
    pub fn records(&self) -> Vec<Record> {
        lock(&self.records).clone()
    }
}

impl Publisher for MemoryPublisher {
    fn publish(&self, records: Vec<Record>) -> Published<'_> {
        let outcome = if let Some(error) = lock(&self.failure).clone() {
            Err(Unpublished { error, records })
        } else {
            lock(&self.records).extend(records);
            Ok(())
        };
        Box::pin(std::future::ready(outcome))
    }

    fn ready(&self) -> Result<(), String> {
        lock(&self.failure).as_ref().map_or(Ok(()), |error| Err(error.to_string()))
    }

    fn check(&self, _timeout: Duration) {}

    fn flush(&self, _timeout: Duration) -> Result<(), Unflushed> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
