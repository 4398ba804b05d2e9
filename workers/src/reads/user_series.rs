//! An account's figures that come day by day: reach, new followers, and of an old version impressions. The variant is a [`super::window`]
//! of up to 30 days.

use std::time::Duration;

use cekbrand_graph::insight::Insight;
use cekbrand_graph::{GraphError, Request};
use cekbrand_schema::Absence;
use cekbrand_schema::metric::user::{self, Shape};
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Beat, Cadence};
use super::read::{About, Call, Instead, Job, Known, Needs, Plan, Read};
use super::window::{self, Window};
use super::{account_figures, kind};
use crate::rows::Rows;

/// The read.
#[derive(Debug)]
pub struct UserSeries;

impl Read for UserSeries {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::USER_SERIES,
            fetch_id: "ig_user_insights_series",
            fetch_name: "Instagram user insights, day by day",
            freshness: Duration::from_hours(6),
            waits_for: Some(kind::USER),
            needs: Needs::Account,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.series", account.id = job.account_id, window = job.variant)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let Some(window) = Window::of(job.variant, job.at) else {
            return Plan::nothing("the window is none, or has not ended");
        };
        let request = Request::edge(self.about().fetch_id, job.target_id, "insights")
            .with("metric", "")
            .with("period", "day");
        let call = Call { request: window.ask(request), metrics: all(job), smaller: None };
        account_figures::plan(self, job, known, vec![call])
    }

    fn rows(&self, job: Job<'_>, known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        let (window, insights) = (Window::asked(&call.request)?, Insight::read_all(content)?);
        let mut rows = account_figures::not_asked(self, job, known, call, &all(job));
        for metric in &call.metrics {
            let insight = insights.iter().find(|insight| insight.metric == *metric);
            account_figures::series(job, window, metric, insight, &mut rows);
        }
        Some(rows)
    }

    fn instead(&self, refused: &Call, error: &GraphError) -> Instead {
        account_figures::instead(refused, error)
    }

    fn absent(&self, job: Job<'_>, call: &Call, absence: Absence) -> Rows {
        let mut rows = Rows::default();
        for day in Window::asked(&call.request).into_iter().flat_map(Window::days) {
            for metric in &call.metrics {
                let of = account_figures::whole(metric, "day");
                let figure = account_figures::of_account(absence);
                account_figures::add(&mut rows, job, of, window::end_of(day), figure);
            }
        }
        rows
    }

    fn cadence(&self) -> Cadence {
        Cadence::Daily
    }

    /// Figures of a day settle within two more.
    fn variants(&self, beat: Beat) -> Vec<String> {
        let days = if beat.is_first { window::MOST_DAYS } else { 3 };
        vec![format!("days_{days}")]
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        account_figures::unseen(self, job)
    }
}

fn all(job: Job<'_>) -> Vec<&'static str> {
    user::whole(Shape::Series).into_iter().chain(user::still(job.api_version)).collect()
}
