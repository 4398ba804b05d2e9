//! The comments below a medium with their replies, fifty a page, newest first: their times, likes and hiding,
//! which webhooks do not tell, and those that came before there were webhooks.
//!
//! The variant is empty for all of them, and `recent` for what webhooks told of since the last reading.

use std::time::Duration;

use cekbrand_graph::{GraphError, Request};
use jiff::Timestamp;
use serde_json::Value;
use tracing::{Span, info_span};

use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read};
use super::{kind, node, pages};
use crate::rows::comment::Page;
use crate::rows::{Rows, Told};

/// The variant that goes back no further than what may have been told of since it was last read.
pub const RECENT: &str = "recent";

pub(super) const FIELDS: &str = "id,text,timestamp,username,from,like_count,hidden";
/// Meta gives no more.
pub(super) const PAGE: &str = "50";
/// Fewer, for Meta's "please reduce the amount of data".
const SMALL_PAGE: &str = "20";

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
            freshness: Duration::from_hours(6),
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

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        node::smaller(call, error)
    }

    fn follow(&self, _job: Job<'_>, _known: &Known, rows: &Rows) -> Vec<Follow> {
        let pages = rows.told.iter().filter_map(|told| match told {
            Told::Comments(page, _) => Some(page),
            _ => None,
        });
        let unfinished = pages.flat_map(|page| &page.unfinished);
        unfinished.map(|comment| Follow { can_wait: true, ..Follow::of(kind::REPLIES, comment) }).collect()
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        node::medium_gone(job)
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        let next = pages::next(job, content)?;
        let is_recent = oldest(content)
            .is_none_or(|oldest| job.at.checked_sub(RECENT_FOR).is_ok_and(|since| oldest >= since));
        (job.variant != RECENT || is_recent).then_some(next)
    }
}

/// When the oldest comment of a page was written.
fn oldest(content: &Value) -> Option<Timestamp> {
    let items = content.get("data")?.as_array()?;
    items.iter().filter_map(|item| cekbrand_graph::json::time(item, "timestamp")).min()
}
