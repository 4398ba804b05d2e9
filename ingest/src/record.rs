//! From a signed body to the records that Kafka gets: one envelope for each change, or the bytes themselves
//! in parts.

use cekbrand_schema::dead_letter::{DeadLetter, DeadPart};
use cekbrand_schema::delivery;
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::identity::{identify, identify_body};
use cekbrand_schema::trace::TraceParent;
use cekbrand_schema::{Change, EventId, Lane};
use jiff::Timestamp;

use crate::signature::SignedBody;

/// The largest key and value that a record may have together, so that no broker's limit of 1 MB needs
/// raising.
const MAX_RECORD_BYTES: usize = 900_000;

/// One record to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which topic.
    pub lane: Lane,
    /// The account; for a dead letter its event id, so that its parts stay together.
    pub key: String,
    /// The header `event-id`.
    pub event_id: EventId,
    /// The record's value.
    pub value: Vec<u8>,
    /// Only for dead letters.
    pub dead: Option<DeadPart>,
    /// Where traces are on: the span that publishes it.
    pub trace: Option<TraceParent>,
}

/// What a delivery amounts to.
#[derive(Debug)]
pub struct Records {
    /// What is to be published.
    pub records: Vec<Record>,
    /// Changes accepted; an unparsable body counts 1.
    pub changes: usize,
    /// Changes that go to the dead-letter topic.
    pub dead_letters: usize,
    /// Whether all of it is a test of the dashboard or a canary.
    pub is_test: bool,
}

/// Turns a signed body into records. Whatever it contains, nothing of it is left out.
pub fn records(body: &SignedBody, received_at: Timestamp) -> Records {
    match delivery::parse(body.bytes()) {
        Ok(changes) => records_of(&changes, body.secret_label(), received_at),
        Err(reason) => {
            let letter = DeadLetter {
                event_id: identify_body(body.bytes()),
                reason: reason.as_str(),
                bytes: body.bytes(),
                received_at,
                secret_label: body.secret_label(),
            };
            Records { records: dead_letter(letter).collect(), changes: 1, dead_letters: 1, is_test: false }
        }
    }
}

/// The records of changes that did not come as a delivery's body.
pub fn records_of(changes: &[Change<'_>], secret_label: &str, received_at: Timestamp) -> Records {
    let arrival = Arrival::new(received_at, secret_label);
    let mut scratch = Vec::new();
    let mut records = Vec::with_capacity(changes.len());
    let mut dead_letters = 0;
    for change in changes {
        let identity = identify(change, &mut scratch);
        let value = envelope::write(change, &identity, &arrival);
        if change.account_id.len() + value.len() > MAX_RECORD_BYTES {
            dead_letters += 1;
            let (event_id, reason) = (identity.event_id, "record_too_large");
            let letter = DeadLetter { event_id, reason, bytes: &value, received_at, secret_label };
            records.extend(dead_letter(letter));
            continue;
        }
        records.push(Record {
            lane: Lane::of(&change.object, &change.field),
            key: change.account_id.to_string(),
            event_id: identity.event_id,
            value,
            dead: None,
            trace: None,
        });
    }
    let is_test = !changes.is_empty() && changes.iter().all(Change::is_test);
    Records { records, changes: changes.len(), dead_letters, is_test }
}

fn dead_letter(letter: DeadLetter<'_>) -> impl Iterator<Item = Record> {
    let key = letter.event_id.to_string();
    letter.parts(MAX_RECORD_BYTES).map(move |(part, bytes)| Record {
        lane: Lane::DeadLetter,
        key: key.clone(),
        event_id: part.event_id,
        value: bytes.to_vec(),
        dead: Some(part),
        trace: None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A record that is known by its key.
    pub(crate) fn record(key: &str) -> Record {
        let event_id = identify_body(key.as_bytes());
        Record {
            lane: Lane::Comments,
            key: key.to_owned(),
            event_id,
            value: Vec::new(),
            dead: None,
            trace: None,
        }
    }
}
