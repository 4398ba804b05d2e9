//! Polling a batch together.

use std::time::Instant;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::{IDLE_POLL, LaneRunner};
use crate::land::decode::Incoming;

/// The bytes of a batch, so that a flood of large changes fits into a statement and into memory. At most one
/// record more.
const BATCH_BYTES: usize = 32 << 20;

/// What one gathering brought.
pub(super) struct Gathered {
    pub(super) records: Vec<Incoming>,
    /// An offset is gone: the positions have to be taken anew, after these records have landed.
    pub(super) is_offset_gone: bool,
}

impl LaneRunner {
    /// Polls until a batch is full or has waited long enough. Rebalances are told in here, between batches.
    pub(super) fn gather(&mut self) -> Gathered {
        let mut gathered = Gathered { records: Vec::new(), is_offset_gone: false };
        let mut bytes = 0;
        let mut deadline: Option<Instant> = None;
        while gathered.records.len() < self.settings.batch_changes && bytes < BATCH_BYTES {
            let wait = deadline.map_or(IDLE_POLL, |at| at.saturating_duration_since(Instant::now()));
            match self.consumer.poll(wait) {
                Some(Ok(message)) => {
                    let record = Incoming::read(self.lander.lane, &message);
                    bytes += record.bytes.len();
                    gathered.records.push(record);
                    deadline.get_or_insert_with(|| Instant::now() + self.settings.batch_wait);
                }
                Some(Err(error)) if is_offset_gone(&error) => {
                    tracing::error!(lane = %self.lander.lane, error = %error, "an offset is gone; the positions are taken anew");
                    gathered.is_offset_gone = true;
                    break;
                }
                Some(Err(error)) => {
                    tracing::warn!(lane = %self.lander.lane, error = %error, "the consumer reports trouble");
                }
                None => break,
            }
        }
        self.polled = Instant::now();
        gathered.records.sort_by_key(|record| (record.partition, record.offset));
        gathered
    }
}

/// Whether Kafka no longer has, or does not have yet, the offset that was to be read.
fn is_offset_gone(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)
    )
}
