//! Which rows the changes of a batch make, and which reads they make wanted.

use std::collections::BTreeMap;

use cekbrand_schema::Source;
use cekbrand_schema::event::{Comment, Mention, Payload, StoryInsights};
use jiff::Timestamp;

use super::decode::Arrived;
use crate::insight::{InsightKey, InsightRow};
use crate::reads::comments::RECENT;
use crate::reads::{self, Kind};
use crate::rows::stub::MediaStub;
use crate::rows::webhook_comment::CommentRow;
use crate::rows::{Mark, Rows};
use crate::tasks::{NewTask, TaskKey, TaskLane};
use crate::token::revoked::Revocation;

/// Everything that a batch's fresh changes make, apart from the events themselves.
#[derive(Debug, Default)]
pub struct Made {
    /// Rows to be written.
    pub rows: Rows,
    /// Reads that are wanted.
    pub tasks: BTreeMap<TaskKey, NewTask>,
    /// Permissions that were taken back.
    pub revocations: Vec<Revocation>,
}

impl Made {
    /// Collects what a change makes. Test events make nothing.
    pub fn add(&mut self, change: &Arrived) {
        if change.is_test {
            return;
        }
        match &change.payload {
            Payload::Comment(comment) => self.add_comment(change, comment),
            Payload::StoryInsights(story) => self.add_story(change, story),
            Payload::Mention(mention) => self.add_mention(change, mention),
            Payload::Unreadable(_) => {}
            Payload::Other if change.object == "permissions" => self.add_revocation(change),
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
        self.rows
            .comments
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
            self.want(change, reads::kind::MEDIA, media.as_str(), TaskLane::NewComments);
            self.want(change, reads::kind::MEDIA_INSIGHTS, media.as_str(), TaskLane::NewComments);
            // When it was written, and how it is liked, one page tells for many.
            self.want_variant(change, reads::kind::COMMENTS, media.as_str(), RECENT, TaskLane::Daily);
        }
        if comment.is_incomplete() {
            // A live comment can be read only while the broadcast runs.
            let lane = if comment.live { TaskLane::Live } else { TaskLane::NewComments };
            self.want(change, reads::kind::COMMENT, comment.id.as_str(), lane);
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
            self.rows.add_insight(key, row);
        }
        self.want(change, reads::kind::MEDIA, story.media_id.as_str(), TaskLane::Live);
        self.want_account(change);
        let account_id = change.account_id.as_str().to_owned();
        self.rows.marks.insert(Mark { account_id, instant: change.received_at });
    }

    fn add_mention(&mut self, change: &Arrived, mention: &Mention) {
        if let Some(comment) = &mention.comment_id {
            self.want(change, reads::kind::MENTIONED_COMMENT, comment.as_str(), TaskLane::NewComments);
        } else if let Some(media) = &mention.media_id {
            self.want(change, reads::kind::MENTIONED_MEDIA, media.as_str(), TaskLane::NewComments);
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

    fn add_revocation(&mut self, change: &Arrived) {
        let (subject, at) = (change.account_id.as_str(), change.received_at);
        self.revocations.extend(Revocation::read(subject, &change.field, &change.raw, at));
    }

    fn add_media(&mut self, id: &str, seen: Timestamp, fill: impl FnOnce(&mut MediaStub)) {
        let mut stub = MediaStub { first_seen_at: seen, ..MediaStub::default() };
        fill(&mut stub);
        self.rows.media.entry(id.to_owned()).and_modify(|held| held.merge(&stub)).or_insert(stub);
    }

    fn want_account(&mut self, change: &Arrived) {
        self.want(change, reads::kind::USER, change.account_id.as_str(), TaskLane::Daily);
        // Who is active now may have a story that nobody has seen.
        self.want(change, reads::kind::USER_STORIES, change.account_id.as_str(), TaskLane::Live);
    }

    fn want(&mut self, change: &Arrived, kind: Kind, target: &str, lane: TaskLane) {
        self.want_variant(change, kind, target, "", lane);
    }

    fn want_variant(&mut self, change: &Arrived, kind: Kind, target: &str, variant: &str, lane: TaskLane) {
        if change.account_id.as_str().is_empty() {
            // Without an account there is no token to read with, and no later change can name one for this
            // event.
            return;
        }
        let key =
            TaskKey { variant: variant.to_owned(), ..TaskKey::new(kind, target, change.account_id.as_str()) };
        let task = NewTask { key: key.clone(), lane, deadline: None };
        self.tasks.entry(key).and_modify(|held| held.lane = held.lane.min(lane)).or_insert(task);
    }
}
