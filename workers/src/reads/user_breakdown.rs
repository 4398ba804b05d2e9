//! One figure of an account, split: taps by contact button, follows and unfollows.
//!
//! The variant is the metric and a [`super::window`], as `profile_links_taps:day`: a breakdown asked with a
//! metric that lacks it fails the whole call.

use std::time::Duration;

use cekbrand_graph::insight::Insight;
use cekbrand_graph::{GraphError, Request};
use cekbrand_schema::Absence;
use cekbrand_schema::metric::user::{self, Shape, UserMetric};
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Beat, Cadence};
use super::read::{About, Call, Instead, Job, Known, Needs, Plan, Read};
use super::window::Window;
use super::{account_figures, kind};
use crate::rows::Rows;

/// What is read of each day.
const DAILY: [&str; 2] = ["profile_links_taps", "follows_and_unfollows"];

/// The read.
#[derive(Debug)]
pub struct UserBreakdown;

impl Read for UserBreakdown {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::USER_BREAKDOWN,
            fetch_id: "ig_user_insights_breakdown",
            fetch_name: "Instagram user insights, one metric split by a breakdown",
            freshness: Duration::from_hours(6),
            waits_for: Some(kind::USER),
            needs: Needs::Account,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.breakdown", account.id = job.account_id, metric = job.variant)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let named = job.variant.split_once(':').and_then(|(metric, window)| {
            let window = Window::of(window, job.at).filter(|window| window.period().is_some())?;
            Some((user::find(metric).filter(|metric| metric.shape == Shape::Total)?, window))
        });
        let Some((UserMetric { name, breakdowns: [breakdown], .. }, window)) = named else {
            return Plan::nothing("no such breakdown, or a window that has not ended");
        };
        let request = Request::edge(self.about().fetch_id, job.target_id, "insights")
            .with("metric", "")
            .with("breakdown", *breakdown)
            .with("period", "day")
            .with("metric_type", "total_value");
        let call = Call { request: window.ask(request), metrics: vec![name], smaller: None };
        account_figures::plan(self, job, known, vec![call])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        let (window, insights) = (Window::asked(&call.request)?, Insight::read_all(content)?);
        let mut rows = Rows::default();
        for metric in &call.metrics {
            let insight = insights.iter().find(|insight| insight.metric == *metric);
            account_figures::total(job, window, metric, insight, &mut rows);
        }
        Some(rows)
    }

    fn instead(&self, refused: &Call, error: &GraphError) -> Instead {
        account_figures::instead(refused, error)
    }

    fn absent(&self, job: Job<'_>, call: &Call, absence: Absence) -> Rows {
        super::user_totals::UserTotals.absent(job, call, absence)
    }

    fn cadence(&self) -> Cadence {
        Cadence::Daily
    }

    /// The day that just closed, and the one whose figures have settled by now.
    fn variants(&self, _beat: Beat) -> Vec<String> {
        let of = |metric| ["day", "day-2"].map(|window| format!("{metric}:{window}"));
        DAILY.into_iter().flat_map(of).collect()
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        account_figures::unseen(self, job)
    }
}
