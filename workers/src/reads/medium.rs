//! What reads that tell of media have in common: the fields, and what a node means, its children included.

use cekbrand_graph::node::MediaNode;
use cekbrand_graph::{Disposition, GraphError, Page};
use serde_json::Value;

use super::kind;
use super::read::{Call, Follow, Instead, Job};
use crate::rows::child::Child;
use crate::rows::{Rows, Told};

/// Fields of a child of an album.
pub(super) const CHILD: &str =
    "id,media_type,media_url,thumbnail_url,permalink,shortcode,timestamp,username,is_comment_enabled";
/// Everything of a medium of one's own that has a column; an album's children come along and cost no call.
pub(super) const ALL: &str = "id,owner,username,media_type,media_product_type,timestamp,caption,permalink,\
                              shortcode,media_url,thumbnail_url,is_comment_enabled,is_shared_to_feed,\
                              like_count,comments_count,children{id,media_type,media_url,thumbnail_url,\
                              permalink,shortcode,timestamp,username,is_comment_enabled}";
/// What cannot be done without.
pub(super) const CORE: &str =
    "id,owner,username,media_type,media_product_type,timestamp,caption,like_count,comments_count";

const ALBUM: &str = "CAROUSEL_ALBUM";

/// What a node of the account's own says; nothing where it cannot be read.
pub(super) fn told(job: Job<'_>, node: &Value) -> Vec<Told> {
    let Some(medium) = MediaNode::read(node) else { return Vec::new() };
    let parent_id = medium.id.clone();
    let mut told = vec![Told::Media(Box::new(medium), job.reading())];
    let children = node.get("children").and_then(Page::read);
    told.extend(
        children.iter().flat_map(|page| page.items).filter_map(|child| told_child(job, child, &parent_id)),
    );
    told
}

/// What a child's node says.
pub(super) fn told_child(job: Job<'_>, node: &Value, parent_id: &str) -> Option<Told> {
    let child = Child { node: MediaNode::read(node)?, parent_id: parent_id.to_owned() };
    Some(Told::Child(Box::new(child), job.reading()))
}

/// The media of a page of the account's own list: whose they are, the list says. An item that cannot be
/// read does not spoil the others.
pub(super) fn own_list(job: Job<'_>, content: &Value) -> Option<Rows> {
    let page = Page::read(content)?;
    let mut told: Vec<_> = page.items.iter().flat_map(|node| told(job, node)).collect();
    for told in &mut told {
        if let Told::Media(medium, _) = told {
            medium.owner_id = Some(job.account_id.to_owned());
        }
    }
    Some(Rows { told, ..Rows::default() })
}

/// The media that rows tell of.
pub(super) fn media(rows: &Rows) -> impl Iterator<Item = &MediaNode> {
    rows.told.iter().filter_map(|told| match told {
        Told::Media(medium, _) => Some(&**medium),
        _ => None,
    })
}

/// Albums whose children did not come along.
pub(super) fn childless(rows: &Rows) -> impl Iterator<Item = Follow> {
    let has_child = |id: &str| {
        rows.told.iter().any(|told| matches!(told, Told::Child(child, _) if child.parent_id == id))
    };
    let albums = media(rows)
        .filter(move |medium| medium.media_type.as_deref() == Some(ALBUM) && !has_child(&medium.id));
    albums.map(|album| Follow { can_wait: true, ..Follow::if_idle(kind::MEDIA_CHILDREN, &album.id) })
}

/// Comments that came along and have more replies than came with them.
pub(super) fn unfinished(rows: &Rows) -> impl Iterator<Item = Follow> {
    let pages = rows.told.iter().filter_map(|told| match told {
        Told::Comments(page, _) => Some(page),
        _ => None,
    });
    let comments = pages.flat_map(|page| &page.unfinished);
    comments.map(|comment| Follow { can_wait: true, ..Follow::of(kind::REPLIES, comment) })
}

/// The same with less, where Meta asks for that or refuses what was asked for.
pub(super) fn smaller(call: &Call, error: &GraphError) -> Instead {
    let helps =
        matches!(error.disposition(), Disposition::Retry { shrink: true } | Disposition::BadParameter);
    let less = call.smaller.clone().filter(|_| helps);
    Instead { calls: less.map(super::node::whole).into_iter().collect(), bad: Vec::new() }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_that_cannot_be_read_does_not_spoil_the_others() {
        let (target_id, account_id) = ("178", "178");
        let job = Job {
            target_id,
            account_id,
            variant: "",
            cursor: "",
            api_version: "v25.0",
            at: Timestamp::UNIX_EPOCH,
        };
        let page = json!({"data": [null, {"caption": "no id"}, {"id": "1"}, 7, {"id": 2}]});
        let rows = own_list(job, &page).unwrap();
        let read: Vec<_> =
            media(&rows).map(|medium| (medium.id.as_str(), medium.owner_id.as_deref())).collect();
        assert_eq!(read, [("1", Some("178")), ("2", Some("178"))]);
        assert_eq!(own_list(job, &json!({"id": "178"})), None, "no list is no empty list");
    }
}
