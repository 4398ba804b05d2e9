//! From a signed body to the records that Kafka gets: one envelope for each change, or the bytes themselves in parts.

use cekbrand_schema::delivery::{self, Change};
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::identity::{identify, identify_body};
use cekbrand_schema::{EventId, Lane};
use jiff::Timestamp;

use crate::signature::SignedBody;

/// The largest key and value that a record may have together, so that no broker's limit of 1 MB needs raising.
const MAX_RECORD_BYTES: usize = 900_000;

/// One record to be published.
#[derive(Debug, Clone)]
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
}

/// What the headers of a dead letter say about one part of it.
#[derive(Debug, Clone)]
pub struct DeadPart {
    /// Why the bytes could not be parsed.
    pub reason: &'static str,
    /// This part's number, from 0.
    pub part: usize,
    /// How many parts there are.
    pub parts: usize,
    /// When the delivery arrived.
    pub received_at: Timestamp,
    /// The label of the secret that signed.
    pub secret: String,
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
}

/// Turns a signed body into records. Whatever it contains, nothing of it is left out.
pub fn records(body: &SignedBody, received_at: Timestamp) -> Records {
    match delivery::parse(body.bytes()) {
        Ok(changes) => records_of(&changes, body.secret(), received_at),
        Err(reason) => {
            let event_id = identify_body(body.bytes());
            let records = dead_letter(event_id, body.bytes(), reason.as_str(), body.secret(), received_at);
            Records { records, changes: 1, dead_letters: 1 }
        }
    }
}

/// The records of changes that did not come as a delivery's body.
pub fn records_of(changes: &[Change<'_>], secret: &str, received_at: Timestamp) -> Records {
    let arrival = Arrival::new(received_at, secret);
    let mut scratch = Vec::new();
    let mut records = Vec::with_capacity(changes.len());
    let mut dead_letters = 0;
    for change in changes {
        let identity = identify(change, &mut scratch);
        let value = envelope::write(change, &identity, &arrival);
        if change.account_id.len() + value.len() > MAX_RECORD_BYTES {
            dead_letters += 1;
            records.extend(dead_letter(identity.event_id, &value, "record_too_large", secret, received_at));
            continue;
        }
        records.push(Record {
            lane: Lane::of(&change.object, &change.field),
            key: change.account_id.to_string(),
            event_id: identity.event_id,
            value,
            dead: None,
        });
    }
    Records { records, changes: changes.len(), dead_letters }
}

fn dead_letter(
    event_id: EventId,
    bytes: &[u8],
    reason: &'static str,
    secret: &str,
    received_at: Timestamp,
) -> Vec<Record> {
    let parts = bytes.len().div_ceil(MAX_RECORD_BYTES).max(1);
    let record = |part: usize| {
        let from = part * MAX_RECORD_BYTES;
        let to = bytes.len().min(from + MAX_RECORD_BYTES);
        let dead = DeadPart { reason, part, parts, received_at, secret: secret.to_owned() };
        let value = bytes[from..to].to_vec();
        Record { lane: Lane::DeadLetter, key: event_id.to_string(), event_id, value, dead: Some(dead) }
    };
    (0..parts).map(record).collect()
}
