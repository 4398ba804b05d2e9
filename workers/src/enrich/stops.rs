//! Kinds of read that a token turned out not to have the permission for. Kept in memory: each worker finds out with one call, and a new token
//! starts afresh.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::tasks::{Task, TaskKind};

/// Which token may not do what, and until when that is believed.
#[derive(Debug, Default)]
pub(super) struct Stops {
    known: Mutex<HashMap<(String, TaskKind), (String, Timestamp)>>,
}

impl Stops {
    /// Notes that the sealed token may not do reads of the task's kind.
    pub(super) fn note(&self, task: &Task, sealed: &str, until: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((task.account_id.clone(), task.kind), (sealed.to_owned(), until));
    }

    /// Until when such reads are not worth trying with this token.
    pub(super) fn until(&self, task: &Task, sealed: &str, now: Timestamp) -> Option<Timestamp> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (task.account_id.clone(), task.kind);
        match known.get(&key) {
            Some((token, until)) if token == sealed && *until > now => Some(*until),
            Some(_) => {
                known.remove(&key);
                None
            }
            None => None,
        }
    }
}
