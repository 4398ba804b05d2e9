//! What a record of a lane is: a change, a part of a dead letter, or neither.

use cekbrand_schema::dead_letter::DeadPart;
use cekbrand_schema::envelope::{Envelope, EnvelopeError};
use cekbrand_schema::event::{Payload, Unreadable};
use cekbrand_schema::topic::header;
use cekbrand_schema::trace::TraceParent;
use cekbrand_schema::{AccountId, EventId, Lane};
use jiff::Timestamp;
use metrics::{counter, describe_counter};
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Headers};

const UNREADABLE: &str = "cekbrand_worker_unreadable_changes_total";

/// A record with its place.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// How often it was published again after it had become a dead letter.
    pub attempt: i32,
    /// The record's value.
    pub bytes: Vec<u8>,
    /// What it is.
    pub content: Content,
    /// The span that published it, where traces are on.
    pub trace: Option<TraceParent>,
}

/// What a record is.
#[derive(Debug, Clone)]
pub enum Content {
    /// A change in its envelope.
    Change(Box<Arrived>),
    /// One part of a body that the receiver could not parse.
    DeadPart(DeadPart),
    /// Nothing that belongs on this topic.
    Undecodable {
        /// The dead letter's reason.
        reason: &'static str,
        /// What exactly was wrong.
        error: String,
    },
}

/// A change as it came out of Kafka.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The dedupe key.
    pub event_id: EventId,
    /// What the change is about.
    pub subject_id: Option<String>,
    /// `instagram`, `page`, `permissions`.
    pub object: String,
    /// The webhook field.
    pub field: String,
    /// The account; empty where the delivery named none.
    pub account_id: AccountId,
    /// When the delivery arrived.
    pub received_at: Timestamp,
    /// When Meta says it sent it.
    pub entry_time: Option<Timestamp>,
    /// The label of the secret that signed.
    pub secret_label: String,
    /// Members without a place of their own.
    pub extra: Option<String>,
    /// The value as received.
    pub raw: String,
    /// Whether the App Dashboard's Test button sent it.
    pub is_test: bool,
    /// What the value says.
    pub payload: Payload,
}

impl Incoming {
    /// Takes a record out of the consumer's hands.
    pub fn read(lane: Lane, message: &BorrowedMessage<'_>) -> Self {
        let bytes = message.payload().unwrap_or_default().to_vec();
        let content = if lane == Lane::DeadLetter { dead_part(message) } else { change(&bytes) };
        let (partition, offset, attempt) = (message.partition(), message.offset(), attempt(message));
        Self { partition, offset, attempt, bytes, content, trace: place(message) }
    }

    /// The dedupe key, where there is one. Further parts of a body go with its first.
    pub fn event_id(&self) -> Option<EventId> {
        match &self.content {
            Content::Change(change) => Some(change.event_id),
            Content::DeadPart(part) if part.part == 0 => Some(part.event_id),
            Content::DeadPart(_) | Content::Undecodable { .. } => None,
        }
    }
}

/// Reads the value of a record on any lane but the dead letters'.
pub fn change(bytes: &[u8]) -> Content {
    match Envelope::parse(bytes) {
        Ok(envelope) => Content::Change(Box::new(arrived(&envelope))),
        Err(error) => Content::Undecodable { reason: error.as_str(), error: describe(&error) },
    }
}

fn arrived(envelope: &Envelope<'_>) -> Arrived {
    let is_test = envelope.is_test();
    let payload = payload(is_test, &envelope.object, &envelope.field, envelope.value.get());
    if let Payload::Unreadable(reason) = payload {
        count_unreadable(envelope, reason);
    }
    Arrived {
        event_id: envelope.event_id,
        subject_id: envelope.subject_id.as_deref().map(storable),
        object: storable(&envelope.object),
        field: storable(&envelope.field),
        account_id: storable(&envelope.account_id).into(),
        received_at: envelope.received_at,
        entry_time: envelope.entry_time,
        secret_label: storable(&envelope.secret_label),
        extra: envelope.extra.map(|extra| extra.get().to_owned()),
        raw: envelope.value.get().to_owned(),
        is_test,
        payload,
    }
}

/// What a change's value says. Tests and what is not about Instagram say nothing that makes rows.
pub(crate) fn payload(is_test: bool, object: &str, field: &str, raw: &str) -> Payload {
    if is_test || object != "instagram" { Payload::Other } else { Payload::read(field, raw) }
}

/// An operator must see that a field claims to be what it is not: Meta has changed something, or a tool in
/// between has.
fn count_unreadable(envelope: &Envelope<'_>, reason: Unreadable) {
    describe_counter!(
        UNREADABLE,
        "Records of fields that are read whose value could not be; they are kept as events"
    );
    let field = envelope.field.to_string();
    counter!(UNREADABLE, "field" => field, "reason" => reason.as_str()).increment(1);
    tracing::warn!(
        event.id = %envelope.event_id,
        account.id = %envelope.account_id,
        webhook.field = %envelope.field,
        reason = reason.as_str(),
        "a change could not be read as the field it claims to be; it is kept as an event"
    );
}

/// Text that PostgreSQL can hold: NUL becomes U+FFFD. The raw value needs no such care, since JSON text holds
/// no bare NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn describe(error: &EnvelopeError) -> String {
    match error {
        // serde_json names the line and column and, for a wrong type, the value's kind, never more of the
        // payload than a word.
        EnvelopeError::Malformed(source) => format!("{error}: {source}").replace('\0', "\u{fffd}"),
        EnvelopeError::UnknownVersion(_) => error.to_string(),
    }
}

/// Who says nothing of tries has had none.
fn attempt(message: &BorrowedMessage<'_>) -> i32 {
    let value = |headers: &_| {
        find(headers, header::ATTEMPT).and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
    };
    message.headers().and_then(value).unwrap_or(0)
}

/// Where the record comes from in a trace.
fn place(message: &BorrowedMessage<'_>) -> Option<TraceParent> {
    let value = find(message.headers()?, header::TRACEPARENT)?;
    TraceParent::read(std::str::from_utf8(value).ok()?)
}

fn find<'h>(headers: &'h rdkafka::message::BorrowedHeaders, name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|header| header.key == name)?.value
}

fn dead_part(message: &BorrowedMessage<'_>) -> Content {
    let value = |name: &str| find(message.headers()?, name);
    match DeadPart::read(value) {
        Some(part) => Content::DeadPart(DeadPart {
            reason: storable(&part.reason),
            secret_label: part.secret_label.as_deref().map(storable),
            ..part
        }),
        None => Content::Undecodable {
            reason: "invalid_dead_letter",
            error: "its headers do not say what it is".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cekbrand_schema::envelope::{self, Arrival};
    use cekbrand_schema::{delivery, identity};
    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    /// Remembers counters by their labels.
    #[derive(Default)]
    struct Counters(Mutex<Vec<(Vec<String>, Arc<AtomicU64>)>>);

    impl Recorder for Counters {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            assert_eq!(key.name(), "cekbrand_worker_unreadable_changes_total");
            let labels = key.labels().map(|label| label.value().to_owned()).collect();
            let counter = Arc::new(AtomicU64::new(0));
            self.0.lock().unwrap().push((labels, Arc::clone(&counter)));
            Counter::from_arc(counter)
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    fn read(body: &str) -> Vec<Arrived> {
        let arrival = Arrival::new(Timestamp::UNIX_EPOCH, "main");
        let changes = delivery::parse(body.as_bytes()).unwrap();
        let record =
            |change: &_| envelope::write(change, &identity::identify(change, &mut Vec::new()), &arrival);
        let contents = changes.iter().map(|written| change(&record(written)));
        let arrived = contents.map(|content| match content {
            Content::Change(arrived) => *arrived,
            other => panic!("{other:?}"),
        });
        arrived.collect()
    }

    #[test]
    fn a_value_that_is_not_what_its_field_claims_is_kept_and_counted() {
        let counters = Counters::default();
        let body = |object: &str, field: &str, value: &str| {
            format!(
                r#"{{"object":"{object}","entry":[{{"id":"5","changes":[{{"field":"{field}","value":{value}}}]}}]}}"#
            )
        };
        metrics::with_local_recorder(&counters, || {
            let unreadable = read(&body("instagram", "comments", r#"["x"]"#));
            assert_eq!(
                (unreadable[0].raw.as_str(), &unreadable[0].payload),
                (r#"["x"]"#, &Payload::Unreadable(Unreadable::NotAnObject))
            );
            read(&body("instagram", "story_insights", "{}"));
            read(&body("instagram", "something_new", r#"["x"]"#));
            read(&body("instagram", "comments", "null"));
            read(&body("page", "comments", r#"["x"]"#));
            read(&body("instagram", "comments", r#"[{"id":"1"}]"#));
        });
        let counted: Vec<_> = counters
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|(labels, n)| (labels.join(" "), n.load(Ordering::Relaxed)))
            .collect();
        let expected = [("comments not_an_object", 1), ("story_insights no_subject", 1)];
        assert_eq!(counted, expected.map(|(labels, n)| (labels.to_owned(), n)));
    }

    #[test]
    fn a_sample_of_the_dashboard_is_a_test_and_makes_no_rows() {
        let sample = r#"{"field":"comments","value":{"id":"1","text":"t","media":{"id":"123123123"}}}"#;
        let arrived = read(sample).remove(0);
        assert!(arrived.is_test);
        assert_eq!(arrived.payload, Payload::Other);
    }
}
