//! Every kind of read this service can do. Tasks and recorded answers refer to it by id.

use std::fmt;

/// One kind of read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fetch {
    /// An account's own node.
    User,
    /// A medium's node.
    Media,
    /// A comment's node.
    Comment,
    /// A medium's insights.
    MediaInsights,
    /// One metric of a medium, split by its breakdown.
    MediaBreakdown,
    /// A comment by somebody else that mentions the account.
    MentionedComment,
    /// A medium of somebody else that mentions the account.
    MentionedMedia,
}

impl Fetch {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::User,
        Self::Media,
        Self::Comment,
        Self::MediaInsights,
        Self::MediaBreakdown,
        Self::MentionedComment,
        Self::MentionedMedia,
    ];

    /// `fetch_id` in `instagram.fetch_catalogue`; also the label in metrics.
    pub const fn id(self) -> &'static str {
        match self {
            Self::User => "ig_user",
            Self::Media => "ig_media",
            Self::Comment => "ig_comment",
            Self::MediaInsights => "ig_media_insights",
            Self::MediaBreakdown => "ig_media_insights_breakdown",
            Self::MentionedComment => "ig_mentioned_comment",
            Self::MentionedMedia => "ig_mentioned_media",
        }
    }

    /// `fetch_name`: what is read, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "Instagram user node",
            Self::Media => "Instagram media node",
            Self::Comment => "Instagram comment node",
            Self::MediaInsights => "Instagram media insights",
            Self::MediaBreakdown => "Instagram media insights, one metric split by a breakdown",
            Self::MentionedComment => "comment that mentions the account",
            Self::MentionedMedia => "media that mentions the account",
        }
    }
}

impl fmt::Display for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The catalogue as data: `(fetch_id, fetch_name)`.
pub fn fetches() -> impl Iterator<Item = (&'static str, &'static str)> {
    Fetch::ALL.into_iter().map(|fetch| (fetch.id(), fetch.name()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_read_has_an_id_and_a_name_of_its_own() {
        let ids: BTreeSet<_> = fetches().map(|(id, _)| id).collect();
        let names: BTreeSet<_> = fetches().map(|(_, name)| name).collect();
        assert_eq!((ids.len(), names.len()), (Fetch::ALL.len(), Fetch::ALL.len()));
    }
}
