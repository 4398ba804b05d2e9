//! What is wanted, how urgently, why it may have to wait, and what came of it.

use std::str::FromStr;

use jiff::Timestamp;

use crate::reads::Kind;

/// How urgent a read is; the quota is spent in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskLane {
    /// Live videos and stories: what is gone soon.
    Live,
    /// Media with new comments.
    NewComments,
    /// Daily snapshots.
    Daily,
    /// The past.
    Backfill,
}

impl TaskLane {
    /// The number in the `lane` column.
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The lane of a number; what only a newer version knows is the least urgent.
    pub const fn of(number: i16) -> Self {
        match number {
            0 => Self::Live,
            1 => Self::NewComments,
            2 => Self::Daily,
            _ => Self::Backfill,
        }
    }
}

/// Why a task waits until `parked_until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParkReason {
    /// The account has no token.
    NoToken,
    /// The account's token no longer works.
    TokenDead,
    /// The token may not read this.
    Permission,
    /// The account's or the app's quota is spent.
    Throttled,
    /// A passing failure.
    Backoff,
    /// It was read a short while ago.
    Fresh,
    /// Meta blocks us for our conduct.
    PolicyBlock,
    /// Meta refuses the request as such.
    Unsupported,
    /// It failed too often.
    GaveUp,
    /// The app's own settings are wrong: every call would fail.
    AppSettings,
}

impl ParkReason {
    /// All reasons.
    pub const ALL: [Self; 10] = [
        Self::NoToken,
        Self::TokenDead,
        Self::Permission,
        Self::Throttled,
        Self::Backoff,
        Self::Fresh,
        Self::PolicyBlock,
        Self::Unsupported,
        Self::GaveUp,
        Self::AppSettings,
    ];

    /// The name in the `reason` column and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::TokenDead => "token_dead",
            Self::Permission => "permission",
            Self::Throttled => "throttled",
            Self::Backoff => "backoff",
            Self::Fresh => "fresh",
            Self::PolicyBlock => "policy_block",
            Self::Unsupported => "unsupported",
            Self::GaveUp => "gave_up",
            Self::AppSettings => "app_settings",
        }
    }
}

/// A word that names no [`ParkReason`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no reason to park a task")]
pub struct UnknownReason(String);

impl FromStr for ParkReason {
    type Err = UnknownReason;

    fn from_str(name: &str) -> Result<Self, UnknownReason> {
        let found = Self::ALL.into_iter().find(|reason| reason.as_str() == name);
        found.ok_or_else(|| UnknownReason(name.to_owned()))
    }
}

/// What the last call of a task was answered with, as far as the next try depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LastAnswer {
    /// Rows.
    Answered,
    /// There was nothing to ask.
    NothingToAsk,
    /// It seems to be gone.
    Gone,
    /// A refusal that stands for ever.
    Final,
    /// A refusal.
    Refused,
    /// Nothing, or nothing that can be read.
    Failed,
}

impl LastAnswer {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Answered, Self::NothingToAsk, Self::Gone, Self::Final, Self::Refused, Self::Failed];

    /// The name in the `last_answer` column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NothingToAsk => "nothing_to_ask",
            Self::Gone => "gone",
            Self::Final => "final",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// A word that names no [`LastAnswer`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nothing that a read is answered with")]
pub struct UnknownAnswer(String);

impl FromStr for LastAnswer {
    type Err = UnknownAnswer;

    fn from_str(name: &str) -> Result<Self, UnknownAnswer> {
        let found = Self::ALL.into_iter().find(|answer| answer.as_str() == name);
        found.ok_or_else(|| UnknownAnswer(name.to_owned()))
    }
}

/// Which read: the key of a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey {
    /// What kind of read.
    pub kind: Kind,
    /// Of which user, medium or comment.
    pub target_id: String,
    /// With whose token.
    pub account_id: String,
    /// Which of several reads of the target: a breakdown, a window; empty where there is one.
    pub variant: String,
    /// The page; empty for the first.
    pub cursor: String,
}

impl TaskKey {
    /// The key of a read without variant and pages.
    pub fn new(kind: Kind, target_id: impl Into<String>, account_id: impl Into<String>) -> Self {
        Self {
            kind,
            target_id: target_id.into(),
            account_id: account_id.into(),
            variant: String::new(),
            cursor: String::new(),
        }
    }
}

/// A read that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Which.
    pub key: TaskKey,
    /// How urgently.
    pub lane: TaskLane,
    /// After this it is of no use.
    pub deadline: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_and_answer_is_found_by_its_name() {
        for reason in ParkReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
        for answer in LastAnswer::ALL {
            assert_eq!(answer.as_str().parse(), Ok(answer));
        }
        assert!("tired".parse::<ParkReason>().is_err() && "tired".parse::<LastAnswer>().is_err());
    }

    #[test]
    fn lanes_are_numbered_by_urgency() {
        let lanes = [TaskLane::Live, TaskLane::NewComments, TaskLane::Daily, TaskLane::Backfill];
        assert_eq!(lanes.map(TaskLane::number), [0, 1, 2, 3]);
        assert_eq!(lanes.map(|lane| TaskLane::of(lane.number())), lanes);
    }
}
