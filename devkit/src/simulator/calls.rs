//! The log of every call: what was asked, for whom, and how it ended. Never a token, secret or proof.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a call reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// An account's node.
    User,
    /// An account's media.
    UserMedia,
    /// An account's living stories.
    UserStories,
    /// An account's live videos.
    UserLiveMedia,
    /// Media of others that tag an account.
    UserTags,
    /// An account's figures.
    UserInsights,
    /// A medium's node.
    Media,
    /// A medium's figures.
    MediaInsights,
    /// One figure of a medium, split by a breakdown.
    MediaBreakdown,
    /// The comments under a medium.
    MediaComments,
    /// The children of an album.
    MediaChildren,
    /// A comment's node.
    Comment,
    /// The replies to a comment.
    CommentReplies,
    /// A comment that mentions the account.
    MentionedComment,
    /// A medium that mentions the account.
    MentionedMedia,
    /// Somebody else's public data.
    BusinessDiscovery,
    /// A token's state.
    DebugToken,
    /// A new token for an old one.
    TokenExchange,
    /// Webhook subscriptions.
    Subscription,
    /// Anything else, mistakes included.
    Other,
}

/// One call.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// From 1, in order of arrival.
    pub id: u64,
    /// When it arrived, by the simulator's clock.
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The path, version included.
    pub path: String,
    /// The parameters, decoded, without secrets.
    pub query: String,
    /// The account whose token came along, if it was one of ours.
    pub account: Option<String>,
    /// The id that was asked for; of several, the first.
    pub target: Option<String>,
    /// What was read.
    pub kind: CallKind,
    /// How many calls it counts as: one for each id of `ids=`.
    pub cost: u64,
    /// The HTTP status; nothing while it is being answered, if the caller went away, or if we cut the
    /// connection.
    pub status: Option<u16>,
    /// Meta's error code, if it was answered with one.
    pub error_code: Option<i64>,
    /// Meta's error subcode.
    pub error_subcode: Option<i64>,
    /// How long the answer took, latency included.
    pub duration_ms: Option<u64>,
    /// When the answer was sent, by the simulator's clock.
    pub answered_at: Option<Timestamp>,
}

/// All calls so far.
#[derive(Debug, Default)]
pub(super) struct CallLog {
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    /// How many were forgotten by `clear`, so that ids go on.
    forgotten: u64,
    kept: Vec<Call>,
}

impl CallLog {
    /// Writes a call down and gives it its id.
    pub(super) fn begin(&self, mut call: Call) -> u64 {
        self.with(|calls| {
            call.id = calls.forgotten + calls.kept.len() as u64 + 1;
            let id = call.id;
            calls.kept.push(call);
            id
        })
    }

    /// Changes a call that was written down.
    pub(super) fn amend(&self, id: u64, change: impl FnOnce(&mut Call)) {
        self.with(|calls| {
            let place = id.checked_sub(calls.forgotten + 1).and_then(|place| usize::try_from(place).ok());
            if let Some(call) = place.and_then(|place| calls.kept.get_mut(place)) {
                change(call);
            }
        });
    }

    /// The calls with an id above `after`.
    pub(super) fn since(&self, after: u64) -> Vec<Call> {
        self.with(|calls| calls.kept.iter().filter(|call| call.id > after).cloned().collect())
    }

    /// What the calls cost, by kind.
    pub(super) fn costs(&self) -> BTreeMap<CallKind, u64> {
        self.with(|calls| {
            let mut costs = BTreeMap::new();
            for call in &calls.kept {
                *costs.entry(call.kind).or_default() += call.cost;
            }
            costs
        })
    }

    /// Forgets all calls.
    pub(super) fn clear(&self) {
        self.with(|calls| {
            calls.forgotten += calls.kept.len() as u64;
            calls.kept.clear();
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Calls) -> T) -> T {
        work(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
