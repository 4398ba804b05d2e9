//! A seeded stream of deliveries about a world: the same seed over an equal world gives the same bytes.
//!
//! Changes differ from each other unless they are meant as repetitions, so the totals are exact.

use std::sync::Arc;

use serde_json::{Value, json};

use super::change::{Change, CommentTwist, Shape, comment, story_insights};
use super::delivery::{Delivery, MOST_CHANGES, Packing};
use super::expectation::Expectation;
use crate::seeded::Seeded;
use crate::world::{Medium, Product, World};

/// How many past deliveries and changes are kept to be repeated.
const KEPT: usize = 256;

/// What a generator makes.
#[derive(Debug, Clone)]
pub struct GeneratorConfig {
    /// Fixes the stream.
    pub seed: u64,
    /// Changes altogether, repetitions included; an unparsable body counts as one.
    pub changes: u64,
    /// How many of a thousand changes are repetitions.
    pub redelivered_per_mille: u64,
    /// How many of a thousand comments lack text, author or medium.
    pub lacking_per_mille: u64,
    /// The most changes in one delivery, up to 1000.
    pub largest_batch: usize,
    /// Whether rare shapes, characters and unparsable bodies turn up.
    pub odd: bool,
}

impl GeneratorConfig {
    /// The usual mix: a tenth repeated, two of a hundred comments lacking something, odd ones included.
    pub const fn new(seed: u64, changes: u64) -> Self {
        Self {
            seed,
            changes,
            redelivered_per_mille: 100,
            lacking_per_mille: 20,
            largest_batch: 100,
            odd: true,
        }
    }
}

/// Makes deliveries; an iterator that ends after the configured number of changes.
#[derive(Debug)]
pub struct Generator {
    world: Arc<World>,
    config: GeneratorConfig,
    draw: Seeded,
    made: u64,
    serial: u64,
    /// Media that can be commented on, the busiest first.
    busy: Vec<usize>,
    /// Expired stories, the latest first.
    stories: Vec<usize>,
    stories_told: u64,
    /// Other people's media, and how many of them were told of as caption mentions.
    others: Vec<usize>,
    others_told: usize,
    kept_deliveries: Vec<Delivery>,
    kept_changes: Vec<Change>,
    expectation: Expectation,
}

impl Generator {
    /// A generator of changes in this world; the comments it reports are added to the world.
    pub fn new(world: Arc<World>, config: GeneratorConfig) -> Self {
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
        Self {
            draw: Seeded::of(&[config.seed, 30]),
            made: 0,
            serial: 0,
            busy,
            stories,
            stories_told: 0,
            others,
            others_told: 0,
            kept_deliveries: Vec::new(),
            kept_changes: Vec::new(),
            expectation: Expectation::default(),
            world,
            config,
        }
    }

    /// What the deliveries made so far must become.
    pub const fn expectation(&self) -> &Expectation {
        &self.expectation
    }

    fn redelivery(&mut self, left: u64) -> Option<Delivery> {
        if !self.draw.chance(self.config.redelivered_per_mille / 2) || self.kept_deliveries.is_empty() {
            return None;
        }
        let past = &self.kept_deliveries[self.draw.index(self.kept_deliveries.len())];
        (past.units() <= left).then(|| Delivery { redelivery_of: Some(past.id), ..past.clone() })
    }

    /// A delivery of new changes, and of past ones now and then.
    fn fresh(&mut self, left: u64) -> (Delivery, Vec<bool>) {
        if self.config.odd && self.draw.chance(3) {
            self.serial += 1;
            return (Delivery::unparsable(0, unparsable(self.draw.below(3), self.serial)), Vec::new());
        }
        let largest = self.config.largest_batch.clamp(1, MOST_CHANGES) as u64;
        let size = match self.draw.below(10) {
            0..=5 => 1,
            6..=8 => self.draw.between(1, 10.min(largest)),
            _ => self.draw.between(1, largest),
        };
        let mut changes: Vec<(Change, bool)> = Vec::new();
        for _ in 0..size.min(left) {
            let repeat =
                self.draw.chance(self.config.redelivered_per_mille / 2) && !self.kept_changes.is_empty();
            let mut change = if repeat {
                self.kept_changes[self.draw.index(self.kept_changes.len())].clone()
            } else {
                self.serial += 1;
                self.change()
            };
            if !change.time_counts {
                change.time = self.time();
            }
            changes.push((change, !repeat));
        }
        // Meta batches by what it watches: neighbours of one account end up in one entry.
        changes
            .sort_by(|(a, _), (b, _)| (a.object, &a.account, &a.time).cmp(&(b.object, &b.account, &b.time)));
        let odd = self.config.odd;
        let packing =
            Packing { array: odd && self.draw.chance(10), numeric_ids: odd && self.draw.chance(10) };
        let (changes, is_new): (Vec<Change>, Vec<bool>) = changes.into_iter().unzip();
        (Delivery::of(0, changes, packing), is_new)
    }

    /// A change that was never made before.
    fn change(&mut self) -> Change {
        match self.draw.below(1000) {
            0..150 if !self.stories.is_empty() => self.story(),
            150..180 => self.comment_on(Product::Live),
            180..200 => self.comment_on(Product::Ad),
            200..230 if !self.others.is_empty() => self.mention(),
            230..260 => self.message(),
            260..264 => self.test_event(),
            264..268 => self.unknown_field(),
            268..270 => self.permission(),
            270..274 if self.config.odd => self.changed_field(),
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
        let odd = self.config.odd;
        // Comments on advertisements and live videos cannot be read later, so Meta tells all about them.
        let complete = matches!(product, Product::Live | Product::Ad);
        let lacks = !complete && self.draw.chance(self.config.lacking_per_mille);
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
        let standby = self.config.odd && field == "messages" && self.draw.chance(50);
        let (shape, field) = if standby { (Shape::Standby, "standby") } else { (Shape::Messaging, field) };
        let object = if self.config.odd && self.draw.chance(20) { "page" } else { "instagram" };
        Change { shape, object, ..Change::new(&account, field, &item) }
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

    /// `entry.time`: seconds, and in odd streams milliseconds, text, or nothing.
    fn time(&mut self) -> String {
        let second = self.world.config().anchor.as_second() + i64::try_from(self.made / 50).unwrap_or(0);
        match if self.config.odd { self.draw.below(100) } else { 99 } {
            0 => String::new(),
            1 => format!("\"{second}\""),
            2 => (second * 1000 + 537).to_string(),
            _ => second.to_string(),
        }
    }

    fn keep(&mut self, delivery: &Delivery, is_new: &[bool]) {
        if self.kept_deliveries.len() < KEPT {
            self.kept_deliveries.push(delivery.clone());
        } else {
            let place = self.draw.index(KEPT);
            self.kept_deliveries[place] = delivery.clone();
        }
        for (change, _) in delivery.changes.iter().zip(is_new).filter(|(_, new)| **new).take(4) {
            if self.kept_changes.len() < KEPT {
                self.kept_changes.push(change.clone());
            } else {
                let place = self.draw.index(KEPT);
                self.kept_changes[place] = change.clone();
            }
        }
    }
}

impl Iterator for Generator {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        let left = self.config.changes.saturating_sub(self.expectation.accepted_changes);
        if left == 0 {
            return None;
        }
        let (mut delivery, is_new) = match self.redelivery(left) {
            Some(again) => (again, Vec::new()),
            None => self.fresh(left),
        };
        self.made += 1;
        delivery.id = self.made;
        if delivery.redelivery_of.is_none() {
            self.keep(&delivery, &is_new);
        }
        self.expectation.add(&delivery, |place| is_new[place]);
        Some(delivery)
    }
}

/// A body that cannot be parsed: cut off, no JSON at all, or not UTF-8. The number makes it like no other.
fn unparsable(kind: u64, number: u64) -> Vec<u8> {
    let start = r#"{"object":"instagram","entry":[{"id":"17841400000000041","time":1763700000,"changes":[{"field":"comments","value":"#;
    match kind {
        0 => format!(r#"{start}{{"id":"{number}","text":"terpotong"#).into_bytes(),
        1 => format!("<html><body>{number}</body></html>").into_bytes(),
        _ => [
            start.as_bytes(),
            format!(r#"{{"id":"{number}","text":""#).as_bytes(),
            b"\xff\xfe",
            br#""}}]}]}"#,
        ]
        .concat(),
    }
}
