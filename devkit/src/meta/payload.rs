//! What Meta says of a comment and of a story that has ended, as the JSON of a change's value.

use serde_json::{Map, Value, json};

use super::change::Change;
use crate::meta_json::LONE_SURROGATE;
use crate::seeded::Seeded;
use crate::world::{Comment, Medium, Product, World};

/// How a comment's payload departs from the usual.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CommentTwist {
    /// The part that is missing: 1 the text, 2 the author, 3 the medium.
    pub(super) lacks: Option<u64>,
    /// `comment_id` instead of `id`.
    pub(super) other_key: bool,
    /// Ids as JSON numbers.
    pub(super) numbers: bool,
    /// What cannot be stored in PostgreSQL: 1 a NUL, 2 a lone surrogate.
    pub(super) poison: Option<u64>,
}

/// `comments` or `live_comments`.
pub(super) fn comment(world: &World, medium: &Medium, comment: &Comment, twist: CommentTwist) -> Change {
    let owner = world.owner(medium);
    let id = |id: &str| if twist.numbers { number_or_text(id) } else { id.into() };
    let mut value = Map::new();
    value.insert(if twist.other_key { "comment_id" } else { "id" }.to_owned(), id(comment.id.as_str()));
    if let Some(parent) = comment.parent {
        value.insert("parent_id".to_owned(), id(World::comment_id(medium, parent).as_str()));
    }
    if twist.lacks != Some(1) {
        let poison = match twist.poison {
            Some(1) => "\0".to_owned(),
            Some(_) => LONE_SURROGATE.to_string(),
            None => String::new(),
        };
        value.insert("text".to_owned(), format!("{}{poison}", comment.text).into());
    }
    if twist.lacks != Some(2) {
        let mut from = json!({ "id": id(&comment.author.id), "username": comment.author.username });
        if comment.author.id == owner.id.as_str() {
            from["self_ig_scoped_id"] = format!("9{}", owner.ig_id).into();
        }
        value.insert("from".to_owned(), from);
    }
    let original = medium.original.map(|place| world.media()[place].id.to_string());
    if twist.lacks != Some(3) {
        let mut of = json!({ "id": id(medium.id.as_str()), "media_product_type": medium.product.as_str() });
        if let Some(original) = &original {
            of["ad_id"] = format!("23{}", medium.id).into();
            of["ad_title"] = "Promo".into();
            of["original_media_id"] = id(original);
        }
        value.insert("media".to_owned(), of);
    }
    let field = if medium.product == Product::Live { "live_comments" } else { "comments" };
    let named = twist.lacks != Some(3);
    Change {
        media: Some(medium.id.to_string()).filter(|_| named),
        hidden_media: Some(medium.id.to_string()).filter(|_| !named),
        original_media: original.filter(|_| named),
        comment: Some(comment.id.to_string()),
        lacks_something: twist.lacks.is_some(),
        ..Change::new(owner.id.as_str(), field, &Value::Object(value))
    }
}

/// `story_insights` of an expired story. `round` counts how often this story was reported before: each report
/// differs from the others.
pub(super) fn story_insights(world: &World, story: &Medium, round: u64, draw: &mut Seeded) -> Change {
    let end = story.ends().unwrap_or(story.published);
    let figures = world.figures(story, end);
    // Counts below five are withheld; a genuine 0 is told.
    let told = |count: u64| -> Value { if (1..5).contains(&count) { json!(-1) } else { count.into() } };
    let step =
        |name: &str| figures.navigation.iter().find(|(key, _)| *key == name).map_or(0, |(_, count)| *count);
    let reach = if round == 0 { told(figures.reach) } else { (figures.reach.max(5) + round).into() };
    let mut value = Map::from_iter([
        ("media_id".to_owned(), story.id.as_str().into()),
        ("reach".to_owned(), reach),
        ("exits".to_owned(), told(step("tap_exit"))),
    ]);
    // Some reports hold little, and newer names come up.
    if !draw.chance(50) {
        let rest = [
            ("impressions", figures.views + round),
            ("taps_forward", step("tap_forward")),
            ("taps_back", step("tap_back")),
            ("replies", figures.replies),
        ];
        value.extend(rest.map(|(name, count)| (name.to_owned(), told(count))));
    }
    if draw.chance(100) {
        let newer = [
            ("views", figures.views),
            ("shares", figures.shares),
            ("profile_visits", figures.profile_visits),
        ];
        value.extend(newer.map(|(name, count)| (name.to_owned(), told(count))));
    }
    let owner = world.owner(story);
    let change = Change::new(owner.id.as_str(), "story_insights", &Value::Object(value));
    Change { story: Some(story.id.to_string()), ..change }
}

/// An id as a JSON number if it is one.
fn number_or_text(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| id.into(), Value::from)
}
