//! What `business_discovery` tells of somebody else's account, through the account that asks.

use serde_json::Value;

use crate::json::id;
use crate::node::{MediaNode, UserNode};

/// An account of somebody else, and a page of its media.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Discovery {
    /// Its profile and counts; of a further page of media nothing but the id.
    pub user: UserNode,
    /// Its media, newest first. What cannot be read is left out.
    pub media: Vec<MediaNode>,
    /// The cursor behind the last medium; there is never a `next`, and one more page may turn out to be
    /// empty.
    pub after: Option<String>,
}

impl Discovery {
    /// Reads it out of the answer of the account that asked; `None` without an id.
    pub fn read(account: &Value) -> Option<Self> {
        let found = account.get("business_discovery")?;
        let user = UserNode::read(found)?;
        let list = found.get("media").unwrap_or(&Value::Null);
        let items = list.get("data").and_then(Value::as_array);
        let owned = |item: &Value| {
            let medium = MediaNode::read(item)?;
            Some(MediaNode { owner_id: Some(user.id.clone()), ..medium })
        };
        let media: Vec<_> = items.into_iter().flatten().filter_map(owned).collect();
        let is_empty = items.is_none_or(Vec::is_empty);
        let after = list.pointer("/paging/cursors").and_then(|cursors| id(cursors, "after"));
        Some(Self { user, media, after: after.filter(|_| !is_empty) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_competitor_is_read_through_the_account_that_asks() {
        let answer = json!({"id": "178", "business_discovery": {
            "id": "17841407000000009", "username": "rival", "followers_count": 64976, "media_count": 436,
            "media": {
                "data": [{"id": "179", "like_count": 87, "media_type": "IMAGE"}, {"caption": "no id"}, 7],
                "paging": {"cursors": {"after": "QVFI"}}
            }
        }});
        let found = Discovery::read(&answer).unwrap();
        assert_eq!((found.user.id.as_str(), found.user.followers_count), ("17841407000000009", Some(64976)));
        assert_eq!((found.user.follows_count, found.after.as_deref()), (None, Some("QVFI")));
        let owners: Vec<_> = found.media.iter().map(|m| (m.id.as_str(), m.owner_id.as_deref())).collect();
        assert_eq!(owners, [("179", Some("17841407000000009"))]);
    }

    #[test]
    fn a_page_without_media_is_the_last_whatever_its_cursor() {
        let answer = json!({"business_discovery": {
            "id": "9", "media": {"data": [], "paging": {"cursors": {"before": "a", "after": "b"}}}
        }});
        assert_eq!(Discovery::read(&answer).unwrap().after, None);
        assert_eq!(Discovery::read(&json!({"business_discovery": {"id": "9"}})).unwrap().after, None);
        assert_eq!(Discovery::read(&json!({"id": "178"})), None);
    }
}
