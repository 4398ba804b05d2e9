//! A publisher that keeps records in memory, for tests of what stands in front of it.

use std::sync::{Mutex, PoisonError};

use super::{PublishError, Published, Publisher};
use crate::record::Record;

/// Keeps what it is given, or refuses it as told.
#[derive(Debug, Default)]
pub struct MemoryPublisher {
    records: Mutex<Vec<Record>>,
    failure: Mutex<Option<PublishError>>,
}

impl MemoryPublisher {
    /// From now on every delivery fails like this, or succeeds again.
    pub fn fail_with(&self, failure: Option<PublishError>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// All records so far.
    pub fn records(&self) -> Vec<Record> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Publisher for MemoryPublisher {
    fn publish(&self, records: Vec<Record>, _traceparent: String) -> Published<'_> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if failure.is_none() {
            self.records.lock().unwrap_or_else(PoisonError::into_inner).extend(records);
        }
        Box::pin(async move { failure.map_or(Ok(()), Err) })
    }
}
