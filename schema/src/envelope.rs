//! The record in Kafka, version 1: a change with its identity and the circumstances of its arrival.
//!
//! One JSON object. The value comes last and is byte by byte what Meta sent. An old envelope parses for ever;
//! a new meaning is a new version.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::change::{Change, TEST_ACCOUNT};
use crate::identity::Identity;
use crate::ids::EventId;
use crate::topic::Lane;
use crate::value::{write_json, write_text};

/// The version that this program writes.
pub const SCHEMA_VERSION: u16 = 1;

/// A change as it travels through Kafka.
#[derive(Debug, Clone)]
pub struct Envelope<'a> {
    /// Content hash: the dedupe key.
    pub event_id: EventId,
    /// The natural thing that the change is about.
    pub subject_id: Option<Cow<'a, str>>,
    /// `instagram`, `page`, `permissions`.
    pub object: Cow<'a, str>,
    /// The webhook field.
    pub field: Cow<'a, str>,
    /// The account; empty where the delivery named none.
    pub account_id: Cow<'a, str>,
    /// When the delivery arrived, to the microsecond.
    pub received_at: Timestamp,
    /// When Meta says that it sent the notification.
    pub entry_time: Option<Timestamp>,
    /// The label of the secret whose signature matched; never the secret.
    pub secret_label: Cow<'a, str>,
    /// Members of the delivery that have no other place, as a JSON object.
    pub extra: Option<&'a RawValue>,
    /// The value exactly as received.
    pub value: &'a RawValue,
}

/// Why a record is no envelope.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not the JSON object that an envelope is.
    #[error("the record is no envelope")]
    Malformed(#[source] serde_json::Error),
    /// An envelope of a version that this program does not know.
    #[error("the envelope has version {0}, and this program reads versions up to {SCHEMA_VERSION}")]
    UnknownVersion(u64),
}

impl EnvelopeError {
    /// The reason under which the record is dead-lettered.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "invalid_envelope",
            Self::UnknownVersion(_) => "unknown_envelope_version",
        }
    }
}

#[derive(Deserialize)]
struct VersionOnly {
    schema_version: u64,
}

#[derive(Deserialize)]
struct V1<'a> {
    event_id: &'a str,
    #[serde(borrow, default)]
    subject_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    object: Cow<'a, str>,
    #[serde(borrow)]
    field: Cow<'a, str>,
    #[serde(borrow)]
    account_id: Cow<'a, str>,
    received_at: Timestamp,
    #[serde(default)]
    entry_time: Option<Timestamp>,
    #[serde(borrow, default, rename = "secret")]
    secret_label: Cow<'a, str>,
    #[serde(borrow, default)]
    extra: Option<&'a RawValue>,
    #[serde(borrow)]
    value: &'a RawValue,
}

impl<'a> Envelope<'a> {
    /// Reads a record's value.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError`] where the bytes are no envelope of a known version.
    pub fn parse(record: &'a [u8]) -> Result<Self, EnvelopeError> {
        let version: VersionOnly = serde_json::from_slice(record).map_err(EnvelopeError::Malformed)?;
        if version.schema_version != u64::from(SCHEMA_VERSION) {
            return Err(EnvelopeError::UnknownVersion(version.schema_version));
        }
        let v1: V1<'a> = serde_json::from_slice(record).map_err(EnvelopeError::Malformed)?;
        let event_id = EventId::from_hex(v1.event_id.as_bytes()).ok_or_else(|| {
            EnvelopeError::Malformed(serde::de::Error::custom("event_id is not 64 hexadecimal digits"))
        })?;
        Ok(Self {
            event_id,
            subject_id: v1.subject_id,
            object: v1.object,
            field: v1.field,
            account_id: v1.account_id,
            received_at: v1.received_at,
            entry_time: v1.entry_time,
            secret_label: v1.secret_label,
            extra: v1.extra,
            value: v1.value,
        })
    }

    /// The lane that the change belongs to.
    pub fn lane(&self) -> Lane {
        Lane::of(&self.object, &self.field)
    }

    /// Whether the App Dashboard's Test button sent it.
    pub fn is_test(&self) -> bool {
        self.account_id == TEST_ACCOUNT
    }
}

/// What all changes of one delivery share, written out once.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// `"received_at":"…"`
    received_at: String,
    /// `"secret":"…"`
    secret_label: String,
}

impl Arrival {
    /// An arrival at `received_at`, signed by the secret with that label.
    pub fn new(received_at: Timestamp, secret_label: &str) -> Self {
        Self {
            received_at: format!("\"{received_at:.6}\""),
            secret_label: serde_json::Value::from(secret_label).to_string(),
        }
    }
}

/// Writes the envelope of a change: the only allocation is the record itself.
pub fn write(change: &Change<'_>, identity: &Identity, arrival: &Arrival) -> Vec<u8> {
    const FRAME: usize = 330;
    let extra = change.extra.as_ref().map_or(0, String::len);
    let mut out = Vec::with_capacity(FRAME + change.value.len() + extra + 2 * change.field.len());
    out.extend_from_slice(b"{\"schema_version\":1,\"event_id\":\"");
    out.extend_from_slice(identity.event_id.to_hex().as_str().as_bytes());
    out.extend_from_slice(b"\",\"subject_id\":");
    match &identity.subject_id {
        Some(subject_id) => write_text(&mut out, subject_id),
        None => out.extend_from_slice(b"null"),
    }
    for (name, text) in [
        (&b",\"object\":"[..], &change.object),
        (&b",\"field\":"[..], &change.field),
        (&b",\"account_id\":"[..], &change.account_id),
    ] {
        out.extend_from_slice(name);
        write_text(&mut out, text);
    }
    out.extend_from_slice(b",\"received_at\":");
    out.extend_from_slice(arrival.received_at.as_bytes());
    if let Some(time) = change.entry_time {
        out.extend_from_slice(b",\"entry_time\":");
        write_json(&mut out, &time);
    }
    out.extend_from_slice(b",\"secret\":");
    out.extend_from_slice(arrival.secret_label.as_bytes());
    if let Some(extra) = &change.extra {
        out.extend_from_slice(b",\"extra\":");
        out.extend_from_slice(extra.as_bytes());
    }
    out.extend_from_slice(b",\"value\":");
    out.extend_from_slice(change.value.as_bytes());
    out.push(b'}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{delivery, identity::identify};
    use proptest::prelude::*;

    fn write_first(body: &str) -> Vec<u8> {
        let changes = delivery::parse(body.as_bytes()).unwrap();
        let arrival = Arrival::new("2026-11-21T10:00:00.123456789Z".parse().unwrap(), "main");
        write(&changes[0], &identify(&changes[0], &mut Vec::new()), &arrival)
    }

    #[test]
    fn the_wire_form_is_fixed() {
        let body = r#"{"object":"instagram","entry":[{"id":"17841","time":1763700000,"changes":[
            {"field":"comments","value":{"id":"1", "text":"\ud83d\ude0d \/"}}]}]}"#;
        insta::assert_snapshot!(String::from_utf8(write_first(body)).unwrap());
    }

    #[test]
    fn what_was_written_is_read_again() {
        let body =
            r#"{"object":"page","entry":[{"id":"5","uid":"9","changes":[{"field":"f\"","value": [1, 2]}]}]}"#;
        let record = write_first(body);
        let envelope = Envelope::parse(&record).unwrap();
        assert_eq!(envelope.field, "f\"");
        assert_eq!(envelope.object, "page");
        assert_eq!(envelope.account_id, "5");
        assert_eq!(envelope.subject_id, None);
        assert_eq!(envelope.entry_time, None);
        assert_eq!(envelope.secret_label, "main");
        assert_eq!(envelope.received_at.to_string(), "2026-11-21T10:00:00.123456Z");
        assert_eq!(envelope.extra.unwrap().get(), r#"{"uid":"9"}"#);
        assert_eq!(envelope.value.get(), "[1, 2]");
        assert_eq!(envelope.lane(), Lane::Other);
        assert!(!envelope.is_test());
    }

    #[test]
    fn a_version_from_the_future_and_garbage_are_told_apart() {
        let future = Envelope::parse(br#"{"schema_version":2,"new":true}"#).unwrap_err();
        assert_eq!(future.as_str(), "unknown_envelope_version");
        for garbage in [&b""[..], b"{}", b"\xff", br#"{"schema_version":1,"event_id":"00"}"#] {
            assert_eq!(Envelope::parse(garbage).unwrap_err().as_str(), "invalid_envelope");
        }
    }

    proptest! {
        #[test]
        fn an_envelope_round_trips(field in ".{1,20}", account in "[0-9]{0,20}", text in ".*", time in 1i64..4_000_000_000) {
            let value = serde_json::json!({ "id": "1", "text": text }).to_string();
            let body = format!(
                r#"{{"object":"instagram","entry":[{{"id":"{account}","time":{time},"changes":[{{"field":{},"value":{value}}}]}}]}}"#,
                serde_json::Value::from(field.as_str())
            );
            let record = write_first(&body);
            let envelope = Envelope::parse(&record).unwrap();
            prop_assert_eq!(envelope.field, field);
            prop_assert_eq!(envelope.account_id, account);
            prop_assert_eq!(envelope.value.get(), value);
            prop_assert_eq!(envelope.entry_time.unwrap().as_second(), time);
        }
    }
}
