//! What a stream of deliveries must become, counted while it is made.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::delivery::Delivery;

/// The totals of the deliveries so far. The unit is a change; an unparsable body counts as one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Everything: `unique_changes + duplicates + dead_lettered`.
    pub accepted_changes: u64,
    /// Changes that land: each distinct one once.
    pub unique_changes: u64,
    /// Repetitions of changes and of unparsable bodies.
    pub duplicates: u64,
    /// Distinct bodies that cannot be parsed.
    pub dead_lettered: u64,
    /// Unique changes from the dashboard's Test button; they land as events alone and count in nothing below.
    pub test_events: u64,
    /// Unique changes by field, test events included.
    pub fields: BTreeMap<String, u64>,
    /// Accounts that changes concern.
    pub accounts: BTreeSet<String>,
    /// Comments by id, live ones included, mentions not.
    pub comments: BTreeSet<String>,
    /// Media named in comments.
    pub media: BTreeSet<String>,
    /// Media of comments that do not name them: known once the comment is read.
    pub hidden_media: BTreeSet<String>,
    /// Organic media behind advertisements that were commented on.
    pub original_media: BTreeSet<String>,
    /// Stories with figures.
    pub stories: BTreeSet<String>,
    /// Comments that mention an account.
    pub mentioned_comments: BTreeSet<String>,
    /// Media that mention an account in their caption.
    pub mentioned_media: BTreeSet<String>,
    /// Unique comments whose payload lacks text, author or medium.
    pub needs_comment_read: u64,
}

impl Expectation {
    /// The most Graph calls the changes may cost if nothing fails: one for each account, two for each medium,
    /// one for each comment that lacks something and for each mention.
    pub fn most_graph_calls(&self) -> u64 {
        let media: BTreeSet<&String> = [&self.media, &self.hidden_media, &self.original_media, &self.stories]
            .into_iter()
            .flatten()
            .collect();
        let mentions = self.mentioned_comments.len() + self.mentioned_media.len();
        (self.accounts.len() + 2 * media.len() + mentions) as u64 + self.needs_comment_read
    }

    /// Counts a delivery; `is_new` tells for each change whether it comes for the first time.
    pub(super) fn add(&mut self, delivery: &Delivery, is_new: impl Fn(usize) -> bool) {
        self.accepted_changes += delivery.units();
        if delivery.is_unparsable() {
            let counter =
                if delivery.redelivery_of.is_some() { &mut self.duplicates } else { &mut self.dead_lettered };
            *counter += 1;
        }
        for (place, change) in delivery.changes.iter().enumerate() {
            if delivery.redelivery_of.is_some() || !is_new(place) {
                self.duplicates += 1;
            } else {
                self.add_unique(change);
            }
        }
    }

    fn add_unique(&mut self, change: &Change) {
        self.unique_changes += 1;
        *self.fields.entry(change.field.clone()).or_default() += 1;
        if change.is_test {
            self.test_events += 1;
            return;
        }
        self.accounts.insert(change.account.clone());
        self.needs_comment_read += u64::from(change.lacks_something);
        self.stories.extend(change.story.clone());
        if change.field == "mentions" {
            match (&change.comment, &change.media) {
                (Some(comment), _) => drop(self.mentioned_comments.insert(comment.clone())),
                (None, media) => self.mentioned_media.extend(media.clone()),
            }
        } else {
            self.comments.extend(change.comment.clone());
            self.media.extend(change.media.clone());
            self.hidden_media.extend(change.hidden_media.clone());
            self.original_media.extend(change.original_media.clone());
        }
    }
}
