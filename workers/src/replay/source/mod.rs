//! Where changes come from, in portions. What one delivery brought stays together, so that of two figures
//! that came at once the same one wins as when they landed.

pub(super) mod events;
pub(super) mod kafka;

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::sync::mpsc::Receiver;

use super::ReplayError;
use crate::land::decode::Arrived;

/// Portions, as they are read. The channel is short: reading waits for writing.
pub(super) type Portions = Receiver<Result<Portion, ReplayError>>;

/// How many portions are read ahead.
const AHEAD: usize = 2;

/// Changes to be written together.
#[derive(Debug, Default)]
pub(super) struct Portion {
    /// The changes.
    pub(super) changes: Vec<Arrived>,
    /// How many records it took, those that are of no concern included.
    pub(super) records: u64,
    /// Where each partition stands after it.
    pub(super) reached: BTreeMap<i32, i64>,
    /// Up to where events are gone through after it.
    pub(super) events_until: Option<Timestamp>,
}
