//! Lists: media, stories, children, comments and replies, page by page.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::GraphError;
use super::fields::Field;
use super::reading::{Node, Reading};
use super::request::percent_encoded;
use crate::world::{Account, Comment, Medium, Product, World};

/// At most this many comments a page.
const COMMENTS_PAGE: usize = 50;
const MEDIA_PAGE: usize = 25;
const MEDIA_PAGE_MOST: usize = 100;

/// What a comment shows if no fields are named.
const PLAIN_COMMENT: &[&str] = &["timestamp", "text", "id"];

impl Reading<'_> {
    /// `/{user}/media`, or `media` expanded: posts, reels and albums, newest first.
    pub(super) fn media_list(&self, account: &Account, asked: &Field) -> Result<Value, GraphError> {
        let limit = limit(asked, MEDIA_PAGE, MEDIA_PAGE_MOST)?;
        let since = bound(asked, "since")?.unwrap_or(i64::MIN);
        let until = bound(asked, "until")?.unwrap_or(i64::MAX);
        let start = after(asked)?.map_or(0, |last| last + 1);
        let posts: Vec<_> = self
            .posts(account)
            .filter(|medium| (since..=until).contains(&medium.published.as_second()))
            .skip(usize::try_from(start).unwrap_or(usize::MAX))
            .take(limit + 1)
            .collect();
        let page: Vec<Node> = posts
            .iter()
            .take(limit)
            .map(|medium| self.medium(medium, &asked.fields))
            .collect::<Result<_, _>>()?;
        let mut list = json!({ "data": page });
        if !page.is_empty() {
            let last = start + page.len() as u64 - 1;
            list["paging"] = json!({ "cursors": { "before": cursor(start), "after": cursor(last) } });
            // Other people's media are paged by cursor alone.
            if posts.len() > limit && account.index == self.account.index {
                list["paging"]["next"] = self.next(account.id.as_str(), "media", asked, limit, last).into();
            }
        }
        Ok(list)
    }

    /// `/{user}/stories` and `/{user}/live_media`: what lives now.
    pub(super) fn story_list(
        &self,
        account: &Account,
        product: Product,
        fields: &[Field],
    ) -> Result<Value, GraphError> {
        let living =
            self.world().media_of(account, |medium| medium.product == product && self.is_there(medium));
        let data: Vec<Node> = living.map(|medium| self.medium(medium, fields)).collect::<Result<_, _>>()?;
        let mut list = json!({ "data": data });
        if !data.is_empty() {
            list["paging"] =
                json!({ "cursors": { "before": cursor(0), "after": cursor(data.len() as u64 - 1) } });
        }
        Ok(list)
    }

    /// `/{user}/tags`: media of other people that tag the account, newest first. Every outsider's medium
    /// tags one.
    pub(super) fn tag_list(&self, account: &Account, asked: &Field) -> Result<Value, GraphError> {
        let limit = limit(asked, MEDIA_PAGE, MEDIA_PAGE_MOST)?;
        let start = after(asked)?.map_or(0, |last| last + 1);
        let ours = self.world().watched().len();
        let outsiders = self.world().accounts().iter().filter(|other| !other.watched);
        let mut tagged: Vec<_> = outsiders
            .flat_map(|other| self.posts(other))
            .filter(|medium| medium.index % ours == account.index)
            .collect();
        tagged.sort_by_key(|medium| std::cmp::Reverse((medium.published, medium.index)));
        let tagged: Vec<_> = tagged.into_iter().skip(usize::try_from(start).unwrap_or(usize::MAX)).collect();
        let page: Vec<Node> = tagged
            .iter()
            .take(limit)
            .map(|medium| self.medium(medium, &asked.fields))
            .collect::<Result<_, _>>()?;
        let mut list = json!({ "data": page });
        if !page.is_empty() {
            let last = start + page.len() as u64 - 1;
            list["paging"] = json!({ "cursors": { "before": cursor(start), "after": cursor(last) } });
            if tagged.len() > limit {
                list["paging"]["next"] = self.next(account.id.as_str(), "tags", asked, limit, last).into();
            }
        }
        Ok(list)
    }

    /// `/{media}/children`; left out of a node that is no album.
    pub(super) fn children(&self, album: &Medium, fields: &[Field]) -> Result<Value, GraphError> {
        if album.children.is_empty() {
            return Ok(Value::Null);
        }
        let children = album.children.iter().map(|place| &self.world().media()[*place]);
        let data: Vec<Node> = children.map(|child| self.medium(child, fields)).collect::<Result<_, _>>()?;
        Ok(json!({ "data": data }))
    }

    /// `/{media}/comments`: top level only, newest first; the last page has no `paging`.
    pub(super) fn comment_list(&self, medium: &Medium, asked: &Field) -> Result<Value, GraphError> {
        let limit = limit(asked, COMMENTS_PAGE, COMMENTS_PAGE)?;
        let mut standing = World::top_level(medium, after(asked)?)
            .map(|number| self.world().comment_under(medium, number))
            .filter(|comment| self.comment_is_there(comment));
        let page: Vec<Comment> = standing.by_ref().take(limit).collect();
        let mut list = json!({ "data": self.comment_nodes(&page, &asked.fields)? });
        if let (Some(last), Some(_)) = (page.last(), standing.next()) {
            let next = self.next(medium.id.as_str(), "comments", asked, limit, last.number);
            list["paging"] = json!({ "cursors": { "after": cursor(last.number) }, "next": next });
        }
        Ok(list)
    }

    /// `/{comment}/replies`; left out of a node without replies.
    pub(super) fn reply_list(&self, comment: &Comment, fields: &[Field]) -> Result<Value, GraphError> {
        let medium = &self.world().media()[comment.medium];
        let replies: Vec<Comment> = World::replies(medium, comment.number)
            .map(|number| self.world().comment_under(medium, number))
            .filter(|reply| self.comment_is_there(reply))
            .collect();
        if replies.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(json!({ "data": self.comment_nodes(&replies, fields)? }))
        }
    }

    fn comment_nodes(&self, comments: &[Comment], fields: &[Field]) -> Result<Vec<Node>, GraphError> {
        let plain: Vec<Field>;
        let fields = if fields.is_empty() {
            plain = PLAIN_COMMENT.iter().map(|name| Field::named(name)).collect();
            &plain
        } else {
            fields
        };
        comments.iter().map(|comment| self.comment(comment, fields)).collect()
    }

    /// The address of the next page. It holds the token, as Meta's does: a trap for whoever logs or stores
    /// it.
    fn next(&self, id: &str, edge: &str, asked: &Field, limit: usize, last: u64) -> String {
        let mut parameters: BTreeMap<&str, String> =
            asked.parameters.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        if !asked.fields.is_empty() {
            parameters
                .insert("fields", asked.fields.iter().map(Field::to_string).collect::<Vec<_>>().join(","));
        }
        parameters.insert("limit", limit.to_string());
        parameters.insert("after", cursor(last));
        let query: Vec<String> =
            parameters.iter().map(|(key, value)| format!("{key}={}", percent_encoded(value))).collect();
        let (base, version, token) = (&self.state.base_url, self.version, self.token);
        format!("{base}/{version}/{id}/{edge}?access_token={token}&pretty=0&{}", query.join("&"))
    }
}

/// A cursor: opaque to callers.
fn cursor(position: u64) -> String {
    format!("QVFI{position:x}ZD")
}

fn after(asked: &Field) -> Result<Option<u64>, GraphError> {
    let Some(text) = asked.parameter("after") else { return Ok(None) };
    let position = text.strip_prefix("QVFI").and_then(|rest| rest.strip_suffix("ZD"));
    let position = position.and_then(|hex| u64::from_str_radix(hex, 16).ok());
    position.map(Some).ok_or_else(|| GraphError::parameter("Invalid cursors values"))
}

fn limit(asked: &Field, usual: usize, most: usize) -> Result<usize, GraphError> {
    let Some(text) = asked.parameter("limit") else { return Ok(usual) };
    match text.parse::<usize>() {
        Ok(limit) if limit > 0 => Ok(limit.min(most)),
        _ => Err(GraphError::parameter("Param limit must be an integer greater than zero")),
    }
}

fn bound(asked: &Field, name: &str) -> Result<Option<i64>, GraphError> {
    let number = asked.parameter(name).map(str::parse::<i64>).transpose();
    number.map_err(|_| GraphError::parameter(format!("Param {name} must be a unix time")))
}
