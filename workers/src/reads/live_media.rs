//! An account's live videos: they are there while the broadcast runs.

use std::time::Duration;

use cekbrand_graph::{GraphError, Request};
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::Cadence;
use super::read::{About, Call, Instead, Job, Known, Needs, Plan, Read};
use super::{kind, medium, pages};
use crate::rows::Rows;

const FIELDS: &str =
    "id,owner,username,media_type,media_product_type,timestamp,permalink,comments_count,like_count";

/// A broadcast lasts for four hours at most.
const EVERY: Duration = Duration::from_hours(4);

/// The read.
#[derive(Debug)]
pub struct LiveMedia;

impl Read for LiveMedia {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::LIVE_MEDIA,
            fetch_id: "ig_live_media",
            fetch_name: "live videos of an Instagram user",
            freshness: Duration::from_mins(30),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.live", account.id = job.account_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        let ask = |fields: &str| {
            let edge = Request::edge(self.about().fetch_id, job.target_id, "live_media");
            pages::of(edge.with("fields", fields), job)
        };
        Plan::Ask(vec![Call { request: ask(FIELDS), metrics: Vec::new(), smaller: Some(ask(medium::CORE)) }])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        medium::own_list(job, content)
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        medium::smaller(call, error)
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        pages::next(job, content)
    }

    fn cadence(&self) -> Cadence {
        Cadence::Every(EVERY)
    }
}
