//! Which rows, tasks and marks the changes of a batch make. Keys are collapsed and sorted here, since one UNNEST batch must not hold a key twice and sorted locks cannot deadlock.

use std::collections::{BTreeMap, BTreeSet};

use cekbrand_schema::event::{Comment, Mention, Payload, StoryInsights};
use cekbrand_schema::{AccountId, Source};
use jiff::Timestamp;

use super::decode::Arrived;
use crate::insight::{InsightKey, InsightRow};
use crate::tasks::{NewTask, TaskKind, TaskLane};

/// Everything that a batch's fresh changes write, apart from the events themselves.
#[derive(Debug, Default)]
pub struct Rows {
    /// Comments by id.
    pub comments: BTreeMap<String, CommentRow>,
    /// Media that were heard of, by id.
    pub media: BTreeMap<String, MediaStub>,
    /// Story figures by key.
    pub insights: BTreeMap<InsightKey, InsightRow>,
    /// Reads that are wanted.
    pub tasks: BTreeMap<(TaskKind, String, String), NewTask>,
    /// Accounts whose analytics an instant touched.
    pub marks: BTreeSet<(String, Timestamp)>,
}

/// A row of `instagram.media_comment` as a webhook tells it.
#[derive(Debug, Clone)]
pub struct CommentRow {
    /// What the payload says.
    pub comment: Comment,
    /// Whose webhook brought it.
    pub account_id: AccountId,
    /// When the event that gave the text arrived.
    pub received_at: Timestamp,
    /// When the comment was first heard of.
    pub first_seen_at: Timestamp,
    /// The event; of several, the one with the largest id.
    pub event_id: Vec<u8>,
}

/// What a webhook says of a medium. Whose it is, only a read can say.
#[derive(Debug, Clone, Default)]
pub struct MediaStub {
    /// `FEED`, `REELS`, `STORY`, `LIVE`, `AD`.
    pub media_product_type: Option<String>,
    /// The ad, for an ad's copy.
    pub ad_id: Option<String>,
    /// The organic medium, for an ad's copy.
    pub original_media_id: Option<String>,
    /// When it was first heard of.
    pub first_seen_at: Timestamp,
}

impl Rows {
    /// Collects what a change makes. Test events make nothing.
    pub fn add(&mut self, change: &Arrived) {
        if change.is_test {
            return;
        }
        match &change.payload {
            Payload::Comment(comment) => self.add_comment(change, comment),
            Payload::StoryInsights(story) => self.add_story(change, story),
            Payload::Mention(mention) => self.add_mention(change, mention),
            Payload::Other => self.add_unread(change),
        }
    }

    fn add_comment(&mut self, change: &Arrived, comment: &Comment) {
        let row = CommentRow {
            comment: comment.clone(),
            account_id: change.account_id.clone(),
            received_at: change.received_at,
            first_seen_at: change.received_at,
            event_id: change.event_id.as_bytes().to_vec(),
        };
        self.comments
            .entry(comment.id.as_str().to_owned())
            .and_modify(|held| held.merge(&row))
            .or_insert(row);
        if let Some(media) = &comment.media_id {
            let is_copy = comment.original_media_id.is_some();
            self.add_media(media.as_str(), change.received_at, |stub| {
                stub.media_product_type.clone_from(&comment.media_product_type);
                if is_copy {
                    stub.ad_id.clone_from(&comment.ad_id);
                    stub.original_media_id =
                        comment.original_media_id.as_ref().map(|id| id.as_str().to_owned());
                }
            });
        }
        if let Some(media) = comment.organic_media_id() {
            self.add_media(media.as_str(), change.received_at, |_| ());
            self.want(change, TaskKind::Media, media.as_str(), TaskLane::NewComments);
            self.want(change, TaskKind::MediaInsights, media.as_str(), TaskLane::NewComments);
        }
        if comment.is_incomplete() {
            // A live comment can be read only while the broadcast runs.
            let lane = if comment.live { TaskLane::Live } else { TaskLane::NewComments };
            self.want(change, TaskKind::Comment, comment.id.as_str(), lane);
        }
        self.want_account(change);
    }

    fn add_story(&mut self, change: &Arrived, story: &StoryInsights) {
        self.add_media(story.media_id.as_str(), change.received_at, |stub| {
            stub.media_product_type = Some("STORY".to_owned());
        });
        for (metric, figure) in &story.figures {
            let row = InsightRow {
                figure: *figure,
                source: Source::Webhook,
                observed_at: change.received_at,
                api_version: None,
                api_id: None,
            };
            let key = InsightKey::plain(story.media_id.as_str(), metric, change.received_at);
            self.insights.entry(key).and_modify(|held| held.merge(&row)).or_insert(row);
        }
        self.want(change, TaskKind::Media, story.media_id.as_str(), TaskLane::Live);
        self.want_account(change);
        self.marks.insert((change.account_id.as_str().to_owned(), change.received_at));
    }

    fn add_mention(&mut self, change: &Arrived, mention: &Mention) {
        if let Some(comment) = &mention.comment_id {
            self.want(change, TaskKind::MentionedComment, comment.as_str(), TaskLane::NewComments);
        } else if let Some(media) = &mention.media_id {
            self.want(change, TaskKind::MentionedMedia, media.as_str(), TaskLane::NewComments);
        }
        if let Some(media) = &mention.media_id {
            self.add_media(media.as_str(), change.received_at, |_| ());
        }
        self.want_account(change);
    }

    /// `changed_fields` names a field without its value: what changed can only be found by reading.
    fn add_unread(&mut self, change: &Arrived) {
        if change.raw == "null" && matches!(change.field.as_str(), "comments" | "mentions" | "story_insights")
        {
            self.want_account(change);
        }
    }

    fn add_media(&mut self, id: &str, seen: Timestamp, fill: impl FnOnce(&mut MediaStub)) {
        let mut stub = MediaStub { first_seen_at: seen, ..MediaStub::default() };
        fill(&mut stub);
        self.media.entry(id.to_owned()).and_modify(|held| held.merge(&stub)).or_insert(stub);
    }

    fn want_account(&mut self, change: &Arrived) {
        self.want(change, TaskKind::User, change.account_id.as_str(), TaskLane::Daily);
    }

    fn want(&mut self, change: &Arrived, kind: TaskKind, target: &str, lane: TaskLane) {
        if change.account_id.as_str().is_empty() {
            // Without an account there is no token to read with, and no later change can name one for this event.
            return;
        }
        let key = (kind, target.to_owned(), change.account_id.as_str().to_owned());
        let task =
            NewTask { kind, target_id: key.1.clone(), account_id: key.2.clone(), lane, deadline: None };
        self.tasks.entry(key).and_modify(|held| held.lane = held.lane.min(lane)).or_insert(task);
    }
}

impl CommentRow {
    /// Merges two events about one comment, as the statement does that merges with the row.
    fn merge(&mut self, other: &Self) {
        let rank = |row: &Self| (row.comment.text.is_some(), row.received_at, row.comment.text.clone());
        let first_seen_at = self.first_seen_at.min(other.first_seen_at);
        let (mut said, beside) =
            if rank(other) > rank(self) { (other.clone(), &*self) } else { (self.clone(), other) };
        said.first_seen_at = first_seen_at;
        let (to, from) = (&mut said.comment, &beside.comment);
        keep_larger(&mut to.from_id, from.from_id.as_ref());
        keep_larger(&mut to.username, from.username.as_ref());
        keep_larger(&mut to.media_id, from.media_id.as_ref());
        keep_larger(&mut to.parent_id, from.parent_id.as_ref());
        said.event_id = self.event_id.clone().max(other.event_id.clone());
        said.account_id = self.account_id.clone().max(other.account_id.clone());
        *self = said;
    }
}

impl MediaStub {
    fn merge(&mut self, other: &Self) {
        fill(&mut self.media_product_type, other.media_product_type.as_ref());
        fill(&mut self.ad_id, other.ad_id.as_ref());
        fill(&mut self.original_media_id, other.original_media_id.as_ref());
        self.first_seen_at = self.first_seen_at.min(other.first_seen_at);
    }
}

fn keep_larger<T: Clone + Ord>(to: &mut Option<T>, from: Option<&T>) {
    if from > to.as_ref() {
        *to = from.cloned();
    }
}

fn fill<T: Clone>(to: &mut Option<T>, from: Option<&T>) {
    if to.is_none() {
        *to = from.cloned();
    }
}
