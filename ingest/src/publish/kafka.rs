//! The Kafka producer: idempotent, acks=all, one countdown for each delivery instead of a future for each record.
//!
//! A fatal producer error (KIP-360 has some that no retry mends) makes the producer useless for ever, so a watcher builds a new one.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::topic::{Topics, header};
use cekbrand_schema::{SharedClock, envelope};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext};
use tokio::sync::mpsc::UnboundedSender;

use super::countdown::Countdown;
use super::outbox::{self, Parcel};
use super::{PublishError, Published, Publisher};
use crate::progress::Progress;
use crate::record::Record;

/// Publishes to Kafka.
pub struct KafkaPublisher {
    outbox: UnboundedSender<Parcel>,
    client: Arc<Client>,
}

struct Client {
    config: ClientConfig,
    topics: Topics,
    progress: Arc<Progress>,
    producer: RwLock<Arc<ThreadedProducer<Acknowledge>>>,
}

impl KafkaPublisher {
    /// Builds the producer; it connects in the background. To be called on a Tokio runtime, which then forwards deliveries.
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
        let config = client_config(kafka, timeout);
        let progress = Arc::new(Progress::new(clock));
        let producer = RwLock::new(Arc::new(build(&config, &progress)?));
        let client = Arc::new(Client { config, topics, progress, producer });
        let outbox = outbox::open({
            let client = Arc::clone(&client);
            move |parcel| client.send(parcel)
        });
        Ok(Self { outbox, client })
    }

    /// When something was last acknowledged, for readiness.
    pub fn progress(&self) -> &Arc<Progress> {
        &self.client.progress
    }

    /// Replaces a producer that has failed for good; otherwise, where nothing was acknowledged lately, asks the brokers
    /// whether they are there. Blocks for up to `timeout`: call it where blocking is allowed.
    pub fn check(&self, timeout: Duration) {
        if self.outbox.is_closed() {
            // No probe either: a receiver that refuses every delivery must not look ready.
            tracing::error!(
                "the receiver's outbox has ended: every delivery is refused until it is started again"
            );
            return;
        }
        self.client.check(timeout);
    }

    /// Waits until everything handed over is acknowledged or given up. Blocks.
    ///
    /// # Errors
    ///
    /// The client's error where records are still on their way after `timeout`.
    pub fn flush(&self, timeout: Duration) -> KafkaResult<()> {
        self.client.current().flush(timeout)
    }
}

impl Client {
    fn check(&self, timeout: Duration) {
        let producer = self.current();
        if let Some((code, reason)) = producer.client().fatal_error() {
            tracing::error!(kafka.error = %code, kafka.reason = reason, "the producer failed for good and is built anew");
            metrics::counter!("cekbrand_ingest_producer_rebuilds_total").increment(1);
            match build(&self.config, &self.progress) {
                Ok(producer) => {
                    *self.producer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(producer);
                }
                Err(error) => tracing::error!(error = %error, "the new producer could not be built"),
            }
            return;
        }
        if self.progress.is_recent(timeout) {
            return;
        }
        let lane = cekbrand_schema::Lane::StoryInsights;
        match producer.client().fetch_metadata(Some(self.topics.topic(lane)), timeout) {
            Ok(metadata)
                if metadata.topics().iter().all(|t| t.error().is_none() && !t.partitions().is_empty()) =>
            {
                self.progress.record();
            }
            Ok(_) => tracing::warn!(
                kafka.topic = self.topics.topic(lane),
                "the topic cannot be written to: run `cekbrand migrate`"
            ),
            Err(error) => tracing::warn!(error = %error, "kafka does not answer"),
        }
    }

    fn current(&self) -> Arc<ThreadedProducer<Acknowledge>> {
        Arc::clone(&self.producer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands a delivery's records to the client's library. The first that it does not take fails the rest.
    fn send(&self, parcel: &mut Parcel) {
        let producer = self.producer.read().unwrap_or_else(PoisonError::into_inner);
        while let Some(record) = parcel.next() {
            let message =
                BaseRecord::with_opaque_to(self.topics.topic(record.lane), Arc::clone(parcel.countdown()))
                    .key(&record.key)
                    .payload(&record.value[..])
                    .headers(headers(&record, parcel.traceparent()));
            if let Err((error, _)) = producer.send(message) {
                parcel.countdown().fail(refusal(&error), 1);
                return;
            }
        }
    }
}

impl Publisher for KafkaPublisher {
    fn publish(&self, records: Vec<Record>, traceparent: String) -> Published<'_> {
        let countdown = Arc::new(Countdown::new(records.len()));
        // Where the outbox is gone, the parcel comes back, and dropping it fails the delivery.
        drop(self.outbox.send(Parcel::new(records, traceparent, Arc::clone(&countdown))));
        // No timer of our own: `message.timeout.ms` bounds every record, and each is told of in the end.
        Box::pin(async move { countdown.finished().await })
    }
}

impl std::fmt::Debug for KafkaPublisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaPublisher").field("topics", &self.client.topics).finish_non_exhaustive()
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
        // Waiting for company would add its whole time to every delivery; under load batches form by themselves while a request is under way.
        .set("linger.ms", "0")
        // The same partition for a key as Java clients choose.
        .set("partitioner", "murmur2_random")
        .set("message.timeout.ms", timeout.as_millis().to_string())
        .set("queue.buffering.max.kbytes", "131072")
        .set("socket.nagle.disable", "true");
    config
}

fn build(config: &ClientConfig, progress: &Arc<Progress>) -> KafkaResult<ThreadedProducer<Acknowledge>> {
    config.create_with_context(Acknowledge { progress: Arc::clone(progress) })
}

fn headers(record: &Record, traceparent: &str) -> OwnedHeaders {
    const SCHEMA_VERSION: &str = "1";
    const _: () = assert!(envelope::SCHEMA_VERSION == 1, "the header says the version that is written");

    let event_id = record.event_id.to_hex();
    let headers = OwnedHeaders::new_with_capacity(if record.dead.is_some() { 8 } else { 3 })
        .insert(Header { key: header::EVENT_ID, value: Some(event_id.as_str()) })
        .insert(Header { key: header::SCHEMA_VERSION, value: Some(SCHEMA_VERSION) })
        .insert(Header { key: header::TRACEPARENT, value: Some(traceparent) });
    let Some(dead) = &record.dead else { return headers };
    headers
        .insert(Header { key: header::REASON, value: Some(dead.reason) })
        .insert(Header { key: header::PART, value: Some(&dead.part.to_string()) })
        .insert(Header { key: header::PARTS, value: Some(&dead.parts.to_string()) })
        .insert(Header { key: header::RECEIVED_AT, value: Some(&dead.received_at.to_string()) })
        .insert(Header { key: header::SECRET, value: Some(&dead.secret) })
}

fn refusal(error: &KafkaError) -> PublishError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => PublishError::QueueFull,
        Some(RDKafkaErrorCode::MessageTimedOut) => PublishError::TimedOut,
        _ => PublishError::Refused(error.to_string()),
    }
}

/// Hears of every record's fate and tells its delivery.
struct Acknowledge {
    progress: Arc<Progress>,
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
            Ok(_) => {
                self.progress.record();
                countdown.count_off(1);
            }
            Err((error, _)) => countdown.fail(refusal(error), 1),
        }
    }
}
