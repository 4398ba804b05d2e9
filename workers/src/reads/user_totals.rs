//! An account's figures that come as one number for a window: views, visits, reactions of a day; people
//! reached and views of 7 and 28 days, which no sum of days can give. The variant is a [`super::window`].

use std::time::Duration;

use cekbrand_graph::insight::Insight;
use cekbrand_graph::{GraphError, Request};
use cekbrand_schema::Absence;
use cekbrand_schema::metric::user::{self, Shape};
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Beat, Cadence};
use super::read::{About, Call, Instead, Job, Known, Needs, Plan, Read};
use super::window::Window;
use super::{account_figures, kind};
use crate::rows::Rows;

/// Of weeks and months only these have a table.
const LONG: [&str; 2] = ["reach", "views"];

/// The read.
#[derive(Debug)]
pub struct UserTotals;

impl Read for UserTotals {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::USER_TOTALS,
            fetch_id: "ig_user_insights_totals",
            fetch_name: "Instagram user insights, totals of a day, a week or 28 days",
            freshness: Duration::from_hours(6),
            waits_for: None,
            needs: Needs::Account,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.totals", account.id = job.account_id, window = job.variant)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let Some(window) = Window::of(job.variant, job.at).filter(|window| window.period().is_some()) else {
            return Plan::nothing("the window is none of a day, a week or 28 days, or has not ended");
        };
        let request = Request::edge(self.about().fetch_id, job.target_id, "insights")
            .with("metric", "")
            .with("period", "day")
            .with("metric_type", "total_value");
        let call = Call { request: window.ask(request), metrics: of_window(job, window), smaller: None };
        account_figures::plan(self, job, known, vec![call])
    }

    fn rows(&self, job: Job<'_>, known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        let (window, insights) = (Window::asked(&call.request)?, Insight::read_all(content)?);
        let mut rows = account_figures::not_asked(self, job, known, call, &of_window(job, window));
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
        let mut rows = Rows::default();
        let Some(window) = Window::asked(&call.request) else { return rows };
        let Some(period) = window.period() else { return rows };
        for metric in &call.metrics {
            let (of, figure) = (account_figures::whole(metric, period), account_figures::of_account(absence));
            account_figures::add(&mut rows, job, of, window.end(), figure);
        }
        rows
    }

    fn cadence(&self) -> Cadence {
        Cadence::Daily
    }

    /// The day that just closed, and the one whose figures have settled by now.
    fn variants(&self, _beat: Beat) -> Vec<String> {
        ["day", "day-2", "week", "days_28"].map(str::to_owned).to_vec()
    }

    /// What growth is measured against.
    fn past(&self, _beat: Beat) -> Vec<String> {
        ["week-7", "days_28-28"].map(str::to_owned).to_vec()
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        account_figures::unseen(self, job)
    }
}

fn of_window(job: Job<'_>, window: Window) -> Vec<&'static str> {
    if window.period() == Some("day") {
        return user::whole(Shape::Total);
    }
    LONG.into_iter().chain(user::still(job.api_version)).collect()
}
