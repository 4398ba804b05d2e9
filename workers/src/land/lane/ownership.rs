//! Which partitions are ours: by Kafka's word those that it has assigned, by PostgreSQL's those that have a
//! position. The first come through the callback, which waits for nothing; the second are taken from the
//! loop, in `claim`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cekbrand_schema::Lane;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, Statistics, TopicPartitionList};

use super::report;
use crate::land::{Position, Positions};

/// When a partition that could not be taken is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// When a partition that another worker took is taken back, if Kafka still says that it is ours. By then a
/// worker that was expelled without knowing has heard so, since Kafka answers each heartbeat.
const BACK_AFTER: Duration = Duration::from_secs(4);

/// The consumer's context.
pub(super) struct Ownership {
    pub(super) lane: Lane,
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

    pub(super) fn due(&self) -> Vec<i32> {
        let now = Instant::now();
        self.state().waiting.iter().filter(|(_, at)| **at <= now).map(|(partition, _)| *partition).collect()
    }

    pub(super) fn postpone(&self, partition: i32) {
        self.state().waiting.insert(partition, Instant::now() + AGAIN_AFTER);
    }

    /// Begins to read a partition at its position.
    pub(super) fn begin(
        &self,
        consumer: &BaseConsumer<Self>,
        partition: i32,
        position: Position,
    ) -> KafkaResult<()> {
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

impl ClientContext for Ownership {
    fn stats(&self, statistics: Statistics) {
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        let positions = self.positions();
        let held = topic.partitions.iter().filter(|(partition, _)| positions.contains_key(partition));
        report::lag(self.lane, held.map(|(_, partition)| partition.consumer_lag));
    }

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
