//! Which partitions are ours: by Kafka's word those that it has assigned, by PostgreSQL's those that have a
//! position. The first come through the callback, which waits for nothing; the second are taken from the
//! loop.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cekbrand_schema::Lane;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::LaneRunner;
use super::client::SESSION_MILLIS;
use crate::database;
use crate::land::books::Watermarks;
use crate::land::position::{self, Claim, TakeError};
use crate::land::{Halt, Position, Positions};

/// How long Kafka may take to say where a partition begins and ends.
const WATERMARK_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the claims of one round may take together, so that the loop polls again.
const ROUND: Duration = Duration::from_secs(5);

/// When a partition that could not be taken is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// When a partition that another worker took is taken back, if Kafka still says that it is ours. By then a
/// worker that was expelled without knowing has heard so, since Kafka answers each heartbeat.
const BACK_AFTER: Duration = Duration::from_secs(4);

/// The consumer's context.
pub(super) struct Ownership {
    lane: Lane,
    topic: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Assigned by Kafka and taken from the books.
    positions: Positions,
    /// Assigned by Kafka alone: not read yet, and tried at this instant.
    waiting: BTreeMap<i32, Instant>,
}

/// How a round of claims went.
pub(super) struct Claimed {
    /// Why one was not taken.
    pub(super) failed: Option<Failed>,
    /// Assigned partitions without a position.
    pub(super) waiting: usize,
}

/// Why a partition was not taken, for now.
pub(super) struct Failed {
    pub(super) reason: String,
    /// Whether another worker may fare better: Kafka is the same for all.
    pub(super) is_database: bool,
}

impl Claimed {
    /// Nothing is taken before Kafka has said which topic it is.
    pub(super) fn unasked(waiting: usize) -> Self {
        let reason = "Kafka has not said which topic it is".to_owned();
        Self { failed: Some(Failed { reason, is_database: false }), waiting }
    }
}

impl Ownership {
    pub(super) fn new(lane: Lane, topic: &str) -> Self {
        Self { lane, topic: topic.to_owned(), state: Mutex::default() }
    }

    pub(super) fn positions(&self) -> Positions {
        self.state().positions.clone()
    }

    pub(super) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// Stops reading partitions that the books gave to another worker. As long as Kafka says that they are
    /// ours, they are taken back.
    pub(super) fn lose(&self, consumer: &BaseConsumer<Self>, partitions: &[i32]) {
        for partition in partitions {
            tracing::warn!(lane = %self.lane, kafka.partition = partition, "another worker took the partition");
        }
        self.release(consumer, partitions, Instant::now() + BACK_AFTER);
    }

    /// Stops reading all partitions, to take them anew at once.
    pub(super) fn release_all(&self, consumer: &BaseConsumer<Self>) {
        let held: Vec<i32> = self.state().positions.keys().copied().collect();
        self.release(consumer, &held, Instant::now());
    }

    fn release(&self, consumer: &BaseConsumer<Self>, partitions: &[i32], again_at: Instant) {
        let mut state = self.state();
        let held: Vec<i32> =
            partitions.iter().copied().filter(|each| state.positions.remove(each).is_some()).collect();
        state.waiting.extend(held.iter().map(|each| (*each, again_at)));
        drop(state);
        if !held.is_empty()
            && let Err(error) = consumer.incremental_unassign(&self.list(&held))
        {
            tracing::error!(lane = %self.lane, error = %error, "partitions could not be put down");
        }
    }

    fn list(&self, partitions: &[i32]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition(&self.topic, *partition);
        }
        list
    }

    fn due(&self) -> Vec<i32> {
        let now = Instant::now();
        self.state().waiting.iter().filter(|(_, at)| **at <= now).map(|(partition, _)| *partition).collect()
    }

    fn postpone(&self, partition: i32) {
        self.state().waiting.insert(partition, Instant::now() + AGAIN_AFTER);
    }

    /// Begins to read a partition at its position.
    fn begin(&self, consumer: &BaseConsumer<Self>, partition: i32, position: Position) -> KafkaResult<()> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, partition, Offset::Offset(position.next))?;
        consumer.incremental_assign(&list)?;
        let mut state = self.state();
        state.waiting.remove(&partition);
        state.positions.insert(partition, position);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what is due, one partition after the other.
pub(super) fn claim(lane: &LaneRunner) -> Result<Claimed, Halt> {
    let ownership: &Ownership = lane.consumer.context();
    let mut failed = None;
    for partition in ownership.due() {
        if lane.polled.elapsed() > ROUND || lane.shutdown.is_cancelled() {
            break;
        }
        let begun = take(lane, partition).and_then(|position| {
            ownership.begin(&lane.consumer, partition, position).map_err(NotTaken::kafka)
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

fn take(lane: &LaneRunner, partition: i32) -> Result<Position, NotTaken> {
    let marks = lane.consumer.fetch_watermarks(&lane.lander.topic, partition, WATERMARK_TIMEOUT);
    let (low, high) = marks.map_err(NotTaken::kafka)?;
    let certain = Duration::from_millis(u64::from(SESSION_MILLIS)) * 4 / 5;
    let claim = Claim {
        place: lane.place(partition, lane.watch.id()),
        watermarks: Watermarks { low, high },
        now: lane.lander.clock.now(),
        is_ours: &|| lane.polled.elapsed() < certain && !lane.consumer.assignment_lost(),
    };
    lane.runtime.block_on(position::take(&lane.lander.pool, claim)).map_err(|error| {
        let reason = match error {
            TakeError::Halt(halt) => return NotTaken::Halt(halt),
            TakeError::Database(error) => database::describe(&error),
            TakeError::TooLate => error.to_string(),
        };
        NotTaken::Later(Failed { reason, is_database: true })
    })
}

impl ClientContext for Ownership {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(lane = %self.lane, error = %error, kafka.reason = reason, "the consumer reports trouble");
    }
}

impl ConsumerContext for Ownership {
    /// Notes what Kafka says and waits for nothing: Kafka's clock for polling starts only once this has come
    /// back.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let elements = partitions.elements();
        let told: Vec<i32> =
            elements.iter().map(rdkafka::topic_partition_list::TopicPartitionListElem::partition).collect();
        let done = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            tracing::info!(lane = %self.lane, kafka.partitions = told.len(), "partitions were assigned");
            let now = Instant::now();
            self.state().waiting.extend(told.iter().map(|each| (*each, now)));
            consumer.incremental_assign(&TopicPartitionList::new())
        } else {
            tracing::info!(lane = %self.lane, kafka.partitions = told.len(), "partitions were revoked");
            let mut state = self.state();
            state.waiting.retain(|each, _| !told.contains(each));
            // Only what was begun can be ended.
            let held: Vec<i32> =
                told.into_iter().filter(|each| state.positions.remove(each).is_some()).collect();
            drop(state);
            consumer.incremental_unassign(&self.list(&held))
        };
        if let Err(error) = done {
            tracing::error!(lane = %self.lane, error = %error, "a rebalance failed");
        }
    }
}
