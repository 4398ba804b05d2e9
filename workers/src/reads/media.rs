//! A medium's node: what it is and whose, and its likes and comments of the day.

use std::time::Duration;

use cekbrand_graph::GraphError;
use cekbrand_graph::node::MediaNode;
use serde_json::Value;
use tracing::{Span, info_span};

use super::kind;
use super::node::{self, Fields};
use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read};
use crate::rows::{Rows, Told};

const FIELDS: Fields = Fields {
    all: "id,owner,username,media_type,media_product_type,timestamp,caption,permalink,shortcode,media_url,\
          thumbnail_url,is_comment_enabled,is_shared_to_feed,like_count,comments_count",
    core: "id,owner,username,media_type,media_product_type,timestamp,caption,like_count,comments_count",
};

/// The read.
#[derive(Debug)]
pub struct Media;

impl Read for Media {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::MEDIA,
            fetch_id: "ig_media",
            fetch_name: "Instagram media node",
            freshness: Duration::from_hours(1),
            waits_for: None,
            needs: Needs::Medium,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.media", account.id = job.account_id, media.id = job.target_id)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        if known.is_read_by_owner {
            // Nobody else's token can tell more.
            return Plan::Nothing { rows: Rows::default(), note: None };
        }
        Plan::Ask(vec![node::call(self.about().fetch_id, job.target_id, FIELDS)])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        Some(Rows::of(Told::Media(Box::new(MediaNode::read(content)?), job.reading())))
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        node::smaller(call, error)
    }

    fn follow(&self, job: Job<'_>, known: &Known, _rows: &Rows) -> Vec<Follow> {
        let came_back = known.medium.as_ref().is_some_and(|facts| facts.is_gone);
        let figures = came_back.then(|| Follow::of(kind::MEDIA_INSIGHTS, job.target_id));
        // Only the comment tells of which album the medium is a child.
        let below = known.comment_below.as_deref().map(|comment| Follow::of(kind::COMMENT, comment));
        figures.into_iter().chain(below).collect()
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        node::medium_gone(job)
    }
}
