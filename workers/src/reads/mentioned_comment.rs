//! A comment of somebody else that mentions the account, read through the account.

use std::time::Duration;

use cekbrand_graph::Request;
use cekbrand_graph::node::CommentNode;
use serde_json::Value;
use tracing::{Span, info_span};

use super::kind;
use super::node;
use super::read::{About, Call, Job, Known, Needs, Plan, Read};
use crate::rows::{Rows, Told};

const FIELDS: &str = "id,text,timestamp,username,media,like_count";

/// The read.
#[derive(Debug)]
pub struct MentionedComment;

impl Read for MentionedComment {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::MENTIONED_COMMENT,
            fetch_id: "ig_mentioned_comment",
            fetch_name: "comment that mentions the account",
            freshness: Duration::from_hours(24),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.mentioned.comment", account.id = job.account_id, comment.id = job.target_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        let id = job.target_id;
        let fields = format!("mentioned_comment.comment_id({id}){{{FIELDS}}}");
        let request = Request::node(self.about().fetch_id, job.account_id).with_id("fields", id, fields);
        Plan::Ask(vec![node::whole(request)])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        let comment = CommentNode::read_mentioned(content)?;
        Some(Rows::of(Told::Comment(Box::new(comment), job.reading())))
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        Rows::of(Told::CommentGone(job.target_id.to_owned(), job.reading()))
    }
}
