//! Which records of a batch may be committed, and what each of them is: a change, a dead letter, a part of
//! one, or nothing new.

use std::collections::{BTreeMap, HashSet};

use cekbrand_schema::EventId;
use jiff::Timestamp;

use super::books::Advance;
use super::decode::{Content, Incoming};
use super::made::Made;
use super::store::{DeadBytes, DeadLetter, Event};
use super::{Positions, Tally};

/// Records that may be committed: of partitions that are still ours, at or after the stored offset.
pub(super) struct Batch<'a> {
    pub(super) records: Vec<&'a Incoming>,
    advances: BTreeMap<i32, Advance>,
    lost: Vec<i32>,
    now: Timestamp,
}

/// Takes what may be committed.
pub(super) fn admit<'a>(
    records: &'a [Incoming],
    owned: &Positions,
    stored: &Positions,
    now: Timestamp,
) -> Batch<'a> {
    let mut batch = Batch {
        records: Vec::with_capacity(records.len()),
        advances: BTreeMap::new(),
        lost: Vec::new(),
        now,
    };
    for record in records {
        let partition = record.partition;
        let ours = owned.get(&partition).map(|position| position.epoch);
        let Some(held) = stored.get(&partition).filter(|held| Some(held.epoch) == ours) else {
            if !batch.lost.contains(&partition) {
                batch.lost.push(partition);
            }
            continue;
        };
        let fresh = Advance { next: held.next, ..Advance::default() };
        let advance = batch.advances.entry(partition).or_insert(fresh);
        if record.offset >= advance.next {
            // Our producers write no transactions, so that a gap can only be what retention deleted.
            advance.expired += record.offset - advance.next;
            advance.next = record.offset + 1;
            batch.records.push(record);
        }
    }
    batch
}

/// The batch with each record in its place.
pub(super) struct Sorted<'a> {
    pub(super) events: Vec<Event<'a>>,
    pub(super) made: Made,
    pub(super) dead: Vec<DeadLetter<'a>>,
    pub(super) parts: Vec<DeadBytes<'a>>,
    pub(super) advances: BTreeMap<i32, Advance>,
    /// Partitions that belong to another worker now.
    pub(super) lost: Vec<i32>,
}

impl<'a> Batch<'a> {
    /// The event ids with their time of arrival: of equal ones that of the first, which is the fresh one.
    pub(super) fn event_ids(&self) -> BTreeMap<EventId, Timestamp> {
        let received = |record: &Incoming| match &record.content {
            Content::Change(change) => change.received_at,
            Content::DeadPart(part) => part.received_at.unwrap_or(self.now),
            Content::Undecodable { .. } => self.now,
        };
        let mut ids = BTreeMap::new();
        for record in &self.records {
            if let Some(id) = record.event_id() {
                ids.entry(id).or_insert_with(|| received(record));
            }
        }
        ids
    }

    /// Decides for each record what it is. Of equal event ids in one batch the first is the fresh one; the
    /// suppressed ones are told by their places in the batch.
    pub(super) fn sort(
        self,
        mut fresh: HashSet<EventId>,
        suppressed: &HashSet<usize>,
        poison: Option<&sqlx::Error>,
    ) -> Sorted<'a> {
        let mut sorted = Sorted {
            events: Vec::new(),
            made: Made::default(),
            dead: Vec::new(),
            parts: Vec::new(),
            advances: self.advances,
            lost: self.lost,
        };
        for (place, record) in self.records.into_iter().enumerate() {
            let tally = if suppressed.contains(&place) {
                passed_over(record)
            } else {
                sorted.place(record, &mut fresh, poison)
            };
            if let Some(advance) = sorted.advances.get_mut(&record.partition) {
                advance.tally.add(tally);
            }
        }
        sorted
    }
}

/// A record of which nothing is kept counts as one that is known already.
fn passed_over(record: &Incoming) -> Tally {
    match &record.content {
        Content::DeadPart(part) if part.part > 0 => Tally { continued: 1, ..Tally::default() },
        _ => Tally { duplicates: 1, ..Tally::default() },
    }
}

impl<'a> Sorted<'a> {
    fn place(
        &mut self,
        record: &'a Incoming,
        fresh: &mut HashSet<EventId>,
        poison: Option<&sqlx::Error>,
    ) -> Tally {
        let dead = Tally { dead_lettered: 1, ..Tally::default() };
        let duplicate = Tally { duplicates: 1, ..Tally::default() };
        match &record.content {
            Content::Undecodable { reason, error } => {
                self.dead.push(DeadLetter { record, reason, error: error.clone(), change: None, part: None });
                dead
            }
            Content::Change(change) if poison.is_some() => {
                let error = poison.map(ToString::to_string).unwrap_or_default();
                let change = Some(change.as_ref());
                self.dead.push(DeadLetter { record, reason: "data_error", error, change, part: None });
                dead
            }
            Content::Change(change) if fresh.remove(&change.event_id) => {
                self.made.add(change);
                self.events.push(Event { record, change });
                Tally { landed: 1, ..Tally::default() }
            }
            Content::DeadPart(part) if part.part > 0 => {
                self.parts.push(DeadBytes { part, bytes: &record.bytes });
                Tally { continued: 1, ..Tally::default() }
            }
            Content::DeadPart(part) if fresh.remove(&part.event_id) || poison.is_some() => {
                let error = "the receiver could not parse the delivery".to_owned();
                let part = Some(part);
                let reason = part.map_or("", |part| part.reason.as_str());
                self.dead.push(DeadLetter { record, reason, error, change: None, part });
                dead
            }
            Content::Change(_) | Content::DeadPart(_) => duplicate,
        }
    }
}
