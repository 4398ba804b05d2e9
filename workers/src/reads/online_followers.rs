//! Followers online in each hour of Meta's days. The variant is a [`super::window`] of up to 30 days, none
//! older than 30.

use std::time::Duration;

use cekbrand_graph::insight::{Insight, Keyed, Sent};
use cekbrand_graph::{GraphError, Request};
use cekbrand_schema::metric::user::{self, Shape};
use cekbrand_schema::{Absence, Figure};
use jiff::Timestamp;
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Beat, Cadence};
use super::read::{About, Call, Instead, Job, Known, Needs, Plan, Read};
use super::window::{self, Window};
use super::{account_figures, kind};
use crate::rows::Rows;
use crate::rows::user_figure::Of;

const HOURS: u8 = 24;

/// The read.
#[derive(Debug)]
pub struct OnlineFollowers;

impl Read for OnlineFollowers {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::ONLINE_FOLLOWERS,
            fetch_id: "ig_online_followers",
            fetch_name: "Instagram followers online by hour",
            freshness: Duration::from_hours(6),
            waits_for: Some(kind::USER),
            needs: Needs::Account,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.online", account.id = job.account_id, window = job.variant)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let Some(window) = Window::of(job.variant, job.at) else {
            return Plan::nothing("the window is none, or has not ended");
        };
        let request = Request::edge(self.about().fetch_id, job.target_id, "insights")
            .with("metric", "")
            .with("period", "lifetime");
        let call = Call { request: window.ask(request), metrics: user::whole(Shape::Hours), smaller: None };
        account_figures::plan(self, job, known, vec![call])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        let (window, insights) = (Window::asked(&call.request)?, Insight::read_all(content)?);
        let insight = insights.iter().find(|insight| call.metrics.contains(&insight.metric.as_str()));
        let points = insight.map_or(&[][..], |insight| &insight.points);
        let (mut rows, mut told) = (Rows::default(), Vec::new());
        for point in points {
            let (Some(end), Sent::Keyed(hours)) =
                (account_figures::end_of(point, points, window), &point.sent)
            else {
                continue;
            };
            told.push(window::day_ended(end));
            add_day(&mut rows, job, end, hours);
        }
        for day in window.days().filter(|day| !told.contains(day)) {
            add_day(&mut rows, job, window::end_of(day), &[]);
        }
        Some(rows)
    }

    fn instead(&self, refused: &Call, error: &GraphError) -> Instead {
        account_figures::instead(refused, error)
    }

    fn absent(&self, job: Job<'_>, call: &Call, absence: Absence) -> Rows {
        let mut rows = Rows::default();
        for day in Window::asked(&call.request).into_iter().flat_map(Window::days) {
            for hour in 0..HOURS {
                add_hour(&mut rows, job, window::end_of(day), hour, account_figures::of_account(absence));
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

/// A row for each hour of a day; what is no hour is left out.
fn add_day(rows: &mut Rows, job: Job<'_>, end: Timestamp, hours: &[Keyed]) {
    for hour in 0..HOURS {
        let told = hours.iter().find(|told| told.key.parse() == Ok(hour));
        let figure =
            told.map_or(account_figures::missing(end, job.at), |told| account_figures::figure(told.value));
        add_hour(rows, job, end, hour, figure);
    }
}

fn add_hour(rows: &mut Rows, job: Job<'_>, end: Timestamp, hour: u8, figure: Figure) {
    account_figures::add(rows, job, Of::OnlineFollowers { hour }, end, figure);
}
