//! One authorised read: which things the token may see, and the nodes they are shown as.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::error::GraphError;
use super::fault::Quirks;
use super::fields::Field;
use super::request::{Login, app_scoped_id};
use super::state::State;
use crate::world::{Account, Comment, Medium, Product, Thing, World};

/// A node's fields.
pub(super) type Node = Map<String, Value>;

/// Fields that are known and have no value in this world: asking for them is allowed, the answer leaves them
/// out.
const SILENT_MEDIA_FIELDS: &[&str] =
    &["alt_text", "boost_ads_list", "collaborators", "legacy_instagram_media_id", "view_count"];

/// The context of a read.
pub(super) struct Reading<'a> {
    pub(super) state: &'a State,
    pub(super) now: Timestamp,
    /// Whose token it is.
    pub(super) account: &'a Account,
    /// Which host was asked.
    pub(super) login: Login,
    pub(super) token: &'a str,
    pub(super) version: &'a str,
    pub(super) quirks: &'a Quirks,
}

impl<'a> Reading<'a> {
    pub(super) fn world(&self) -> &'a World {
        &self.state.world
    }

    /// What an id names, if this token may see it now.
    pub(super) fn visible(&self, id: &str) -> Result<Thing<'a>, GraphError> {
        let is_own = id == "me" || self.login == Login::Instagram && id == app_scoped_id(self.account);
        let id = if is_own { self.account.id.as_str() } else { id };
        let thing = self.world().find(id).ok_or_else(|| GraphError::gone(id))?;
        let ours = match &thing {
            Thing::Account(account) => account.index == self.account.index,
            Thing::Medium(medium) => medium.account == self.account.index && self.is_there(medium),
            Thing::Comment(comment) => {
                let medium = &self.world().media()[comment.medium];
                medium.account == self.account.index
                    && medium.product != Product::Ad
                    && self.comment_is_there(comment)
            }
        };
        if ours { Ok(thing) } else { Err(GraphError::gone(id)) }
    }

    pub(super) fn is_there(&self, medium: &Medium) -> bool {
        medium.is_there(self.now) && !self.state.deleted().contains(medium.id.as_str())
    }

    pub(super) fn comment_is_there(&self, comment: &Comment) -> bool {
        self.is_there(&self.world().media()[comment.medium])
            && !self.state.deleted().contains(comment.id.as_str())
    }

    /// The id by which an account is told of: with Instagram Login one that is known to the app alone.
    fn told_id(&self, account: &Account) -> String {
        match self.login {
            Login::Facebook => account.id.as_str().to_owned(),
            Login::Instagram => app_scoped_id(account),
        }
    }

    /// The node of a thing.
    pub(super) fn node(&self, thing: &Thing<'_>, fields: &[Field]) -> Result<Node, GraphError> {
        match thing {
            Thing::Account(account) => self.user(account, fields),
            Thing::Medium(medium) => self.medium(medium, fields),
            Thing::Comment(comment) => self.comment(comment, fields),
        }
    }

    /// An account's node: all fields for one's own, the public ones otherwise.
    pub(super) fn user(&self, account: &Account, fields: &[Field]) -> Result<Node, GraphError> {
        let mut node = node_with_id(&self.told_id(account));
        let own = account.index == self.account.index;
        for field in fields {
            let value = match field.name.as_str() {
                // Whom others follow is left out, however it is asked for.
                name if name == "id" || (name == "follows_count" && !own) => continue,
                "ig_id" => account.ig_id.into(),
                "user_id" => account.id.as_str().into(),
                "username" => account.username.clone().into(),
                "name" => account.name.clone().into(),
                "biography" => account.biography.clone().into(),
                "website" => format!("https://{}.example/", account.username).into(),
                "account_type" => "BUSINESS".into(),
                "profile_picture_url" => {
                    format!("https://cdn.example.com/profil/{}.jpg", account.ig_id).into()
                }
                "followers_count" => self.world().followers(account, self.now).into(),
                "follows_count" => account.follows.into(),
                "media_count" => self.posts(account).count().into(),
                edge => match self.user_edge(account, edge, field)? {
                    Some(value) => value,
                    None => return Err(nonexisting(edge, "IGUser")),
                },
            };
            node.insert(field.name.clone(), value);
        }
        Ok(node)
    }

    /// The fields of an account that lead to other things.
    fn user_edge(&self, account: &Account, edge: &str, field: &Field) -> Result<Option<Value>, GraphError> {
        let own = account.index == self.account.index;
        Ok(Some(match edge {
            "media" => self.media_list(account, field)?,
            "stories" if own => self.story_list(account, Product::Story, &field.fields)?,
            "live_media" if own => self.story_list(account, Product::Live, &field.fields)?,
            "insights" if own => json!({ "data": self.user_insights(account, field)? }),
            "business_discovery" if own && self.login == Login::Facebook => {
                let username = field.parameter("username").unwrap_or_default();
                let found = self.world().account_named(username).ok_or_else(|| {
                    GraphError::new(
                        110,
                        Some(2_207_013),
                        "The user with username: ".to_owned() + username + " cannot be found.",
                    )
                })?;
                Value::Object(self.user(found, &field.fields)?)
            }
            "mentioned_media" if own => {
                let id = field.parameter("media_id").unwrap_or_default();
                match self.world().find(id) {
                    Some(Thing::Medium(medium)) if self.is_there(medium) => {
                        Value::Object(self.medium(medium, &field.fields)?)
                    }
                    _ => return Err(GraphError::gone(id)),
                }
            }
            "mentioned_comment" if own => {
                let id = field.parameter("comment_id").unwrap_or_default();
                match self.world().comment(id) {
                    Some(comment) if self.comment_is_there(&comment) => {
                        Value::Object(self.comment(&comment, &field.fields)?)
                    }
                    _ => return Err(GraphError::gone(id)),
                }
            }
            _ => return Ok(None),
        }))
    }

    /// A medium's node. What does not apply to it is left out.
    pub(super) fn medium(&self, medium: &Medium, fields: &[Field]) -> Result<Node, GraphError> {
        let mut node = node_with_id(medium.id.as_str());
        let owner = self.world().owner(medium);
        let picture = format!("https://cdn.example.com/media/{}.jpg", medium.shortcode);
        for field in fields {
            let value = match field.name.as_str() {
                "id" => continue,
                "ig_id" => format!("24{}", medium.id).into(),
                "caption" => medium.caption.clone().into(),
                "media_type" => medium.media_type.into(),
                "media_product_type" => medium.product.as_str().into(),
                "timestamp" => graph_time(medium.published).into(),
                "shortcode" => medium.shortcode.clone().into(),
                "username" => owner.username.clone().into(),
                "owner" => json!({ "id": self.told_id(owner) }),
                "permalink" => permalink(medium, owner).into(),
                "media_url" if self.quirks.flagged_media => Value::Null,
                "media_url" => picture.clone().into(),
                "thumbnail_url" => Some(picture.clone()).filter(|_| medium.media_type == "VIDEO").into(),
                "like_count" if medium.likes_hidden || self.quirks.hidden_likes => Value::Null,
                "like_count" => self.world().figures(medium, self.now).likes.into(),
                "comments_count" => self.comments_count(medium).into(),
                "is_comment_enabled" => true.into(),
                "is_shared_to_feed" => Some(true).filter(|_| medium.product == Product::Reels).into(),
                "ad_id" => Some(format!("23{}", medium.id)).filter(|_| medium.product == Product::Ad).into(),
                "children" => self.children(medium, &field.fields)?,
                "comments" => self.comment_list(medium, field)?,
                "insights" => json!({ "data": self.media_insights(medium, field)? }),
                silent if SILENT_MEDIA_FIELDS.contains(&silent) => Value::Null,
                unknown => return Err(nonexisting(unknown, "IGMedia")),
            };
            if !value.is_null() {
                node.insert(field.name.clone(), value);
            }
        }
        Ok(node)
    }

    /// A comment's node.
    pub(super) fn comment(&self, comment: &Comment, fields: &[Field]) -> Result<Node, GraphError> {
        let mut node = node_with_id(comment.id.as_str());
        let medium = &self.world().media()[comment.medium];
        for field in fields {
            let value = match field.name.as_str() {
                "id" => continue,
                "text" => comment.text.clone().into(),
                "timestamp" => graph_time(comment.written).into(),
                "username" => comment.author.username.clone().into(),
                "from" => json!({ "id": comment.author.id, "username": comment.author.username }),
                "like_count" => comment.likes.into(),
                "hidden" => false.into(),
                "media" => Value::Object(self.medium(medium, &field.fields)?),
                "parent_id" => {
                    comment.parent.map(|parent| World::comment_id(medium, parent).to_string()).into()
                }
                "replies" => self.reply_list(comment, &field.fields)?,
                // Only for comments by the app's own user, which the world does not tell apart.
                "user" | "legacy_instagram_comment_id" => Value::Null,
                unknown => return Err(nonexisting(unknown, "IGComment")),
            };
            if !value.is_null() {
                node.insert(field.name.clone(), value);
            }
        }
        Ok(node)
    }

    fn comments_count(&self, medium: &Medium) -> u64 {
        let gone = self
            .state
            .deleted()
            .iter()
            .filter_map(|id| self.world().comment(id))
            .filter(|c| c.medium == medium.index)
            .count();
        medium.comments().saturating_sub(gone as u64)
    }

    /// What an account has published and still stands: stories, live videos and advertisements do not count.
    pub(super) fn posts<'r>(&'r self, account: &'r Account) -> impl Iterator<Item = &'a Medium> + 'r
    where
        'a: 'r,
    {
        let world = self.world();
        account.media.iter().map(|place| &world.media()[*place]).filter(|medium| {
            matches!(medium.product, Product::Feed | Product::Reels) && self.is_there(medium)
        })
    }
}

/// An instant as the Graph API writes it.
pub(super) fn graph_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

fn node_with_id(id: &str) -> Node {
    Node::from_iter([("id".to_owned(), id.into())])
}

fn nonexisting(field: &str, node: &str) -> GraphError {
    GraphError::parameter(format!("Tried accessing nonexisting field ({field}) on node type ({node})"))
}

fn permalink(medium: &Medium, owner: &Account) -> String {
    match medium.product {
        Product::Story => format!("https://instagram.com/stories/{}/{}", owner.username, medium.shortcode),
        Product::Reels => format!("https://www.instagram.com/reel/{}/", medium.shortcode),
        _ => format!("https://www.instagram.com/p/{}/", medium.shortcode),
    }
}
