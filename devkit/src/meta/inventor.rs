//! Changes that were never made before, drawn from a world: which field, which medium, which odd form.

use std::sync::Arc;

use serde_json::{Value, json};

use super::change::{Change, Shape};
use super::payload::{CommentTwist, comment, story_insights};
use crate::seeded::Seeded;
use crate::world::{Medium, Product, World};

/// Draws changes; each differs from all others.
#[derive(Debug)]
pub(super) struct Inventor {
    pub(super) world: Arc<World>,
    draw: Seeded,
    odd: bool,
    lacking_per_mille: u64,
    serial: u64,
    /// Media that can be commented on, the busiest first.
    busy: Vec<usize>,
    /// Expired stories, the latest first.
    stories: Vec<usize>,
    stories_told: u64,
    /// Other people's media, and how many of them were told of as caption mentions.
    others: Vec<usize>,
    others_told: usize,
}

impl Inventor {
    pub(super) fn new(world: Arc<World>, seed: u64, odd: bool, lacking_per_mille: u64) -> Self {
        let anchor = world.config().anchor;
        let places = |wanted: &dyn Fn(&Medium) -> bool| -> Vec<usize> {
            let mut media: Vec<&Medium> = world.media().iter().filter(|medium| wanted(medium)).collect();
            media.sort_by_key(|medium| (std::cmp::Reverse(medium.published), medium.index));
            media.into_iter().map(|medium| medium.index).collect()
        };
        let watched = |medium: &Medium| world.owner(medium).watched;
        let post = |medium: &Medium| {
            matches!(medium.product, Product::Feed | Product::Reels) && medium.parent.is_none()
        };
        let busy = places(&|medium| watched(medium) && post(medium));
        let stories = places(&|medium| {
            medium.product == Product::Story && medium.ends().is_some_and(|end| end <= anchor)
        });
        let others = places(&|medium| !watched(medium) && post(medium));
        let draw = Seeded::of(&[seed, 31]);
        Self {
            draw,
            odd,
            lacking_per_mille,
            serial: 0,
            busy,
            stories,
            stories_told: 0,
            others,
            others_told: 0,
            world,
        }
    }

    /// A body that cannot be parsed: cut off, no JSON at all, or not UTF-8. A number makes it like no other.
    pub(super) fn unparsable(&mut self) -> Vec<u8> {
        self.serial += 1;
        let number = self.serial;
        let start = concat!(
            r#"{"object":"instagram","entry":[{"id":"17841400000000041","time":1763700000,"#,
            r#""changes":[{"field":"comments","value":"#
        );
        match self.draw.below(3) {
            0 => format!(r#"{start}{{"id":"{number}","text":"terpotong"#).into_bytes(),
            1 => format!("<html><body>{number}</body></html>").into_bytes(),
            _ => [format!(r#"{start}{{"id":"{number}","text":""#).as_bytes(), b"\xff\xfe", br#""}}]}]}"#]
                .concat(),
        }
    }

    /// A change that was never made before.
    pub(super) fn change(&mut self) -> Change {
        self.serial += 1;
        match self.draw.below(1000) {
            0..150 if !self.stories.is_empty() => self.story(),
            150..180 => self.comment_on(Product::Live),
            180..200 => self.comment_on(Product::Ad),
            200..230 if !self.others.is_empty() => self.mention(),
            230..260 => self.message(),
            260..264 => self.test_event(),
            264..268 => self.unknown_field(),
            268..270 => self.permission(),
            270..274 if self.odd => self.changed_field(),
            _ => self.comment_on(Product::Feed),
        }
    }

    fn story(&mut self) -> Change {
        let count = self.stories.len() as u64;
        let place = usize::try_from(self.stories_told % count).unwrap_or(0);
        let round = self.stories_told / count;
        self.stories_told += 1;
        story_insights(&self.world, &self.world.media()[self.stories[place]], round, &mut self.draw)
    }

    /// A comment on a post or reel, with a skew towards few of them, or on one of the given products.
    fn comment_on(&mut self, product: Product) -> Change {
        let world = Arc::clone(&self.world);
        let medium = match product {
            Product::Live | Product::Ad => {
                let account = &world.watched()[self.draw.skewed(world.watched().len())];
                world.media_of(account, |medium| medium.product == product).next()
            }
            _ => None,
        };
        let medium = medium.unwrap_or_else(|| &world.media()[self.busy[self.draw.skewed(self.busy.len())]]);
        let odd = self.odd;
        // Comments on advertisements and live videos cannot be read later, so Meta tells all about them.
        let complete = matches!(product, Product::Live | Product::Ad);
        let lacks = !complete && self.draw.chance(self.lacking_per_mille);
        let twist = CommentTwist {
            lacks: lacks.then(|| self.draw.between(1, 3)),
            other_key: self.draw.chance(100),
            numbers: odd && self.draw.chance(20),
            poison: (odd && self.draw.chance(2)).then(|| self.draw.between(1, 2)),
        };
        let mut change = comment(&world, medium, &world.add_comment(medium), twist);
        if odd && self.draw.chance(20) {
            change.shape = Shape::Flat;
        }
        // A value that no JSON type can hold may be told apart with its time, so a repetition keeps the time.
        if twist.poison == Some(2) { self.timed(change) } else { change }
    }

    /// Somebody else names a watched account: in a comment, or in a caption while there are new ones.
    fn mention(&mut self) -> Change {
        let world = Arc::clone(&self.world);
        let account = &world.watched()[self.draw.skewed(world.watched().len())];
        let in_caption = self.draw.chance(200) && self.others_told < self.others.len();
        if in_caption {
            let medium = &world.media()[self.others[self.others_told]];
            self.others_told += 1;
            let change = Change::new(account.id.as_str(), "mentions", &json!({ "media_id": medium.id }));
            return Change { media: Some(medium.id.to_string()), ..change };
        }
        let medium = &world.media()[self.others[self.draw.skewed(self.others.len())]];
        let comment = world.add_comment(medium).id.to_string();
        let value = json!({ "media_id": medium.id, "comment_id": comment });
        let media = Some(medium.id.to_string());
        Change { media, comment: Some(comment), ..Change::new(account.id.as_str(), "mentions", &value) }
    }

    /// A direct message, a reaction, a read receipt, or what another application handles (standby).
    fn message(&mut self) -> Change {
        let account = self.any_account();
        let sent = self.world.config().anchor.as_millisecond() + i64::try_from(self.serial).unwrap_or(0);
        let mid = format!("aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlE{:012}", self.serial);
        let sender = (5_000_000_000_000_000 + self.draw.below(100_000)).to_string();
        let (field, content) = match self.draw.below(4) {
            0 => (
                "message_reactions",
                json!({ "mid": mid, "action": "react", "emoji": "❤️", "reaction": "love" }),
            ),
            1 => ("messaging_seen", json!({ "mid": mid })),
            _ => ("messages", json!({ "mid": mid, "text": "halo, masih ada stok? 🙏" })),
        };
        let key = match field {
            "message_reactions" => "reaction",
            "messaging_seen" => "read",
            _ => "message",
        };
        let item = json!({ "sender": { "id": sender }, "recipient": { "id": account }, "timestamp": sent, key: content });
        let standby = self.odd && field == "messages" && self.draw.chance(50);
        let (shape, field) = if standby { (Shape::Standby, "standby") } else { (Shape::Messaging, field) };
        let object = if self.odd && self.draw.chance(20) { "page" } else { "instagram" };
        Change { object, shape, ..Change::new(&account, field, &item) }
    }

    /// What the Test button of Meta's dashboard sends, with a number in it.
    fn test_event(&mut self) -> Change {
        let from = json!({ "id": "232323232", "username": "test" });
        let text = format!("This is an example. {}", self.serial);
        let (field, value) = match self.draw.below(3) {
            0 => {
                let story = json!({ "media_id": "17887498072083520", "impressions": 444 + self.serial, "reach": 44, "taps_forward": 4,
                    "taps_back": 3, "exits": 3, "replies": 0 });
                ("story_insights", story)
            }
            1 => {
                let media = json!({ "id": "123123123", "media_product_type": "LIVE" });
                (
                    "live_comments",
                    json!({ "from": from, "media": media, "id": "17865799348089039", "text": text }),
                )
            }
            _ => {
                let media = json!({ "id": "123123123", "media_product_type": "FEED" });
                let comment = json!({ "from": from, "media": media, "id": "17865799348089039", "parent_id": "1231231234", "text": text });
                ("comments", comment)
            }
        };
        Change { is_test: true, ..Change::new("0", field, &value) }
    }

    fn unknown_field(&mut self) -> Change {
        let account = self.any_account();
        let value = json!({ "number": self.serial, "nested": { "a": [1, null, "é/ü"] } });
        self.timed(Change::new(&account, "not_yet_invented", &value))
    }

    /// A permission is granted (a withdrawal would end the account's work).
    fn permission(&mut self) -> Change {
        let account = self.any_account();
        let value = json!({ "verb": "granted", "target_ids": [account] });
        let change = Change::new(&account, "instagram_manage_comments", &value);
        self.timed(Change { object: "permissions", ..change })
    }

    fn changed_field(&mut self) -> Change {
        let account = self.any_account();
        let field = self.draw.pick(&["comments", "mentions", "story_insights"]);
        let change = Change::new(&account, field, &Value::Null);
        self.timed(Change { value: String::new(), shape: Shape::ChangedFields, ..change })
    }

    /// Gives a change without an id of its own a time that no other has.
    fn timed(&self, change: Change) -> Change {
        let second =
            self.world.config().anchor.as_second() - 30 * 86_400 + i64::try_from(self.serial).unwrap_or(0);
        Change { time: second.to_string(), time_counts: true, ..change }
    }

    fn any_account(&mut self) -> String {
        let watched = self.world.watched();
        watched[self.draw.skewed(watched.len())].id.to_string()
    }
}
