//! A medium's node: what it is and whose, and its likes and comments of the day.

use std::time::Duration;

use cekbrand_graph::GraphError;
use jiff::Timestamp;
use serde_json::Value;
use tracing::{Span, info_span};

use super::node::{self, Fields};
use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read, Seen};
use super::{kind, medium, story};
use crate::rows::facts::Facts;
use crate::rows::{Rows, Told};

const FIELDS: Fields = Fields { all: medium::ALL, core: medium::CORE };

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
        if known.medium.as_ref().is_some_and(|facts| is_over(facts, job.at)) {
            return Plan::nothing("the story is over, and what it was is known");
        }
        if let Some(read_at) =
            known.medium.as_ref().and_then(|facts| is_fresh(facts, job.at, self.about().freshness))
        {
            // A list told of it: one call for a hundred media.
            return Plan::Told(read_at);
        }
        if let Some(list) = &known.list {
            return Plan::List(list.clone());
        }
        Plan::Ask(vec![node::call(self.about().fetch_id, job.target_id, FIELDS)])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        let told = medium::told(job, content);
        (!told.is_empty()).then(|| Rows { told, ..Rows::default() })
    }

    fn seen(&self, job: Job<'_>, _call: &Call, _content: &Value) -> Vec<Seen> {
        vec![Seen { media_id: job.target_id.to_owned(), is_node: true, comments: None }]
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        medium::smaller(call, error)
    }

    fn follow(&self, job: Job<'_>, known: &Known, rows: &Rows) -> Vec<Follow> {
        let came_back = known.medium.as_ref().is_some_and(|facts| facts.is_gone);
        let figures = came_back.then(|| Follow::of(kind::MEDIA_INSIGHTS, job.target_id));
        // Only the comment tells of which album the medium is a child. Children have no product type, whatever
        // the webhook called them.
        let below = known.comment_below.as_deref().filter(|_| has_no_product(rows, job.target_id));
        let below = below.map(|comment| Follow::of(kind::COMMENT, comment));
        figures.into_iter().chain(below).chain(medium::childless(rows)).collect()
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        node::medium_gone(job)
    }
}

/// Whether the answer gives the medium no product type.
fn has_no_product(rows: &Rows, media_id: &str) -> bool {
    rows.told.iter().any(|told| match told {
        Told::Media(node, _) => node.id == media_id && node.media_product_type.is_none(),
        _ => false,
    })
}

/// A story that was read while it lived, and lives no more: its node leads nowhere now.
fn is_over(facts: &Facts, at: Timestamp) -> bool {
    let is_story = facts.product.as_deref() == Some("STORY") && facts.owner.is_some();
    is_story && facts.published.is_some_and(|published| at >= story::end(published))
}

/// When something else has read it, if that was a short while ago.
fn is_fresh(facts: &Facts, at: Timestamp, fresh_for: Duration) -> Option<Timestamp> {
    let fresh_since = at.checked_sub(fresh_for).unwrap_or(Timestamp::MIN);
    let is_known = facts.owner.is_some() && !facts.is_gone;
    facts.read_at.filter(|read_at| is_known && *read_at > fresh_since)
}
