//! The replies to a comment that has more of them than its medium's page shows.

use std::time::Duration;

use cekbrand_graph::Request;
use serde_json::Value;
use tracing::{Span, info_span};

use super::comments::{FIELDS, PAGE};
use super::read::{About, Call, Job, Known, Needs, Plan, Read};
use super::{kind, node, pages};
use crate::rows::comment::Page;
use crate::rows::{Rows, Told};

/// The read.
#[derive(Debug)]
pub struct Replies;

impl Read for Replies {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::REPLIES,
            fetch_id: "ig_comment_replies",
            fetch_name: "replies to an Instagram comment",
            freshness: Duration::from_hours(6),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.comment.replies", account.id = job.account_id, comment.id = job.target_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        let request = Request::edge(self.about().fetch_id, job.target_id, "replies")
            .with("fields", format!("{FIELDS},media"))
            .with("limit", PAGE);
        Plan::Ask(vec![node::whole(pages::of(request, job))])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        let page = Page::to(job.target_id, content)?;
        Some(Rows::of(Told::Comments(Box::new(page), job.reading())))
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        Rows::of(Told::CommentGone(job.target_id.to_owned(), job.reading()))
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        pages::next(job, content)
    }
}
