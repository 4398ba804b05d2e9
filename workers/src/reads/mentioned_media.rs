//! A medium of somebody else that mentions the account, read through the account.

use std::time::Duration;

use cekbrand_graph::Request;
use cekbrand_graph::node::MediaNode;
use serde_json::Value;
use tracing::{Span, info_span};

use super::kind;
use super::node;
use super::read::{About, Call, Job, Known, Needs, Plan, Read};
use crate::rows::{Rows, Told};

const FIELDS: &str = "id,username,media_type,timestamp,caption,permalink,media_url,like_count,comments_count";

/// The read. A refusal as gone says nothing: somebody else's medium may merely have become private.
#[derive(Debug)]
pub struct MentionedMedia;

impl Read for MentionedMedia {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::MENTIONED_MEDIA,
            fetch_id: "ig_mentioned_media",
            fetch_name: "media that mentions the account",
            freshness: Duration::from_hours(24),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.mentioned.media", account.id = job.account_id, media.id = job.target_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        let id = job.target_id;
        let fields = format!("mentioned_media.media_id({id}){{{FIELDS}}}");
        let request = Request::node(self.about().fetch_id, job.account_id).with_id("fields", id, fields);
        Plan::Ask(vec![node::whole(request)])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        let medium = MediaNode::read_mentioned(content)?;
        Some(Rows::of(Told::Media(Box::new(medium), job.reading())))
    }
}
