//! Which records of Kafka lie in a range of time, and whether all of them are still there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::order::{Order, Refusal};
use super::{ReplayError, Replayer};

/// How long Kafka may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be gone through of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The offset that comes next.
    pub next: i64,
    /// The offset at which it ends.
    pub until: i64,
}

impl Share {
    /// How many records are left.
    pub fn left(self) -> u64 {
        (self.until - self.next).max(0).unsigned_abs()
    }
}

/// A consumer that joins no group and commits nothing. Assigning wants a group's name all the same.
pub(super) fn consumer(replayer: &Replayer) -> Result<BaseConsumer, KafkaError> {
    let mut config = ClientConfig::new();
    for (name, value) in replayer.kafka.properties() {
        config.set(name, value);
    }
    config
        .set("client.id", "cekbrand-replay")
        .set("group.id", "cekbrand.replay")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // What is gone is gone: to go on elsewhere would leave a hole.
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("queued.max.messages.kbytes", "32768");
    config.create()
}

/// Finds the records of the range in each partition.
pub(super) async fn find(replayer: &Replayer, order: &Order) -> Result<BTreeMap<i32, Share>, ReplayError> {
    let consumer = consumer(replayer)?;
    let order = order.clone();
    let finding = tokio::task::spawn_blocking(move || find_on(&consumer, &order));
    finding.await.map_err(|_| ReplayError::Reader)?
}

fn find_on(consumer: &BaseConsumer, order: &Order) -> Result<BTreeMap<i32, Share>, ReplayError> {
    let partitions = partitions(consumer, &order.topic)?;
    let from = offsets_at(consumer, order, &partitions, order.from)?;
    let to = offsets_at(consumer, order, &partitions, order.to)?;
    let (mut shares, mut cut) = (BTreeMap::new(), BTreeMap::new());
    for partition in partitions {
        let (low, high) = consumer.fetch_watermarks(&order.topic, partition, PATIENCE)?;
        let next = from.get(&partition).copied().unwrap_or(high);
        let until = to.get(&partition).copied().unwrap_or(high);
        if low > 0 && next <= low {
            cut.insert(partition, Share { next: low, until: high });
        }
        shares.insert(partition, Share { next, until: until.max(next) });
    }
    refuse_expired(consumer, order, &cut)?;
    Ok(shares)
}

fn partitions(consumer: &BaseConsumer, topic: &str) -> Result<Vec<i32>, ReplayError> {
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let partitions: Vec<i32> =
        metadata.topics().iter().flat_map(MetadataTopic::partitions).map(MetadataPartition::id).collect();
    if partitions.is_empty() {
        return Err(Refusal::MissingTopic { topic: topic.to_owned() }.into());
    }
    Ok(partitions)
}

/// The first offset at or after an instant, of each partition that has one.
fn offsets_at(
    consumer: &BaseConsumer,
    order: &Order,
    partitions: &[i32],
    instant: Timestamp,
) -> Result<BTreeMap<i32, i64>, KafkaError> {
    let mut asked = TopicPartitionList::new();
    for partition in partitions {
        let time = Offset::Offset(instant.as_millisecond().max(0));
        asked.add_partition_offset(&order.topic, *partition, time)?;
    }
    let found = consumer.offsets_for_times(asked, PATIENCE)?;
    let offset = |offset: Offset| if let Offset::Offset(number) = offset { Some(number) } else { None };
    let elements = found.elements();
    Ok(elements.iter().filter_map(|each| Some((each.partition(), offset(each.offset())?))).collect())
}

/// Where the log no longer begins at its beginning, its oldest record says from when on there are any.
fn refuse_expired(
    consumer: &BaseConsumer,
    order: &Order,
    cut: &BTreeMap<i32, Share>,
) -> Result<(), ReplayError> {
    let topic = || order.topic.clone();
    let mut list = TopicPartitionList::new();
    for (partition, log) in cut {
        if log.left() == 0 {
            return Err(Refusal::AllExpired { topic: topic(), partition: *partition }.into());
        }
        list.add_partition_offset(&order.topic, *partition, Offset::Offset(log.next))?;
    }
    if cut.is_empty() {
        return Ok(());
    }
    consumer.assign(&list)?;
    let mut oldest: BTreeMap<i32, i64> = BTreeMap::new();
    let deadline = Instant::now() + PATIENCE;
    while oldest.len() < cut.len() {
        if Instant::now() > deadline {
            return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut).into());
        }
        let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
        let message = message?;
        oldest.entry(message.partition()).or_insert(message.timestamp().to_millis().unwrap_or(0));
    }
    consumer.unassign()?;
    let since = oldest.into_values().max().unwrap_or(0);
    if since > order.from.as_millisecond() {
        let since = Timestamp::from_millisecond(since).unwrap_or(order.from);
        return Err(Refusal::Expired { topic: topic(), since, from: order.from }.into());
    }
    Ok(())
}
