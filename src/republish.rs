//! Publishes dead letters again: with the event id that they had, and a header that says how often that was
//! tried.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use cekbrand_ingest::record;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::topic::header;
use cekbrand_schema::{EventId, Lane, Topics, delivery};
use jiff::Timestamp;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer};

use crate::store::dead_letters::DeadLetter;

const PATIENCE: Duration = Duration::from_secs(5);

/// What one dead letter amounts to when it is published again.
pub(crate) struct Parcel {
    topic: String,
    key: String,
    event_id: EventId,
    value: Vec<u8>,
    /// The trace that goes on.
    trace: Option<String>,
    /// The number of the try.
    attempt: i32,
}

/// Turns a dead letter into records. A body that the receiver could not parse is parsed by this version.
///
/// # Errors
/// Why that leads nowhere.
pub(crate) fn parcels(
    letter: &DeadLetter,
    payload: Vec<u8>,
    topics: &Topics,
    now: Timestamp,
) -> Result<Vec<Parcel>, String> {
    let event_id = letter.event_id.as_deref().and_then(EventId::from_slice);
    let event_id = event_id.unwrap_or_else(|| cekbrand_schema::identity::identify_body(&payload));
    let attempt = letter.attempts + 1;
    if topics.lane(&letter.topic) != Some(Lane::DeadLetter) {
        let key = letter.account_id.clone().unwrap_or_default();
        let (topic, trace) = (letter.topic.clone(), letter.traceparent.clone());
        return Ok(vec![Parcel { topic, key, event_id, value: payload, attempt, trace }]);
    }
    let changes = delivery::parse(&payload).map_err(|reason| format!("it still is no delivery: {reason}"))?;
    let label = letter.secret_label.as_deref().unwrap_or_default();
    let received_at = letter.received_at.map_or(now, jiff_sqlx::Timestamp::to_jiff);
    let records = record::records_of(&changes, label, received_at);
    if records.dead_letters > 0 {
        return Err("a change in it is larger than a record may be".to_owned());
    }
    let parcel = |record: record::Record| Parcel {
        topic: topics.topic(record.lane).to_owned(),
        key: record.key,
        event_id: record.event_id,
        value: record.value,
        trace: letter.traceparent.clone(),
        attempt,
    };
    Ok(records.records.into_iter().map(parcel).collect())
}

/// A producer for dead letters.
pub(crate) struct Republisher {
    producer: FutureProducer,
}

impl Republisher {
    /// A client of these brokers, not yet connected.
    pub(crate) fn new(settings: &KafkaSettings) -> Result<Self> {
        let mut config = ClientConfig::new();
        for (name, value) in settings.properties() {
            config.set(name, value);
        }
        config
            .set("client.id", "cekbrand-dlq")
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("allow.auto.create.topics", "false")
            // The same partition for a key as the receiver chooses.
            .set("partitioner", "murmur2_random")
            .set("message.timeout.ms", PATIENCE.as_millis().to_string());
        config.set_log_level(RDKafkaLogLevel::Emerg);
        let producer =
            config.create().context("the Kafka client refuses its settings: check CEKBRAND__KAFKA__*")?;
        Ok(Self { producer })
    }

    /// Whether Kafka has a topic.
    pub(crate) fn has(&self, topic: &str) -> Result<bool> {
        let metadata = self.producer.client().fetch_metadata(Some(topic), PATIENCE);
        let metadata = metadata.context("Kafka does not answer: check CEKBRAND__KAFKA__BROKERS")?;
        let is_there = |found: &MetadataTopic| found.error().is_none() && !found.partitions().is_empty();
        Ok(metadata.topics().iter().any(is_there))
    }

    /// Publishes parcels and waits until Kafka has all of them.
    pub(crate) async fn publish(&self, parcels: &[Parcel]) -> Result<()> {
        let mut under_way: Vec<DeliveryFuture> = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            let (event_id, attempt) = (parcel.event_id.to_string(), parcel.attempt.to_string());
            let named = |key, value| Header { key, value: Some(value) };
            let mut headers = OwnedHeaders::new_with_capacity(4)
                .insert(named(header::EVENT_ID, event_id.as_str()))
                .insert(named(header::SCHEMA_VERSION, "1"))
                .insert(named(header::ATTEMPT, attempt.as_str()));
            if let Some(trace) = &parcel.trace {
                headers = headers.insert(named(header::TRACEPARENT, trace.as_str()));
            }
            let record =
                FutureRecord::to(&parcel.topic).key(&parcel.key).payload(&parcel.value).headers(headers);
            let sent = self.producer.send_result(record).map_err(|(error, _)| error);
            under_way.push(sent.context("Kafka does not take a dead letter")?);
        }
        for delivery in under_way {
            let told = delivery.await.map_err(|_| anyhow!("the producer broke off"))?;
            told.map_err(|(error, _)| error).context("Kafka does not take a dead letter")?;
        }
        Ok(())
    }
}
