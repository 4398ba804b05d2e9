//! What one answer changes, as data: decided by pure code, done by [`super::store`] in one transaction.

use std::time::Duration;

use cekbrand_graph::{Answer, Scope};

use crate::reads::Seen;
use crate::rows::Rows;
use crate::tasks::{Finish, NewTask, Park, ParkReason};

/// Everything that one step of a task changes.
#[derive(Debug)]
pub struct Effects<'a> {
    /// The answer to be recorded and settled with the quota; `None` where none was received.
    pub answer: Option<&'a Answer>,
    /// Rows to be written.
    pub rows: Rows,
    /// What the answer told of media.
    pub seen: Vec<Seen>,
    /// Reads that are wanted now.
    pub wanted: Vec<NewTask>,
    /// Reads that are wanted unless they are open or fresh.
    pub wanted_if_idle: Vec<NewTask>,
    /// Metrics that the account was refused while others were answered.
    pub refused: Vec<&'static str>,
    /// A stop that Meta asked for.
    pub block: Option<Block>,
    /// What becomes of the task.
    pub end: End,
}

impl Effects<'_> {
    /// A step that changes rows, and the task.
    pub fn of(rows: Rows, end: End) -> Self {
        Self {
            answer: None,
            rows,
            seen: Vec::new(),
            wanted: Vec::new(),
            wanted_if_idle: Vec::new(),
            refused: Vec::new(),
            block: None,
            end,
        }
    }
}

/// A stop of all calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Of whom.
    pub scope: Scope,
    /// For how long; `None` where Meta does not say.
    pub regain: Option<Duration>,
    /// Why.
    pub reason: ParkReason,
}

/// What becomes of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// More calls follow.
    Continue,
    /// It is done.
    Finish(Finish),
    /// It waits.
    Park(Park),
    /// It waits until the block that comes with it is over.
    Blocked(String),
    /// The account's token is dead or missing: all its work waits.
    StopAccount(Park),
    /// The token may not read this: it waits, and all reads of the kind where others were refused as well.
    Forbidden(Park),
}
