//! What a record of a lane is: a change, a part of a dead letter, or neither.

use cekbrand_schema::envelope::{Envelope, EnvelopeError};
use cekbrand_schema::event::Payload;
use cekbrand_schema::topic::header;
use cekbrand_schema::{AccountId, EventId, Lane};
use jiff::Timestamp;
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Headers};

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
    pub secret: String,
    /// Members without a place of their own.
    pub extra: Option<String>,
    /// The value as received.
    pub raw: String,
    /// Whether the App Dashboard's Test button sent it.
    pub is_test: bool,
    /// What the value says.
    pub payload: Payload,
}

/// One part of a dead letter from the receiver.
#[derive(Debug, Clone)]
pub struct DeadPart {
    /// The whole body's id.
    pub event_id: EventId,
    /// Why it could not be parsed.
    pub reason: String,
    /// This part's number.
    pub part: i32,
    /// How many there are.
    pub parts: i32,
    /// When the delivery arrived.
    pub received_at: Option<Timestamp>,
    /// The label of the secret that signed.
    pub secret: Option<String>,
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
    Arrived {
        event_id: envelope.event_id,
        subject_id: envelope.subject_id.as_deref().map(storable),
        object: storable(&envelope.object),
        field: storable(&envelope.field),
        account_id: storable(&envelope.account_id).into(),
        received_at: envelope.received_at,
        entry_time: envelope.entry_time,
        secret: storable(&envelope.secret),
        extra: envelope.extra.map(|extra| extra.get().to_owned()),
        raw: envelope.value.get().to_owned(),
        is_test,
        payload,
    }
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
    let text = |name: &str| {
        let headers = message.headers()?;
        let value = headers.iter().find(|h| h.key == name)?.value?;
        std::str::from_utf8(value).ok().map(storable)
    };
    let part = || {
        Some(DeadPart {
            event_id: EventId::from_hex(text(header::EVENT_ID)?.as_bytes())?,
            reason: text(header::REASON)?,
            part: text(header::PART)?.parse().ok()?,
            parts: text(header::PARTS)?.parse().ok()?,
            received_at: text(header::RECEIVED_AT).and_then(|at| at.parse().ok()),
            secret: text(header::SECRET),
        })
    };
    part().map_or_else(
        || Content::Undecodable {
            reason: "invalid_dead_letter",
            error: "its headers say not what it is".to_owned(),
        },
        Content::DeadPart,
    )
}
