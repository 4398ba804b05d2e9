//! A record as a Kafka message, and back: a message that Kafka did not take is the record once more.

use cekbrand_schema::dead_letter::DeadPart;
use cekbrand_schema::identity::identify_body;
use cekbrand_schema::topic::{Topics, header};
use cekbrand_schema::trace::TraceParent;
use cekbrand_schema::{EventId, Lane, envelope};
use rdkafka::Message;
use rdkafka::message::{BorrowedMessage, Header, Headers, OwnedHeaders};

use crate::record::Record;

/// The headers of a record.
pub(super) fn headers(record: &Record) -> OwnedHeaders {
    const SCHEMA_VERSION: &str = "1";
    const _: () = assert!(envelope::SCHEMA_VERSION == 1, "the header says the version that is written");

    let version = Header { key: header::SCHEMA_VERSION, value: Some(SCHEMA_VERSION) };
    let Some(dead) = &record.dead else {
        let event_id = record.event_id.to_hex();
        let headers = OwnedHeaders::new_with_capacity(2 + usize::from(record.trace.is_some()))
            .insert(Header { key: header::EVENT_ID, value: Some(event_id.as_str()) })
            .insert(version);
        return followed(headers, record);
    };
    let insert = |headers: OwnedHeaders, (key, value): (&str, String)| {
        headers.insert(Header { key, value: Some(&value) })
    };
    let headers = dead.headers().fold(OwnedHeaders::new_with_capacity(8).insert(version), insert);
    followed(headers, record)
}

/// With the span that publishes the record, where traces are on.
fn followed(headers: OwnedHeaders, record: &Record) -> OwnedHeaders {
    match &record.trace {
        None => headers,
        Some(place) => headers.insert(Header { key: header::TRACEPARENT, value: Some(place.as_str()) }),
    }
}

/// The record that was made into `message`.
pub(super) fn record(message: &BorrowedMessage<'_>, topics: &Topics) -> Record {
    let value = message.payload().unwrap_or_default();
    let header = |name: &str| message.headers()?.iter().find(|header| header.key == name)?.value;
    let event_id = header(header::EVENT_ID).and_then(EventId::from_hex);
    let lane = topics.lane(message.topic()).unwrap_or(Lane::DeadLetter);
    Record {
        lane,
        key: String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned(),
        event_id: event_id.unwrap_or_else(|| identify_body(value)),
        value: value.to_vec(),
        dead: if lane == Lane::DeadLetter { DeadPart::read(header) } else { None },
        trace: header(header::TRACEPARENT)
            .and_then(|value| TraceParent::read(std::str::from_utf8(value).ok()?)),
    }
}
