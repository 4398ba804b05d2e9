//! One metric of a medium, split by its breakdown: `navigation` of stories, `profile_activity` of posts and
//! stories.
//!
//! The metric is the task's variant, since a breakdown asked with a metric that lacks it fails the whole
//! call.

use std::time::Duration;

use cekbrand_graph::Request;
use cekbrand_graph::insight::Insight;
use cekbrand_schema::{Absence, metric};
use serde_json::Value;
use tracing::{Span, info_span};

use super::kind;
use super::read::{About, Call, Job, Known, Needs, Plan, Read};
use super::{figures, node};
use crate::rows::Rows;

/// The read.
#[derive(Debug)]
pub struct MediaBreakdown;

impl Read for MediaBreakdown {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::MEDIA_BREAKDOWN,
            fetch_id: "ig_media_insights_breakdown",
            fetch_name: "Instagram media insights, one metric split by a breakdown",
            freshness: Duration::from_hours(6),
            waits_for: Some(kind::MEDIA),
            needs: Needs::Medium,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        let (account, target) = (job.account_id, job.target_id);
        info_span!("graph.media.breakdown", account.id = account, media.id = target, metric = job.variant)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let asked = metric::splits(known.product()).find(|split| split.metric == job.variant);
        let metrics: Vec<_> = asked.iter().map(|split| split.metric).collect();
        if let Some(plan) = figures::nothing_to_ask(job, known, &metrics) {
            return plan;
        }
        let Some(metric::Split { metric, breakdown }) = asked else {
            return Plan::nothing("media of this kind have no such breakdown");
        };
        if known.figures.refused.contains(metric) || known.widely_refused.contains(&metric) {
            return Plan::nothing("no metric can be read");
        }
        let request = Request::edge(self.about().fetch_id, job.target_id, "insights")
            .with("metric", metric)
            .with("breakdown", breakdown)
            .with("period", "lifetime");
        Plan::Ask(vec![Call { request, metrics, smaller: None }])
    }

    fn rows(&self, job: Job<'_>, known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        Some(figures::rows(job, known, &call.metrics, &Insight::read_all(content)?))
    }

    fn fresh_for(&self, job: Job<'_>, known: &Known) -> Duration {
        figures::fresh_apart(job, known)
    }

    fn absent(&self, job: Job<'_>, call: &Call, absence: Absence) -> Rows {
        figures::absent(job, &call.metrics, absence)
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        node::medium_gone(job)
    }
}
