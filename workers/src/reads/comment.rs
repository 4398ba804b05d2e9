//! A comment's node: what its webhook did not tell.

use std::time::Duration;

use cekbrand_graph::GraphError;
use cekbrand_graph::node::CommentNode;
use serde_json::Value;
use tracing::{Span, info_span};

use super::kind;
use super::node::{self, Fields};
use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read};
use crate::rows::{Rows, Told};

const FIELDS: Fields = Fields {
    all: "id,text,timestamp,username,from,media,parent_id,like_count,hidden",
    core: "id,text,timestamp,username,media",
};

/// The read.
#[derive(Debug)]
pub struct Comment;

impl Read for Comment {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::COMMENT,
            fetch_id: "ig_comment",
            fetch_name: "Instagram comment node",
            freshness: Duration::from_hours(24),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.comment", account.id = job.account_id, comment.id = job.target_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        Plan::Ask(vec![node::call(self.about().fetch_id, job.target_id, FIELDS)])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        Some(Rows::of(Told::Comment(Box::new(CommentNode::read(content)?), job.reading())))
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        node::smaller(call, error)
    }

    fn follow(&self, _job: Job<'_>, _known: &Known, rows: &Rows) -> Vec<Follow> {
        let media = rows.told.iter().filter_map(|told| match told {
            Told::Comment(comment, _) => comment.media_id.as_deref(),
            _ => None,
        });
        media.flat_map(|id| [kind::MEDIA, kind::MEDIA_INSIGHTS].map(|kind| Follow::of(kind, id))).collect()
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        Rows::of(Told::CommentGone(job.target_id.to_owned(), job.reading()))
    }
}
