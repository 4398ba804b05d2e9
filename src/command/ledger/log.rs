//! Where each partition of our topics begins and ends in Kafka, and which topics those are.

use std::collections::BTreeMap;
use std::time::Duration;

use cekbrand_schema::Topics;
use cekbrand_schema::kafka::KafkaSettings;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::MetadataTopic;

use crate::config::Config;
use crate::store::books::LedgerRow;

/// How long Kafka may take to say how far its log goes.
const PATIENCE: Duration = Duration::from_secs(3);

/// What Kafka holds; nothing where it does not say.
pub(crate) struct Log(Option<BTreeMap<String, Topic>>);

/// Asks Kafka how far its log goes, and waits for it aside.
pub(crate) async fn log(config: &Config) -> Log {
    let (Ok(kafka), topics) = (config.kafka(), config.topics()) else { return Log(None) };
    let log = tokio::task::spawn_blocking(move || Log::read(&kafka, &topics));
    log.await.unwrap_or(Log(None))
}

/// A topic in Kafka.
pub(crate) struct Topic {
    /// What tells it from another one under the same name; `None` where no broker says.
    pub(super) id: Option<String>,
    /// First and next offset of each partition.
    pub(super) ends: BTreeMap<i32, (i64, i64)>,
}

impl Log {
    /// Asks Kafka. Blocks for some seconds where it does not answer.
    pub(super) fn read(kafka: &KafkaSettings, topics: &Topics) -> Self {
        let mut config = ClientConfig::new();
        for (name, value) in kafka.properties() {
            config.set(name, value);
        }
        config.set_log_level(RDKafkaLogLevel::Emerg);
        Self(config.create().ok().and_then(|consumer| ask(&consumer, topics)))
    }

    /// What Kafka says of a topic; `None` where it does not answer at all.
    pub(super) fn topic(&self, name: &str) -> Option<&Topic> {
        self.0.as_ref()?.get(name)
    }

    /// How many records of a partition nobody has read.
    pub(super) fn lag(&self, row: &LedgerRow) -> Option<i64> {
        let (_, high) = self.topic(&row.topic)?.ends.get(&row.partition)?;
        Some(high - row.next)
    }

    /// The same over all partitions, those that no worker has ever read included.
    pub(crate) fn total_lag(&self, rows: &[LedgerRow]) -> Option<i64> {
        let next: BTreeMap<(&str, i32), i64> =
            rows.iter().map(|row| ((row.topic.as_str(), row.partition), row.next)).collect();
        let topics = self.0.as_ref()?.iter();
        let unread = topics.flat_map(|(name, topic)| {
            let next = &next;
            topic.ends.iter().map(move |(partition, (low, high))| {
                high - next.get(&(name.as_str(), *partition)).copied().unwrap_or(*low)
            })
        });
        Some(unread.sum())
    }
}

fn ask(consumer: &BaseConsumer, topics: &Topics) -> Option<BTreeMap<String, Topic>> {
    let mut found = BTreeMap::new();
    for (_, name) in topics.iter() {
        let metadata = consumer.fetch_metadata(Some(name), PATIENCE).ok()?;
        let mut ends = BTreeMap::new();
        for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
            ends.insert(partition.id(), consumer.fetch_watermarks(name, partition.id(), PATIENCE).ok()?);
        }
        let id = cekbrand_topic_id::topic_id(consumer.client(), name, PATIENCE).ok().flatten();
        found.insert(name.to_owned(), Topic { id, ends });
    }
    Some(found)
}

#[cfg(test)]
impl Log {
    /// What Kafka is taken to say.
    pub(super) fn of(topics: impl IntoIterator<Item = (String, Topic)>) -> Self {
        Self(Some(topics.into_iter().collect()))
    }
}
