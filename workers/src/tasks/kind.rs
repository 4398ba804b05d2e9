//! What can be asked for, how urgently, and why it may have to wait.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;

/// What is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskKind {
    /// An account's node; the target is the account.
    User,
    /// A medium's node.
    Media,
    /// A comment's node.
    Comment,
    /// A medium's figures; waits for the medium's node.
    MediaInsights,
    /// A medium of somebody else that mentions the account.
    MentionedMedia,
    /// A comment of somebody else that mentions the account.
    MentionedComment,
}

impl TaskKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::User,
        Self::Media,
        Self::Comment,
        Self::MediaInsights,
        Self::MentionedMedia,
        Self::MentionedComment,
    ];

    /// The name in the `kind` column and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Media => "media",
            Self::Comment => "comment",
            Self::MediaInsights => "media_insights",
            Self::MentionedMedia => "mentioned_media",
            Self::MentionedComment => "mentioned_comment",
        }
    }

    /// For how long an answer counts as fresh: what is wanted sooner waits until then.
    pub const fn freshness(self) -> Duration {
        match self {
            Self::Media | Self::MediaInsights => Duration::from_hours(1),
            Self::User | Self::Comment | Self::MentionedMedia | Self::MentionedComment => {
                Duration::from_hours(24)
            }
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no [`TaskKind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of task")]
pub struct UnknownKind(String);

impl FromStr for TaskKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

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
}

impl ParkReason {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::NoToken,
        Self::TokenDead,
        Self::Permission,
        Self::Throttled,
        Self::Backoff,
        Self::Fresh,
        Self::PolicyBlock,
        Self::Unsupported,
        Self::GaveUp,
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

/// A read that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be read.
    pub kind: TaskKind,
    /// Of which user, medium or comment.
    pub target_id: String,
    /// With whose token.
    pub account_id: String,
    /// How urgently.
    pub lane: TaskLane,
    /// After this it is of no use.
    pub deadline: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_reason_is_found_by_its_name() {
        for reason in ParkReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
        for kind in TaskKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("podcast".parse::<TaskKind>().is_err());
    }

    #[test]
    fn lanes_are_numbered_by_urgency() {
        let lanes = [TaskLane::Live, TaskLane::NewComments, TaskLane::Daily, TaskLane::Backfill];
        assert_eq!(lanes.map(TaskLane::number), [0, 1, 2, 3]);
    }
}
