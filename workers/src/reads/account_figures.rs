//! What reads of an account's figures have in common: what is not worth asking for, and which rows an answer
//! makes.

use std::time::Duration;

use cekbrand_graph::insight::{Insight, Point, Sent};
use cekbrand_graph::{GraphError, Request};
use cekbrand_schema::metric::user;
use cekbrand_schema::{Absence, Decimal, Figure, Source};
use jiff::Timestamp;

use super::figures;
use super::read::{Call, Instead, Job, Known, Plan, Read};
use super::window::{self, Window};
use crate::rows::Rows;
use crate::rows::user_figure::{Of, UserFigure, UserFigureKey};

/// For how long after the end of a period an empty answer means "not yet".
const DATA_LAG: Duration = Duration::from_hours(48);

/// What is read this long after its period ended was read for the past.
const PAST: Duration = Duration::from_hours(24 * 4);

/// The same calls without the metrics that the account cannot have or was refused lately.
pub(super) fn plan(read: &dyn Read, job: Job<'_>, known: &Known, calls: Vec<Call>) -> Plan {
    let mut rows = Rows::default();
    let mut asked = Vec::new();
    for call in calls {
        rows.append(not_asked(read, job, known, &call, &call.metrics));
        let asked_at = Asked { window: Window::asked(&call.request), at: job.at };
        let is_worth = |metric: &&'static str| skip(known, asked_at, metric).is_none();
        let metrics: Vec<_> = call.metrics.iter().copied().filter(is_worth).collect();
        if !metrics.is_empty() {
            asked.push(of_call(&call, metrics));
        }
    }
    if asked.is_empty() {
        return Plan::Nothing { rows, note: Some("the account has no such figures") };
    }
    Plan::Ask(asked)
}

/// Rows that say why the metrics are missing that were not asked for at all.
pub(super) fn not_asked(
    read: &dyn Read,
    job: Job<'_>,
    known: &Known,
    call: &Call,
    all: &[&'static str],
) -> Rows {
    let mut rows = Rows::default();
    let asked = Asked { window: Window::asked(&call.request), at: job.at };
    for (metrics, absence) in skipped(known, asked, all) {
        rows.append(read.absent(job, &of_call(call, metrics), absence));
    }
    rows
}

/// What to ask for after a refusal.
pub(super) fn instead(refused: &Call, error: &GraphError) -> Instead {
    let Some((groups, bad)) = figures::split(&refused.metrics, error) else { return Instead::default() };
    Instead { calls: groups.into_iter().map(|group| of_call(refused, group)).collect(), bad }
}

/// Rows that say of everything a read would ask for that it may not be seen.
pub(super) fn unseen(read: &dyn Read, job: Job<'_>) -> Rows {
    let mut rows = Rows::default();
    if let Plan::Ask(calls) = read.plan(job, &Known::default()) {
        for call in calls {
            rows.append(read.absent(job, &call, Absence::Permission));
        }
    }
    rows
}

/// The rows of a metric that was asked for as a total over the window.
pub(super) fn total(
    job: Job<'_>,
    window: Window,
    metric: &'static str,
    insight: Option<&Insight>,
    rows: &mut Rows,
) {
    let Some(period) = window.period() else { return };
    let end = window.end();
    let value = insight.and_then(|insight| insight.value);
    add(rows, job, whole(metric, period), end, value.map_or(missing(end, job.at), figure));
    for part in insight.iter().flat_map(|insight| &insight.parts) {
        let breakdown = part.values.join(",").to_lowercase();
        if !breakdown.is_empty() {
            let of = Of::Metric { metric: metric.to_owned(), breakdown, period: period.to_owned() };
            add(rows, job, of, end, figure(part.value));
        }
    }
}

/// The rows of a metric that comes with a figure for each day of the window.
pub(super) fn series(
    job: Job<'_>,
    window: Window,
    metric: &'static str,
    insight: Option<&Insight>,
    rows: &mut Rows,
) {
    let points = insight.map_or(&[][..], |insight| &insight.points);
    let mut told = Vec::new();
    for point in points {
        let (Some(end), Sent::Number(value)) = (end_of(point, points, window), &point.sent) else { continue };
        told.push(window::day_ended(end));
        add(rows, job, whole(metric, "day"), end, figure(*value));
    }
    for day in window.days().filter(|day| !told.contains(day)) {
        let end = window::end_of(day);
        add(rows, job, whole(metric, "day"), end, missing(end, job.at));
    }
}

/// When the period of a point ended: as Meta says, or, of a single one, with the window.
pub(super) fn end_of(point: &Point, points: &[Point], window: Window) -> Option<Timestamp> {
    let only = (points.len() == 1 && window.days().count() == 1).then(|| window.end());
    point.end_time.or(only)
}

/// The table and key of a figure as a whole.
pub(super) fn whole(metric: &str, period: &str) -> Of {
    let (metric, period) = (metric.to_owned(), period.to_owned());
    match metric.as_str() {
        "reach" => Of::Reach { period },
        "views" | "impressions" => Of::Impressions { metric, period },
        "profile_views" if period == "day" => Of::Visitors,
        _ => Of::Metric { metric, breakdown: String::new(), period },
    }
}

/// Adds a figure.
pub(super) fn add(rows: &mut Rows, job: Job<'_>, of: Of, end_time: Timestamp, figure: Figure) {
    let is_past = job.at >= after(end_time, PAST);
    let source = if is_past { Source::Backfill } else { Source::Poll };
    let api_version = Some(job.api_version.to_owned());
    let row = UserFigure { figure, source, observed_at: job.at, api_version };
    rows.add_user_figure(UserFigureKey { user_id: job.target_id.to_owned(), of, end_time }, row);
}

/// A count as sent; what no column can hold says nothing.
pub(super) fn figure(value: Decimal) -> Figure {
    if i64::try_from(value).is_err() {
        Figure::Absent(Absence::NoData)
    } else {
        Figure::from_story_webhook(value)
    }
}

/// Why a figure of a period is missing from an answer.
pub(super) fn missing(end: Timestamp, at: Timestamp) -> Figure {
    Figure::Absent(if at < after(end, DATA_LAG) { Absence::NotYet } else { Absence::NoData })
}

/// What Meta's words about viewers mean for an account.
pub(super) fn of_account(absence: Absence) -> Figure {
    let absence = if absence == Absence::NotEnoughViewers { Absence::TooFewFollowers } else { absence };
    Figure::Absent(absence)
}

/// The call with other metrics.
fn of_call(call: &Call, metrics: Vec<&'static str>) -> Call {
    let request: Request = call.request.clone().replaced("metric", metrics.join(","));
    Call { request, metrics, smaller: None }
}

/// Which days are asked for, and when.
#[derive(Debug, Clone, Copy)]
struct Asked {
    window: Option<Window>,
    at: Timestamp,
}

/// Why a metric is not worth asking for.
fn skip(known: &Known, asked: Asked, metric: &str) -> Option<Absence> {
    let contract = user::find(metric)?;
    let account = known.account.as_ref();
    let followers = account.and_then(|facts| facts.followers);
    if followers.is_some_and(|followers| followers < contract.minimum_followers) {
        return Some(Absence::TooFewFollowers);
    }
    let is_refused =
        account.is_some_and(|facts| facts.refused.contains(metric)) || known.widely_refused.contains(&metric);
    if is_refused {
        return Some(Absence::Unsupported);
    }
    let is_lost =
        contract.kept_days.zip(asked.window).is_some_and(|(days, window)| window.is_older(days, asked.at));
    is_lost.then_some(Absence::Lost)
}

fn skipped(known: &Known, asked: Asked, metrics: &[&'static str]) -> Vec<(Vec<&'static str>, Absence)> {
    let of = |absence| {
        let skipped = metrics.iter().copied().filter(|metric| skip(known, asked, metric) == Some(absence));
        (skipped.collect::<Vec<_>>(), absence)
    };
    let all = [Absence::TooFewFollowers, Absence::Unsupported, Absence::Lost].map(of);
    all.into_iter().filter(|(metrics, _)| !metrics.is_empty()).collect()
}

fn after(instant: Timestamp, wait: Duration) -> Timestamp {
    instant.checked_add(wait).unwrap_or(Timestamp::MAX)
}
