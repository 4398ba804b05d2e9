//! What a record of a lane is: a change, a part of a dead letter, or neither.

use cekbrand_schema::dead_letter::DeadPart;
use cekbrand_schema::envelope::{Envelope, EnvelopeError};
use cekbrand_schema::event::{Payload, Unreadable};
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
    /// The record's value.
    pub bytes: Vec<u8>,
    /// What it is.
    pub content: Content,
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
        Self { partition: message.partition(), offset: message.offset(), bytes, content }
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
    let payload = if is_test || envelope.object != "instagram" {
        Payload::Other
    } else {
        Payload::read(&envelope.field, envelope.value.get())
    };
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

/// An operator must see that a field claims to be what it is not: Meta has changed something, or a tool in between has.
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

/// Text that PostgreSQL can hold: NUL becomes U+FFFD. The raw value needs no such care, since JSON text holds no bare NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn describe(error: &EnvelopeError) -> String {
    match error {
        // serde_json names the line and column and, for a wrong type, the value's kind, never more of the payload than a word.
        EnvelopeError::Malformed(source) => format!("{error}: {source}").replace('\0', "\u{fffd}"),
        EnvelopeError::UnknownVersion(_) => error.to_string(),
    }
}

fn dead_part(message: &BorrowedMessage<'_>) -> Content {
    let value = |name: &str| message.headers()?.iter().find(|header| header.key == name)?.value;
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
