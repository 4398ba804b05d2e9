//! The children of an album, where its node came without them.

use std::time::Duration;

use cekbrand_graph::{Page, Request};
use serde_json::Value;
use tracing::{Span, info_span};

use super::read::{About, Call, Job, Known, Needs, Plan, Read};
use super::{kind, medium, node, pages};
use crate::rows::Rows;

/// The read.
#[derive(Debug)]
pub struct MediaChildren;

impl Read for MediaChildren {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::MEDIA_CHILDREN,
            fetch_id: "ig_media_children",
            fetch_name: "children of an Instagram album",
            // An album stays as it was published.
            freshness: Duration::from_hours(24 * 90),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.media.children", account.id = job.account_id, media.id = job.target_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        let edge = Request::edge(self.about().fetch_id, job.target_id, "children");
        Plan::Ask(vec![node::whole(pages::of(edge.with("fields", medium::CHILD), job))])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        let children = Page::read(content)?.items.iter();
        let told = children.filter_map(|child| medium::told_child(job, child, job.target_id)).collect();
        Some(Rows { told, ..Rows::default() })
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        pages::next(job, content)
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        node::medium_gone(job)
    }
}
