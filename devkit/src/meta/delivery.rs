//! A delivery: changes packed into one body, in any of the shapes Meta uses.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use super::change::{Change, Shape};

/// The most changes Meta puts into one delivery.
pub const MOST_CHANGES: usize = 1000;

/// One POST's worth.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The number, from 1 in the order of making.
    pub id: u64,
    /// The bytes that are signed and sent.
    pub body: Bytes,
    /// What it carries; nothing if no receiver can parse it.
    pub changes: Arc<[Change]>,
    /// The delivery whose bytes these are once more.
    pub redelivery_of: Option<u64>,
}

impl Delivery {
    /// A delivery of the given changes.
    pub fn of(id: u64, changes: Vec<Change>, packing: Packing) -> Self {
        Self { id, body: pack(&changes, packing).into(), changes: changes.into(), redelivery_of: None }
    }

    /// A delivery that no receiver can parse.
    pub fn unparsable(id: u64, body: impl Into<Bytes>) -> Self {
        Self { id, body: body.into(), changes: Arc::new([]), redelivery_of: None }
    }

    /// Whether no receiver can parse it.
    pub fn is_unparsable(&self) -> bool {
        self.changes.is_empty()
    }

    /// How much it counts in the books: its changes, or 1 if it is unparsable.
    pub fn units(&self) -> u64 {
        (self.changes.len() as u64).max(1)
    }

    /// How many changes of each field it carries; the one of an unparsable body is called `unparsable`.
    pub fn fields(&self) -> BTreeMap<String, u64> {
        let mut fields = BTreeMap::new();
        for change in self.changes.iter() {
            *fields.entry(change.field.clone()).or_default() += 1;
        }
        if self.is_unparsable() {
            fields.insert("unparsable".to_owned(), 1);
        }
        fields
    }
}

/// Departures from the usual container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Packing {
    /// A top-level array around the container; more than one object makes one in any case.
    pub array: bool,
    /// `entry.id` as a JSON number where it is one.
    pub numeric_ids: bool,
}

/// The body of these changes. Neighbours of one account, time and shape share an entry.
pub fn pack(changes: &[Change], packing: Packing) -> String {
    let mut containers: Vec<String> = Vec::new();
    for same_object in changes.chunk_by(|a, b| a.object == b.object) {
        let entries: Vec<String> =
            same_object.chunk_by(share_an_entry).map(|changes| entry(changes, packing)).collect();
        let object = same_object.first().map_or("instagram", |change| change.object);
        containers.push(format!(r#"{{"object":"{object}","entry":[{}]}}"#, entries.join(",")));
    }
    if packing.array || containers.len() != 1 {
        format!("[{}]", containers.join(","))
    } else {
        containers.concat()
    }
}

fn share_an_entry(a: &Change, b: &Change) -> bool {
    let alone = matches!(a.shape, Shape::Flat | Shape::ChangedFields);
    !alone && a.shape == b.shape && a.account == b.account && a.time == b.time
}

fn entry(changes: &[Change], packing: Packing) -> String {
    let Some(first) = changes.first() else { return String::new() };
    let numeric = packing.numeric_ids && first.account.parse::<u64>().is_ok() && first.account != "0";
    let quote = if numeric { "" } else { "\"" };
    let mut out = format!(r#"{{"id":{quote}{}{quote}"#, first.account);
    if !first.time.is_empty() {
        // Writing to a string cannot fail.
        let _written = write!(out, r#","time":{}"#, first.time);
    }
    let values: Vec<&str> = changes.iter().map(|change| change.value.as_str()).collect();
    let pairs = || {
        let pair = |change: &Change| format!(r#"{{"field":"{}","value":{}}}"#, change.field, change.value);
        changes.iter().map(pair).collect::<Vec<_>>().join(",")
    };
    let _written = match first.shape {
        Shape::Changes => write!(out, r#","changes":[{}]}}"#, pairs()),
        Shape::Flat => write!(out, r#","field":"{}","value":{}}}"#, first.field, first.value),
        Shape::Messaging => write!(out, r#","messaging":[{}]}}"#, values.join(",")),
        Shape::Standby => write!(out, r#","standby":[{}]}}"#, values.join(",")),
        Shape::ChangedFields => write!(out, r#","changed_fields":["{}"]}}"#, first.field),
    };
    out
}
