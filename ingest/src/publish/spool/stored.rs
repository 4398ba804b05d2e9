//! A record as the bytes of a frame: the length of what is said about it, that as JSON, then its value. The
//! lane is the log that it stands in.

use std::borrow::Cow;

use cekbrand_schema::dead_letter::DeadPart;
use cekbrand_schema::trace::TraceParent;
use cekbrand_schema::{EventId, Lane};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::frame::number32;
use crate::record::Record;

#[derive(Serialize, Deserialize)]
struct About<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    event_id: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dead: Option<Dead<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<Cow<'a, str>>,
}

/// What a dead letter's headers say besides its event id.
#[derive(Serialize, Deserialize)]
struct Dead<'a> {
    reason: Cow<'a, str>,
    part: i32,
    parts: i32,
    received_at: Option<Timestamp>,
    secret: Option<Cow<'a, str>>,
}

/// A record's bytes. `None` where JSON cannot say what is known of it, which holds for no record.
pub(super) fn write(record: &Record) -> Option<Vec<u8>> {
    let about = About {
        key: Cow::Borrowed(&record.key),
        event_id: Cow::Owned(record.event_id.to_string()),
        dead: record.dead.as_ref().map(|dead| Dead {
            reason: Cow::Borrowed(&dead.reason),
            part: dead.part,
            parts: dead.parts,
            received_at: dead.received_at,
            secret: dead.secret_label.as_deref().map(Cow::Borrowed),
        }),
        trace: record.trace.as_ref().map(|trace| Cow::Borrowed(trace.as_str())),
    };
    let about = serde_json::to_vec(&about).ok()?;
    let mut bytes = Vec::with_capacity(4 + about.len() + record.value.len());
    bytes.extend_from_slice(&u32::try_from(about.len()).ok()?.to_le_bytes());
    bytes.extend_from_slice(&about);
    bytes.extend_from_slice(&record.value);
    Some(bytes)
}

/// The record that was made into `bytes`.
pub(super) fn read(lane: Lane, bytes: &[u8]) -> Option<Record> {
    let length = usize::try_from(number32(bytes, 0)?).ok()?;
    let about: About<'_> = serde_json::from_slice(bytes.get(4..4_usize.checked_add(length)?)?).ok()?;
    let event_id = EventId::from_hex(about.event_id.as_bytes())?;
    let dead = about.dead.map(|dead| DeadPart {
        event_id,
        reason: dead.reason.into_owned(),
        part: dead.part,
        parts: dead.parts,
        received_at: dead.received_at,
        secret_label: dead.secret.map(Cow::into_owned),
    });
    let trace = about.trace.as_deref().and_then(TraceParent::read);
    let value = bytes[4 + length..].to_vec();
    Some(Record { lane, key: about.key.into_owned(), event_id, value, dead, trace })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cekbrand_schema::dead_letter::DeadLetter;
    use cekbrand_schema::identity::identify_body;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(
            key in ".{0,20}", value in prop::collection::vec(any::<u8>(), 0..50),
            reason in proptest::option::of(".{0,9}"), is_followed in any::<bool>()
        ) {
            let event_id = identify_body(&value);
            let letter = |reason: &String| {
                let received_at = "2026-11-21T10:00:00.123456789Z".parse().unwrap();
                let letter = DeadLetter { event_id, reason, bytes: &value, received_at, secret_label: &key };
                letter.parts(1000).next().unwrap().0
            };
            let dead = reason.as_ref().map(letter);
            let (lane, key, value) = (Lane::DeadLetter, key.clone(), value.clone());
            let place = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let trace = is_followed.then(|| TraceParent::read(place)).flatten();
            let record = Record { lane, key, event_id, value, dead, trace };
            prop_assert_eq!(read(Lane::DeadLetter, &write(&record).unwrap()), Some(record));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(read(Lane::Other, &bytes).is_none());
        }
    }
}
