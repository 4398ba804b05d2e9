//! What the tables must hold, computed from the deliveries alone.

use std::collections::BTreeSet;

use cekbrand_devkit::meta::Delivery;
use cekbrand_schema::delivery;
use cekbrand_schema::event::{Comment, Payload};
use cekbrand_schema::identity::identify;
use sha2::{Digest, Sha256};

/// One line for each row.
#[derive(Debug, Default)]
pub(super) struct Expected {
    /// Event ids.
    pub(super) events: BTreeSet<String>,
    /// Comments; `?` stands where the payload did not say.
    pub(super) comments: BTreeSet<String>,
    /// Figures of story webhooks.
    pub(super) figures: BTreeSet<String>,
    /// Reads that must have been asked for.
    pub(super) tasks: BTreeSet<String>,
    /// Comments of which the payload lacks something.
    pub(super) incomplete: BTreeSet<String>,
}

impl Expected {
    /// Reads every distinct change.
    pub(super) fn of(deliveries: &[Delivery]) -> Self {
        let mut expected = Self::default();
        let mut scratch = Vec::new();
        for delivery in deliveries {
            let Ok(changes) = delivery::parse(&delivery.body) else { continue };
            for change in &changes {
                let event = identify(change, &mut scratch).event_id.to_string();
                if expected.events.insert(event) && !change.is_test() && change.object == "instagram" {
                    expected.add(
                        &change.account_id,
                        Payload::read(&change.field, &change.value),
                        &change.value,
                        &change.field,
                    );
                }
            }
        }
        expected
    }

    fn add(&mut self, account: &str, payload: Payload, raw: &str, field: &str) {
        match payload {
            Payload::Comment(comment) => self.add_comment(account, &comment),
            Payload::StoryInsights(story) => {
                for (metric, figure) in story.figures {
                    let value = figure.value().map_or_else(|| "-".to_owned(), |value| value.to_string());
                    let absence = figure.absence().map_or("-", cekbrand_schema::Absence::as_str);
                    self.figures.insert(format!("{} {metric} {value} {absence}", story.media_id));
                }
                self.task("media", story.media_id.as_str(), account);
                self.task("user", account, account);
            }
            Payload::Mention(mention) => {
                match (&mention.comment_id, &mention.media_id) {
                    (Some(comment), _) => self.task("mentioned_comment", comment.as_str(), account),
                    (None, Some(media)) => self.task("mentioned_media", media.as_str(), account),
                    (None, None) => {}
                }
                self.task("user", account, account);
            }
            Payload::Other
                if raw == "null" && ["comments", "mentions", "story_insights"].contains(&field) =>
            {
                self.task("user", account, account);
            }
            Payload::Unreadable(_) | Payload::Other => {}
        }
    }

    fn add_comment(&mut self, account: &str, comment: &Comment) {
        if comment.is_incomplete() {
            self.incomplete.insert(comment.id.as_str().to_owned());
            self.task("comment", comment.id.as_str(), account);
        }
        let text = |text: Option<&str>| text.unwrap_or("?").to_owned();
        let (said, media) =
            (text(comment.text.as_deref()), text(comment.media_id.as_ref().map(AsRef::as_ref)));
        self.comments.insert(line(comment.id.as_str(), &media, &said, comment.is_incomplete()));
        if let Some(media) = comment.organic_media_id() {
            self.task("media", media.as_str(), account);
            self.task("media_insights", media.as_str(), account);
        }
        self.task("user", account, account);
    }

    /// Comments as the database holds them, in the same form.
    pub(super) fn lines(&self, held: Vec<(String, Option<String>, Option<String>)>) -> BTreeSet<String> {
        let known = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
        held.into_iter()
            .map(|(id, media, text)| line(&id, &known(media), &known(text), self.incomplete.contains(&id)))
            .collect()
    }

    fn task(&mut self, kind: &str, target: &str, account: &str) {
        self.tasks.insert(format!("{kind} {target} {account}"));
    }
}

/// A comment's line. Of an incomplete one only the id can be foretold.
fn line(id: &str, media: &str, text: &str, incomplete: bool) -> String {
    if incomplete { id.to_owned() } else { format!("{id} {media} {text}") }
}

/// SHA-256 of the lines in their order.
pub(super) fn digest(lines: &BTreeSet<String>) -> String {
    let mut hash = Sha256::new();
    for line in lines {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
