//! One read, described without its credentials: the description is what logs, spans and recorded answers may show.

use cekbrand_schema::{AccountId, CommentId, MediaId};

use crate::catalogue::Fetch;

const USER_FIELDS: &str =
    "id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count";
const USER_CORE: &str = "id,username,followers_count,follows_count,media_count";

const MEDIA_FIELDS: &str = "id,owner,username,media_type,media_product_type,timestamp,caption,permalink,shortcode,media_url,\
    thumbnail_url,is_comment_enabled,is_shared_to_feed,like_count,comments_count";
const MEDIA_CORE: &str =
    "id,owner,username,media_type,media_product_type,timestamp,caption,like_count,comments_count";

const COMMENT_FIELDS: &str = "id,text,timestamp,username,from,media,parent_id,like_count,hidden";
const COMMENT_CORE: &str = "id,text,timestamp,username,media";

const MENTIONED_COMMENT_FIELDS: &str = "id,text,timestamp,username,media,like_count";
const MENTIONED_MEDIA_FIELDS: &str =
    "id,username,media_type,timestamp,caption,permalink,media_url,like_count,comments_count";

/// How much of a node is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fields {
    /// Everything that has a column.
    #[default]
    All,
    /// What cannot be done without: for Meta's "please reduce the amount of data".
    Core,
}

/// One read of the Graph API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// An account's own node.
    User {
        /// The account.
        id: AccountId,
        /// How much of it.
        fields: Fields,
    },
    /// A medium's node.
    Media {
        /// The medium.
        id: MediaId,
        /// How much of it.
        fields: Fields,
    },
    /// A comment's node.
    Comment {
        /// The comment.
        id: CommentId,
        /// How much of it.
        fields: Fields,
    },
    /// Plain metrics of a medium, all in one call.
    MediaInsights {
        /// The medium.
        id: MediaId,
        /// Names from [`cekbrand_schema::metric`].
        metrics: Vec<&'static str>,
    },
    /// One metric of a medium, split by its breakdown.
    MediaBreakdown {
        /// The medium.
        id: MediaId,
        /// Name of the metric.
        metric: &'static str,
        /// What to split it by.
        breakdown: &'static str,
    },
    /// A comment that mentions the account, read through the account.
    MentionedComment {
        /// The account that is mentioned.
        account: AccountId,
        /// The comment.
        id: CommentId,
    },
    /// A medium that mentions the account, read through the account.
    MentionedMedia {
        /// The account that is mentioned.
        account: AccountId,
        /// The medium.
        id: MediaId,
    },
}

impl Request {
    /// The kind of read.
    pub const fn fetch(&self) -> Fetch {
        match self {
            Self::User { .. } => Fetch::User,
            Self::Media { .. } => Fetch::Media,
            Self::Comment { .. } => Fetch::Comment,
            Self::MediaInsights { .. } => Fetch::MediaInsights,
            Self::MediaBreakdown { .. } => Fetch::MediaBreakdown,
            Self::MentionedComment { .. } => Fetch::MentionedComment,
            Self::MentionedMedia { .. } => Fetch::MentionedMedia,
        }
    }

    /// What the read is about: the id of the user, medium or comment.
    pub fn target(&self) -> &str {
        match self {
            Self::User { id, .. } => id.as_str(),
            Self::Media { id, .. }
            | Self::MediaInsights { id, .. }
            | Self::MediaBreakdown { id, .. }
            | Self::MentionedMedia { id, .. } => id.as_str(),
            Self::Comment { id, .. } | Self::MentionedComment { id, .. } => id.as_str(),
        }
    }

    /// The path below the version, without a leading slash.
    pub fn path(&self) -> String {
        match self {
            Self::User { id, .. } => id.to_string(),
            Self::Media { id, .. } => id.to_string(),
            Self::Comment { id, .. } => id.to_string(),
            Self::MediaInsights { id, .. } | Self::MediaBreakdown { id, .. } => format!("{id}/insights"),
            Self::MentionedComment { account, .. } | Self::MentionedMedia { account, .. } => {
                account.to_string()
            }
        }
    }

    /// The query without credentials.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let fields = |all: &str, core: &str, which: Fields| {
            vec![("fields", if which == Fields::All { all.to_owned() } else { core.to_owned() })]
        };
        match self {
            Self::User { fields: which, .. } => fields(USER_FIELDS, USER_CORE, *which),
            Self::Media { fields: which, .. } => fields(MEDIA_FIELDS, MEDIA_CORE, *which),
            Self::Comment { fields: which, .. } => fields(COMMENT_FIELDS, COMMENT_CORE, *which),
            Self::MediaInsights { metrics, .. } => {
                vec![("metric", metrics.join(",")), ("period", "lifetime".to_owned())]
            }
            Self::MediaBreakdown { metric, breakdown, .. } => vec![
                ("metric", (*metric).to_owned()),
                ("breakdown", (*breakdown).to_owned()),
                ("period", "lifetime".to_owned()),
            ],
            Self::MentionedComment { id, .. } => {
                vec![("fields", format!("mentioned_comment.comment_id({id}){{{MENTIONED_COMMENT_FIELDS}}}"))]
            }
            Self::MentionedMedia { id, .. } => {
                vec![("fields", format!("mentioned_media.media_id({id}){{{MENTIONED_MEDIA_FIELDS}}}"))]
            }
        }
    }

    /// `path?query`, readable and without credentials: what is kept beside the answer.
    pub fn describe(&self) -> String {
        let query: Vec<_> = self.query().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", self.path(), query.join("&"))
    }

    /// The same read asking for less, if there is less to ask for. Insights are made smaller by their metrics
    /// ([`crate::refusal`]).
    pub fn shrunk(&self) -> Option<Self> {
        let core = Fields::Core;
        match self {
            Self::User { id, fields: Fields::All } => Some(Self::User { id: id.clone(), fields: core }),
            Self::Media { id, fields: Fields::All } => Some(Self::Media { id: id.clone(), fields: core }),
            Self::Comment { id, fields: Fields::All } => Some(Self::Comment { id: id.clone(), fields: core }),
            _ => None,
        }
    }

    /// Whether all ids can stand in a path and in a field expansion. They come from outside: `../x` or `1){id}` could ask for something else.
    pub fn is_addressable(&self) -> bool {
        let plain = |id: &str| {
            (1..=128).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        let account = match self {
            Self::MentionedComment { account, .. } | Self::MentionedMedia { account, .. } => account.as_str(),
            _ => self.target(),
        };
        plain(self.target()) && plain(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_what_it_asks_without_credentials() {
        let insights =
            Request::MediaInsights { id: "17900000000000001".into(), metrics: vec!["reach", "views"] };
        assert_eq!(insights.describe(), "17900000000000001/insights?metric=reach,views&period=lifetime");
        let mention = Request::MentionedComment { account: "178414".into(), id: "179".into() };
        assert_eq!(
            mention.describe(),
            "178414?fields=mentioned_comment.comment_id(179){id,text,timestamp,username,media,like_count}"
        );
        assert_eq!((mention.fetch(), mention.target()), (Fetch::MentionedComment, "179"));
    }

    #[test]
    fn a_node_read_can_ask_for_less_once() {
        let all = Request::Media { id: "1".into(), fields: Fields::All };
        let core = all.shrunk().unwrap();
        assert!(core.describe().len() < all.describe().len());
        assert_eq!(core.shrunk(), None);
    }

    #[test]
    fn ids_that_would_ask_for_something_else_are_not_addressable() {
        for id in ["", "../me", "1/insights", "1?fields=x", "1){id}", "a b", "é"] {
            assert!(!Request::Media { id: id.into(), fields: Fields::All }.is_addressable(), "{id}");
            assert!(!Request::MentionedMedia { account: id.into(), id: "1".into() }.is_addressable(), "{id}");
        }
        assert!(Request::Media { id: "aWdfZAG1_-".into(), fields: Fields::All }.is_addressable());
    }
}
