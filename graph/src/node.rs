//! The nodes that are read, typed. A field that was not sent is `None`; what that means (hidden, not asked)
//! the caller knows.

use jiff::Timestamp;
use serde_json::Value;

use crate::json::{count, flag, id, nested_id, text, time};

/// An account's own node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserNode {
    /// Id of the account.
    pub id: String,
    /// Name in links, without `@`.
    pub username: Option<String>,
    /// Name shown.
    pub name: Option<String>,
    /// Text of the profile.
    pub biography: Option<String>,
    /// Link of the profile.
    pub website: Option<String>,
    /// Picture; the URL expires.
    pub profile_picture_url: Option<String>,
    /// Followers.
    pub followers_count: Option<i64>,
    /// Accounts followed.
    pub follows_count: Option<i64>,
    /// Media published.
    pub media_count: Option<i64>,
    /// The id by which it is known to the app alone, where the login tells that one.
    pub app_scoped_id: Option<String>,
}

impl UserNode {
    /// Reads the node of an account; `None` without an id. With Instagram Login the answer's `id` is known to
    /// the app alone, while webhooks and everything else know the account by the id that was asked for.
    pub fn read_own(node: &Value, account_id: &str) -> Option<Self> {
        let told = Self::read(node)?;
        let app_scoped_id = Some(told.id).filter(|id| id != account_id);
        Some(Self { id: account_id.to_owned(), app_scoped_id, ..told })
    }

    /// Reads the node; `None` without an id.
    pub fn read(node: &Value) -> Option<Self> {
        Some(Self {
            id: id(node, "id")?,
            username: text(node, "username"),
            name: text(node, "name"),
            biography: text(node, "biography"),
            website: text(node, "website"),
            profile_picture_url: text(node, "profile_picture_url"),
            followers_count: count(node, "followers_count"),
            follows_count: count(node, "follows_count"),
            media_count: count(node, "media_count"),
            app_scoped_id: None,
        })
    }
}

/// A medium's node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MediaNode {
    /// Id of the medium.
    pub id: String,
    /// Its owner; sent only to the owner's own token.
    pub owner_id: Option<String>,
    /// Its owner's name.
    pub username: Option<String>,
    /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`, `BROADCAST`.
    pub media_type: Option<String>,
    /// `FEED`, `REELS`, `STORY`, `AD`, `LIVE`.
    pub media_product_type: Option<String>,
    /// When it was published.
    pub timestamp: Option<Timestamp>,
    /// Text below it.
    pub caption: Option<String>,
    /// Lasting link.
    pub permalink: Option<String>,
    /// The link's short part.
    pub shortcode: Option<String>,
    /// File; the URL expires, and is left out where the medium is flagged.
    pub media_url: Option<String>,
    /// Still picture of a video.
    pub thumbnail_url: Option<String>,
    /// Whether it can be commented on.
    pub is_comment_enabled: Option<bool>,
    /// Whether a reel is in the feed as well.
    pub is_shared_to_feed: Option<bool>,
    /// Likes; left out where the owner hides them.
    pub like_count: Option<i64>,
    /// Comments and replies.
    pub comments_count: Option<i64>,
}

impl MediaNode {
    /// Reads the node; `None` without an id.
    pub fn read(node: &Value) -> Option<Self> {
        Some(Self {
            id: id(node, "id")?,
            owner_id: nested_id(node, "owner"),
            username: text(node, "username"),
            media_type: text(node, "media_type"),
            media_product_type: text(node, "media_product_type"),
            timestamp: time(node, "timestamp"),
            caption: text(node, "caption"),
            permalink: text(node, "permalink"),
            shortcode: text(node, "shortcode"),
            media_url: text(node, "media_url"),
            thumbnail_url: text(node, "thumbnail_url"),
            is_comment_enabled: flag(node, "is_comment_enabled"),
            is_shared_to_feed: flag(node, "is_shared_to_feed"),
            like_count: count(node, "like_count"),
            comments_count: count(node, "comments_count"),
        })
    }

    /// Reads the medium out of an account's answer to `mentioned_media`.
    pub fn read_mentioned(account: &Value) -> Option<Self> {
        Self::read(account.get("mentioned_media")?)
    }
}

/// A comment's node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommentNode {
    /// Id of the comment.
    pub id: String,
    /// What it says.
    pub text: Option<String>,
    /// When it was written.
    pub timestamp: Option<Timestamp>,
    /// Name of its author.
    pub username: Option<String>,
    /// Id of its author.
    pub from_id: Option<String>,
    /// The medium it is about.
    pub media_id: Option<String>,
    /// The comment it replies to.
    pub parent_id: Option<String>,
    /// Likes.
    pub like_count: Option<i64>,
    /// Whether the owner of the medium hid it.
    pub hidden: Option<bool>,
}

impl CommentNode {
    /// Reads the node; `None` without an id.
    pub fn read(node: &Value) -> Option<Self> {
        let from = node.get("from").unwrap_or(&Value::Null);
        Some(Self {
            id: id(node, "id")?,
            text: text(node, "text"),
            timestamp: time(node, "timestamp"),
            username: text(node, "username").or_else(|| text(from, "username")),
            from_id: id(from, "id").or_else(|| nested_id(node, "user")),
            media_id: nested_id(node, "media"),
            parent_id: id(node, "parent_id"),
            like_count: count(node, "like_count"),
            hidden: flag(node, "hidden"),
        })
    }

    /// Reads the comment out of an account's answer to `mentioned_comment`.
    pub fn read_mentioned(account: &Value) -> Option<Self> {
        Self::read(account.get("mentioned_comment")?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_user_is_read_with_what_was_sent() {
        let node = json!({"id": 17_841_400_000_000_001_u64, "username": "brand.one", "followers_count": 12, "ig_id": 5, "new": {}});
        let user = UserNode::read(&node).unwrap();
        assert_eq!(
            (user.id.as_str(), user.followers_count, user.follows_count),
            ("17841400000000001", Some(12), None)
        );
        assert_eq!(UserNode::read(&json!({"username": "x"})), None);
        assert_eq!(UserNode::read(&json!([])), None);
    }

    #[test]
    fn an_account_is_known_by_the_id_that_was_asked_for_and_remembers_the_other_one() {
        let scoped =
            json!({"id": "9900000000000001", "user_id": "17841400000000001", "username": "brand.one"});
        let user = UserNode::read_own(&scoped, "17841400000000001").unwrap();
        assert_eq!(
            (user.id.as_str(), user.app_scoped_id.as_deref()),
            ("17841400000000001", Some("9900000000000001"))
        );
        let same = UserNode::read_own(&json!({"id": "17841400000000001"}), "17841400000000001").unwrap();
        assert_eq!((same.id.as_str(), same.app_scoped_id), ("17841400000000001", None));
    }

    #[test]
    fn a_medium_with_hidden_likes_has_none() {
        let node = json!({
            "id": "17900000000000001", "owner": {"id": "17841400000000001"}, "media_type": "IMAGE", "media_product_type": "FEED",
            "timestamp": "2026-08-19T09:14:16+0000", "caption": "New #Batik", "comments_count": "3", "media_url": null
        });
        let medium = MediaNode::read(&node).unwrap();
        assert_eq!(medium.owner_id.as_deref(), Some("17841400000000001"));
        assert_eq!(medium.timestamp.unwrap().to_string(), "2026-08-19T09:14:16Z");
        assert_eq!((medium.like_count, medium.comments_count, medium.media_url), (None, Some(3), None));
    }

    #[test]
    fn a_comment_is_read_with_either_way_of_naming_its_author() {
        let from = json!({"id": "1", "text": "Halo", "from": {"id": "9", "username": "ani"}, "media": {"id": 7}, "hidden": false});
        let comment = CommentNode::read(&from).unwrap();
        assert_eq!((comment.username.as_deref(), comment.from_id.as_deref()), (Some("ani"), Some("9")));
        assert_eq!((comment.media_id.as_deref(), comment.hidden), (Some("7"), Some(false)));
        let user = CommentNode::read(&json!({"id": "1", "user": {"id": "9"}, "parent_id": 8})).unwrap();
        assert_eq!((user.from_id.as_deref(), user.parent_id.as_deref()), (Some("9"), Some("8")));
    }

    #[test]
    fn mentions_are_read_through_the_account() {
        let answer = json!({"mentioned_comment": {"id": "5", "text": "@brand hi"}, "id": "178414"});
        assert_eq!(CommentNode::read_mentioned(&answer).unwrap().id, "5");
        let answer = json!({"mentioned_media": {"id": "6", "caption": "@brand"}, "id": "178414"});
        assert_eq!(MediaNode::read_mentioned(&answer).unwrap().id, "6");
        assert_eq!(MediaNode::read_mentioned(&json!({"id": "178414"})), None);
    }
}
