//! Media of others in which the account is tagged. Whose they are is told by name alone.

use std::time::Duration;

use cekbrand_graph::node::MediaNode;
use cekbrand_graph::{GraphError, Page, Request};
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Beat, Cadence};
use super::read::{About, Call, Instead, Job, Known, Needs, Plan, Read};
use super::{kind, medium, pages};
use crate::rows::{Rows, Told};

const FIELDS: &str = "id,username,media_type,media_product_type,timestamp,caption,permalink,media_url,\
                      like_count,comments_count";
const CORE: &str = "id,username,media_type,timestamp,caption,like_count,comments_count";

/// The variant that reads the newest page alone.
const NEWEST: &str = "newest";

/// The read.
#[derive(Debug)]
pub struct UserTags;

impl Read for UserTags {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::USER_TAGS,
            fetch_id: "ig_user_tags",
            fetch_name: "media that tag an Instagram user",
            freshness: Duration::from_hours(12),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.tags", account.id = job.account_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        let ask = |fields: &str| {
            pages::of(Request::edge(self.about().fetch_id, job.target_id, "tags").with("fields", fields), job)
        };
        Plan::Ask(vec![Call { request: ask(FIELDS), metrics: Vec::new(), smaller: Some(ask(CORE)) }])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        let nodes = Page::read(content)?.items.iter().filter_map(MediaNode::read);
        let told = nodes.map(|node| Told::Media(Box::new(node), job.reading())).collect();
        Some(Rows { told, ..Rows::default() })
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        medium::smaller(call, error)
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        pages::next(job, content).filter(|_| job.variant != NEWEST)
    }

    fn cadence(&self) -> Cadence {
        Cadence::Daily
    }

    fn variants(&self, beat: Beat) -> Vec<String> {
        if beat.is_first { Vec::new() } else { vec![NEWEST.to_owned()] }
    }

    fn past(&self, _beat: Beat) -> Vec<String> {
        vec![String::new()]
    }
}
