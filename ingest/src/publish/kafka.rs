//! The Kafka producer: idempotent, acks=all, one countdown for each delivery instead of a future for each
//! record.
//!
//! A fatal producer error (KIP-360 has some that no retry mends) makes the producer useless for ever, so a
//! watcher builds a new one.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{SharedClock, Topics};
use metrics::{Counter, counter, describe_counter};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext, Message};
use tokio::sync::mpsc::UnboundedSender;

use super::countdown::Countdown;
use super::outbox::{self, Parcel};
use super::{PublishError, Published, Publisher, Unflushed, wire};
use crate::progress::Progress;
use crate::record::Record;

const REBUILDS: &str = "cekbrand_ingest_producer_rebuilds_total";
const RETRIED: &str = "cekbrand_ingest_retried_records_total";

/// Publishes to Kafka.
pub struct KafkaPublisher {
    outbox: UnboundedSender<Parcel>,
    client: Arc<Client>,
}

struct Client {
    config: ClientConfig,
    topics: Arc<Topics>,
    progress: Arc<Progress>,
    producer: RwLock<Arc<ThreadedProducer<Acknowledge>>>,
    rebuilds: Counter,
    retried: Counter,
}

impl KafkaPublisher {
    /// Builds the producer; it connects in the background. To be called on a Tokio runtime, which then
    /// forwards deliveries.
    ///
    /// # Errors
    ///
    /// The client's error where the settings contradict themselves.
    pub fn new(
        kafka: &KafkaSettings,
        topics: Topics,
        timeout: Duration,
        clock: SharedClock,
    ) -> KafkaResult<Self> {
        describe_counter!(REBUILDS, "Producers that failed for good and were built anew");
        describe_counter!(
            RETRIED,
            "Records that failed and were published once more, to learn whether Kafka takes them again"
        );
        let (progress, topics) = (Arc::new(Progress::new(clock)), Arc::new(topics));
        let config = client_config(kafka, timeout);
        let acknowledge = Acknowledge { progress: Arc::clone(&progress), topics: Arc::clone(&topics) };
        let producer = RwLock::new(Arc::new(config.create_with_context(acknowledge)?));
        let (rebuilds, retried) = (counter!(REBUILDS), counter!(RETRIED));
        let client = Arc::new(Client { config, topics, progress, producer, rebuilds, retried });
        let outbox = outbox::open({
            let client = Arc::clone(&client);
            move |parcel| client.send(parcel)
        });
        Ok(Self { outbox, client })
    }
}

impl Publisher for KafkaPublisher {
    fn publish(&self, records: Vec<Record>) -> Published<'_> {
        let countdown = Arc::new(Countdown::new(records.len()));
        // Where the outbox is gone, the parcel comes back, and dropping it hands its records back.
        drop(self.outbox.send(Parcel::new(records, Arc::clone(&countdown))));
        // No timer of our own: `message.timeout.ms` bounds every record, and each is told of in the end.
        Box::pin(async move { countdown.finished().await })
    }

    fn ready(&self) -> Result<(), String> {
        self.client.progress.ready()
    }

    fn check(&self, timeout: Duration) {
        if self.outbox.is_closed() {
            // No probe either: a receiver that refuses every delivery must not look ready.
            tracing::error!(
                "the receiver's outbox has ended: every delivery is refused until it is started again"
            );
            return;
        }
        self.client.check(timeout);
    }

    fn flush(&self, timeout: Duration) -> Result<(), Unflushed> {
        self.client.current().flush(timeout).map_err(|error| Unflushed(error.into()))
    }
}

impl std::fmt::Debug for KafkaPublisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaPublisher").field("topics", &self.client.topics).finish_non_exhaustive()
    }
}

impl Client {
    /// Replaces a producer that has failed for good. Otherwise tries failing lanes again, and where nothing
    /// was acknowledged lately asks the brokers whether they are there.
    fn check(&self, timeout: Duration) {
        let producer = self.current();
        if let Some((code, reason)) = producer.client().fatal_error() {
            tracing::error!(
                kafka.error = %code,
                kafka.reason = reason,
                "the producer failed for good and is built anew"
            );
            return self.rebuild();
        }
        for record in self.progress.to_retry() {
            self.retried.increment(1);
            self.send_one(&producer, record, &Arc::new(Countdown::new(1)));
        }
        if !self.progress.is_recent(timeout) {
            self.probe(&producer, timeout);
        }
    }

    fn rebuild(&self) {
        self.rebuilds.increment(1);
        let (progress, topics) = (Arc::clone(&self.progress), Arc::clone(&self.topics));
        match self.config.create_with_context(Acknowledge { progress, topics }) {
            Ok(producer) => {
                *self.producer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(producer);
            }
            Err(error) => tracing::error!(error = %error, "the new producer could not be built"),
        }
    }

    fn probe(&self, producer: &ThreadedProducer<Acknowledge>, timeout: Duration) {
        for (_, topic) in self.topics.iter() {
            match producer.client().fetch_metadata(Some(topic), timeout) {
                Ok(metadata)
                    if metadata
                        .topics()
                        .iter()
                        .all(|t| t.error().is_none() && !t.partitions().is_empty()) => {}
                Ok(_) => {
                    tracing::warn!(
                        kafka.topic = topic,
                        "the topic cannot be written to: run `cekbrand migrate`"
                    );
                    return;
                }
                Err(error) => return tracing::warn!(error = %error, "kafka does not answer"),
            }
        }
        self.progress.answered();
    }

    fn current(&self) -> Arc<ThreadedProducer<Acknowledge>> {
        Arc::clone(&self.producer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands a delivery's records to the client's library. The first that it does not take ends the delivery.
    fn send(&self, parcel: &mut Parcel) {
        let producer = self.producer.read().unwrap_or_else(PoisonError::into_inner);
        let countdown = Arc::clone(parcel.countdown());
        for record in parcel.by_ref() {
            if !self.send_one(&producer, record, &countdown) {
                return;
            }
        }
    }

    fn send_one(
        &self,
        producer: &ThreadedProducer<Acknowledge>,
        record: Record,
        countdown: &Arc<Countdown>,
    ) -> bool {
        let message = BaseRecord::with_opaque_to(self.topics.topic(record.lane), Arc::clone(countdown))
            .key(&record.key)
            .payload(&record.value[..])
            .headers(wire::headers(&record));
        let Err((error, _)) = producer.send(message) else { return true };
        self.progress.failed(error.to_string(), &record);
        countdown.failed(publish_error(&error), vec![record]);
        false
    }
}

fn client_config(kafka: &KafkaSettings, timeout: Duration) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in kafka.properties() {
        config.set(name, value);
    }
    config
        .set("client.id", "cekbrand-ingest")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // A topic that is not there must not come up with a broker's defaults: `migrate` makes topics.
        .set("allow.auto.create.topics", "false")
        // Waiting for company would add its whole time to every delivery; under load batches form by
        // themselves while a request is under way.
        .set("linger.ms", "0")
        // The same partition for a key as Java clients choose.
        .set("partitioner", "murmur2_random")
        .set("message.timeout.ms", timeout.as_millis().to_string())
        .set("queue.buffering.max.kbytes", "131072")
        .set("socket.nagle.disable", "true");
    config
}

fn publish_error(error: &KafkaError) -> PublishError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => PublishError::QueueFull,
        Some(RDKafkaErrorCode::MessageTimedOut) => PublishError::TimedOut,
        _ => PublishError::Refused(error.to_string()),
    }
}

/// Hears of every record's fate and tells its delivery.
struct Acknowledge {
    progress: Arc<Progress>,
    topics: Arc<Topics>,
}

impl ClientContext for Acknowledge {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(error = %error, kafka.reason = reason, "the producer reports trouble");
    }
}

impl ProducerContext for Acknowledge {
    type DeliveryOpaque = Arc<Countdown>;

    fn delivery(&self, result: &DeliveryResult<'_>, countdown: Arc<Countdown>) {
        match result {
            Ok(message) => {
                self.progress.acknowledged(|| self.topics.lane(message.topic()));
                countdown.published();
            }
            Err((error, message)) => {
                let record = wire::record(message, &self.topics);
                self.progress.failed(error.to_string(), &record);
                countdown.failed(publish_error(error), vec![record]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::error::RDKafkaErrorCode;

    use super::*;

    /// A full queue is a matter of load, a refusal is the broker's, and an operator reads which it was.
    #[test]
    fn each_failure_of_the_client_has_its_own_name() {
        for (code, name) in [
            (RDKafkaErrorCode::QueueFull, "queue_full"),
            (RDKafkaErrorCode::MessageTimedOut, "timed_out"),
            (RDKafkaErrorCode::NotEnoughReplicas, "refused"),
        ] {
            assert_eq!(publish_error(&KafkaError::MessageProduction(code)).as_str(), name);
        }
    }
}
