//! The names of all kinds of read: by them reads refer to each other, and others to them.

use std::fmt;

/// An account's node.
pub const USER: Kind = Kind("user");
/// An account's figures that come day by day.
pub const USER_SERIES: Kind = Kind("user_series");
/// An account's figures of a day, a week or 28 days.
pub const USER_TOTALS: Kind = Kind("user_totals");
/// One figure of an account, split.
pub const USER_BREAKDOWN: Kind = Kind("user_breakdown");
/// Followers online by hour.
pub const ONLINE_FOLLOWERS: Kind = Kind("online_followers");
/// Followers by place, age and gender.
pub const DEMOGRAPHICS: Kind = Kind("demographics");
/// A competitor and its media.
pub const COMPETITOR: Kind = Kind("competitor");
/// A medium's node.
pub const MEDIA: Kind = Kind("media");
/// A comment's node.
pub const COMMENT: Kind = Kind("comment");
/// The comments below a medium.
pub const COMMENTS: Kind = Kind("comments");
/// The replies to a comment.
pub const REPLIES: Kind = Kind("replies");
/// A medium's figures.
pub const MEDIA_INSIGHTS: Kind = Kind("media_insights");
/// One figure of a medium, split.
pub const MEDIA_BREAKDOWN: Kind = Kind("media_breakdown");
/// A medium of somebody else that mentions the account.
pub const MENTIONED_MEDIA: Kind = Kind("mentioned_media");
/// A comment of somebody else that mentions the account.
pub const MENTIONED_COMMENT: Kind = Kind("mentioned_comment");

/// An account's media, page by page.
pub const USER_MEDIA: Kind = Kind("user_media");
/// An account's living stories.
pub const USER_STORIES: Kind = Kind("user_stories");
/// An account's live videos.
pub const LIVE_MEDIA: Kind = Kind("live_media");
/// Media of others in which the account is tagged.
pub const USER_TAGS: Kind = Kind("user_tags");
/// The children of an album.
pub const MEDIA_CHILDREN: Kind = Kind("media_children");

/// The name of a kind of read: the `kind` of a task and its label in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(&'static str);

impl Kind {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A word that names no read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of read")]
pub struct UnknownKind(pub(super) String);
