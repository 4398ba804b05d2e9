//! What one answer changes, as data: decided by pure code, done by [`super::store`] in one transaction.

use std::time::Duration;

use cekbrand_graph::node::{CommentNode, MediaNode, UserNode};
use cekbrand_graph::{Answer, Scope};
use cekbrand_schema::{Absence, Figure, ProductType};
use jiff::Timestamp;

use crate::tasks::{Park, ParkReason};

/// Everything that one step of a task changes.
#[derive(Debug)]
pub struct Effects<'a> {
    /// The answer to be recorded and settled with the quota; `None` where none was received.
    pub answer: Option<&'a Answer>,
    /// Rows to be written.
    pub rows: Rows,
    /// A stop that Meta asked for.
    pub block: Option<Block>,
    /// What becomes of the task.
    pub end: End,
}

/// Rows of the `instagram` schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rows {
    /// None.
    Nothing,
    /// An account's profile and its snapshot of the day.
    User(UserNode),
    /// The account's id leads to no account.
    UserInvalid,
    /// A medium, and its likes and comments of the day.
    Media(MediaNode),
    /// A medium that is gone: deleted, or a story whose time passed unread.
    MediaGone,
    /// A comment.
    Comment(CommentNode),
    /// A comment that is gone.
    CommentGone,
    /// Figures of a medium.
    Figures(Vec<Reading>),
    /// A story that expired before its figures were read.
    StoryLost(ProductType),
}

/// One figure that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The metric.
    pub metric: String,
    /// The part it was split into; empty for the whole.
    pub breakdown: String,
    /// The number, or why there is none.
    pub figure: Figure,
    /// The API's own id of the figure.
    pub api_id: Option<String>,
}

impl Reading {
    /// A figure that was asked for in vain.
    pub fn absent(metric: &str, absence: Absence) -> Self {
        Self {
            metric: metric.to_owned(),
            breakdown: String::new(),
            figure: Figure::Absent(absence),
            api_id: None,
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
    /// It is done; the note says what was special.
    Finish(Option<String>),
    /// It waits.
    Park(Park),
    /// It waits until the block that comes with it is over.
    Blocked(String),
    /// The account's token is dead or missing: all its work waits.
    StopAccount(Park),
    /// The token may not do this kind of read: all of that kind waits.
    StopKind(Park),
}

impl End {
    /// The wait of a task until an instant.
    pub fn park(reason: ParkReason, until: Timestamp, note: impl Into<Option<String>>) -> Self {
        Self::Park(Park { reason, until, note: note.into() })
    }
}
