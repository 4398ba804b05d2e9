//! A medium's figures that need no breakdown, in one call unless a metric is refused.

use std::time::Duration;

use cekbrand_graph::insight::Insight;
use cekbrand_graph::{GraphError, Request};
use cekbrand_schema::{Absence, ProductType, metric};
use jiff::Timestamp;
use serde_json::Value;
use tracing::{Span, info_span};

use super::ageing::Ageing;
use super::kind;
use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read};
use super::{figures, node};
use crate::rows::Rows;

/// The read.
#[derive(Debug)]
pub struct MediaInsights;

impl Read for MediaInsights {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::MEDIA_INSIGHTS,
            fetch_id: "ig_media_insights",
            fetch_name: "Instagram media insights",
            freshness: Duration::from_hours(1),
            waits_for: Some(kind::MEDIA),
            needs: Needs::Medium,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.media.insights", account.id = job.account_id, media.id = job.target_id)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let mut metrics = metric::in_one_call(known.product());
        metrics.extend(figures::still_answered(job, known));
        if let Some(plan) = figures::nothing_to_ask(job, known, &metrics) {
            return plan;
        }
        let is_refused =
            |metric: &&str| known.figures.refused.contains(*metric) || known.widely_refused.contains(metric);
        let wanted: Vec<_> = metrics.into_iter().filter(|metric| !is_refused(metric)).collect();
        if wanted.is_empty() {
            return Plan::nothing("no metric can be read");
        }
        if let Some(plan) = figures::told_by_list(job, known, &wanted, self.about().freshness) {
            return plan;
        }
        Plan::Ask(vec![call(self.about().fetch_id, job.target_id, wanted)])
    }

    fn rows(&self, job: Job<'_>, known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        Some(figures::rows(job, known, &call.metrics, &Insight::read_all(content)?))
    }

    fn instead(&self, refused: &Call, error: &GraphError) -> Instead {
        let Some((groups, bad)) = figures::split(&refused.metrics, error) else { return Instead::default() };
        let path = refused.request.path();
        let id = path.split('/').next().unwrap_or_default();
        Instead {
            calls: groups.into_iter().map(|group| call(self.about().fetch_id, id, group)).collect(),
            bad,
        }
    }

    fn absent(&self, job: Job<'_>, call: &Call, absence: Absence) -> Rows {
        figures::absent(job, &call.metrics, absence)
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        node::medium_gone(job)
    }

    fn fresh_for(&self, _job: Job<'_>, known: &Known) -> Duration {
        figures::fresh_for(known, self.about().freshness)
    }

    fn again(&self, job: Job<'_>, known: &Known, ageing: &Ageing) -> Option<Timestamp> {
        figures::again(job, known, ageing)
    }

    fn follow(&self, job: Job<'_>, known: &Known, _rows: &Rows) -> Vec<Follow> {
        let product = known.product();
        let breakdown = |split: metric::Split| Follow {
            variant: split.metric.to_owned(),
            can_wait: product != ProductType::Story,
            // A story's are read with its figures each time.
            if_idle: product != ProductType::Story,
            ..Follow::of(kind::MEDIA_BREAKDOWN, job.target_id)
        };
        metric::splits(product).map(breakdown).collect()
    }
}

fn call(fetch: &'static str, id: &str, metrics: Vec<&'static str>) -> Call {
    let request =
        Request::edge(fetch, id, "insights").with("metric", metrics.join(",")).with("period", "lifetime");
    Call { request, metrics, smaller: None }
}
