//! The comments below a medium with their replies, fifty a page, newest first: their times, likes and hiding,
//! which webhooks do not tell, and those that came before there were webhooks.
//!
//! The variant is empty for all of them, and `recent` for what webhooks told of since the last reading.

use std::time::Duration;

use cekbrand_graph::{GraphError, Request};
use jiff::Timestamp;
use serde_json::Value;
use tracing::{Span, info_span};

use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read, Seen, Walked};
use super::{kind, medium, node, pages};
use crate::rows::comment::Page;
use crate::rows::{Rows, Told};

/// The variant that goes back no further than what may have been told of since it was last read.
pub const RECENT: &str = "recent";

pub(super) const FIELDS: &str = "id,text,timestamp,username,from,like_count,hidden";
/// Meta gives no more.
pub(super) const PAGE: &str = "50";
/// Fewer, for Meta's "please reduce the amount of data".
const SMALL_PAGE: &str = "20";

/// So long new comments wait for their times and likes, so that one page tells of many.
const FRESH_FOR: Duration = Duration::from_hours(6);
/// What is read at most every six hours is read back so far.
const RECENT_FOR: Duration = Duration::from_hours(7);

/// The read.
#[derive(Debug)]
pub struct Comments;

impl Read for Comments {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::COMMENTS,
            fetch_id: "ig_media_comments",
            fetch_name: "comments below an Instagram medium",
            freshness: FRESH_FOR,
            waits_for: Some(kind::MEDIA),
            needs: Needs::Medium,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.media.comments", account.id = job.account_id, media.id = job.target_id)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let facts = known.medium.as_ref().filter(|facts| facts.owner.is_some() || facts.is_gone);
        let Some(facts) = facts else { return Plan::Await };
        if facts.is_gone || facts.is_child {
            return Plan::nothing("the medium is gone, or its comments stand below its album");
        }
        if facts.owner.as_deref() != Some(job.account_id) {
            return Plan::nothing("the medium belongs to somebody else");
        }
        if matches!(facts.product.as_deref(), Some("AD" | "STORY")) {
            return Plan::nothing("comments on media of this kind cannot be listed");
        }
        if let Some(plan) = told(job, known) {
            return plan;
        }
        let ask = |fields: String, limit: &str| {
            let edge = Request::edge(self.about().fetch_id, job.target_id, "comments");
            pages::of(edge.with("fields", fields).with("limit", limit), job)
        };
        let request = ask(format!("{FIELDS},replies.limit({PAGE}){{{FIELDS}}}"), PAGE);
        Plan::Ask(vec![Call {
            request,
            metrics: Vec::new(),
            smaller: Some(ask(FIELDS.to_owned(), SMALL_PAGE)),
        }])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        let page = Page::below(job.target_id, content, job.variant != RECENT)?;
        Some(Rows::of(Told::Comments(Box::new(page), job.reading())))
    }

    fn seen(&self, job: Job<'_>, _call: &Call, content: &Value) -> Vec<Seen> {
        let walked = match (pages::next(job, content), self.next_page(job, content)) {
            (None, _) => Some(Walked::All),
            (Some(_), None) => Some(Walked::Newest),
            (Some(_), Some(_)) => None,
        };
        let media_id = job.target_id.to_owned();
        walked.map(|walked| Seen { media_id, is_node: false, comments: Some(walked) }).into_iter().collect()
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        node::smaller(call, error)
    }

    fn follow(&self, _job: Job<'_>, _known: &Known, rows: &Rows) -> Vec<Follow> {
        medium::unfinished(rows).collect()
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        node::medium_gone(job)
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        let next = pages::next(job, content)?;
        let is_recent = oldest(content).is_none_or(|oldest| is_recent(oldest, job.at));
        (job.variant != RECENT || is_recent).then_some(next)
    }
}

/// What a list of media told of the newest comments.
fn told(job: Job<'_>, known: &Known) -> Option<Plan> {
    if job.variant != RECENT || !job.cursor.is_empty() {
        return None;
    }
    if let Some(read_at) = known.medium.as_ref().and_then(|facts| facts.comments_read_at) {
        if known.wanted_at.is_some_and(|wanted_at| read_at >= wanted_at) {
            return Some(Plan::Told(read_at));
        }
        let until = read_at.checked_add(FRESH_FOR).unwrap_or(Timestamp::MAX);
        if until > job.at {
            return Some(Plan::Later(until));
        }
    }
    known.list.clone().map(Plan::List)
}

/// When the oldest comment of a page was written.
pub(super) fn oldest(content: &Value) -> Option<Timestamp> {
    let items = content.get("data")?.as_array()?;
    items.iter().filter_map(|item| cekbrand_graph::json::time(item, "timestamp")).min()
}

/// Whether a webhook may have told of it since the comments were last read.
pub(super) fn is_recent(written: Timestamp, at: Timestamp) -> bool {
    at.checked_sub(RECENT_FOR).is_ok_and(|since| written >= since)
}
