//! Taking partitions from the loop: what Kafka has assigned is ours once the books have given it.

use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;

use super::LaneRunner;
use super::client::SESSION_MILLIS;
use super::ownership::{Claimed, Failed, Ownership};
use crate::database;
use crate::land::books::Watermarks;
use crate::land::position::{self, Claim, TakeError};
use crate::land::{Halt, Position};

/// How long Kafka may take to say where a partition begins and ends.
const WATERMARK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the claims of one round may take together, so that the loop polls again.
const ROUND: Duration = Duration::from_secs(5);

enum NotTaken {
    Halt(Halt),
    Later(Failed),
}

impl NotTaken {
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
    fn kafka(error: KafkaError) -> Self {
        Self::Later(Failed { reason: format!("Kafka: {error}"), is_database: false })
    }
}

impl LaneRunner {
    /// Takes what is due, one partition after the other.
    pub(super) fn round(&self) -> Result<Claimed, Halt> {
        let ownership: &Ownership = self.consumer.context();
        let mut failed = None;
        for partition in ownership.due() {
            if self.polled.elapsed() > ROUND || self.shutdown.is_cancelled() {
                break;
            }
            let begun = self.take(partition).and_then(|position| {
                ownership.begin(&self.consumer, partition, position).map_err(NotTaken::kafka)
            });
            let failure = match begun {
                Ok(()) => continue,
                Err(NotTaken::Halt(halt)) => return Err(halt),
                Err(NotTaken::Later(failure)) => failure,
            };
            let reason = &failure.reason;
            tracing::warn!(
                lane = %ownership.lane, kafka.partition = partition, reason,
                "a partition could not be taken and is tried again"
            );
            ownership.postpone(partition);
            failed = Some(failure);
            // What keeps one keeps the others as well.
            break;
        }
        Ok(Claimed { failed, waiting: ownership.waiting() })
    }

    fn take(&self, partition: i32) -> Result<Position, NotTaken> {
        let marks = self.consumer.fetch_watermarks(&self.lander.topic, partition, WATERMARK_TIMEOUT);
        let (low, high) = marks.map_err(NotTaken::kafka)?;
        let certain = Duration::from_millis(u64::from(SESSION_MILLIS)) * 4 / 5;
        let claim = Claim {
            place: self.place(partition, self.watch.id()),
            watermarks: Watermarks { low, high },
            now: self.lander.clock.now(),
            is_ours: &|| self.polled.elapsed() < certain && !self.consumer.assignment_lost(),
        };
        self.runtime.block_on(position::take(&self.lander.pool, claim)).map_err(|error| {
            let reason = match error {
                TakeError::Halt(halt) => return NotTaken::Halt(halt),
                TakeError::Database(error) => database::describe(&error),
                TakeError::TooLate => error.to_string(),
            };
            NotTaken::Later(Failed { reason, is_database: true })
        })
    }
}
