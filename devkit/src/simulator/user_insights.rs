//! `/{user}/insights`: which question is allowed, and what a wrong one is answered with.

use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use super::error::GraphError;
use super::fields::Field;
use super::reading::Reading;
use crate::world::Account;

/// A metric of accounts: its period, the metric types and breakdowns it takes, and whether 100 followers are
/// needed.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) period: &'static str,
    types: &'static [&'static str],
    breakdowns: &'static [&'static str],
    needs_followers: bool,
}

const TOTAL: &[&str] = &["total_value"];
const BOTH: &[&str] = &["total_value", "time_series"];
const SERIES: &[&str] = &["time_series"];
const DEMOGRAPHIC: &[&str] = &["age", "city", "country", "gender"];

const fn daily(
    name: &'static str,
    types: &'static [&'static str],
    breakdowns: &'static [&'static str],
) -> Metric {
    Metric { name, period: "day", types, breakdowns, needs_followers: false }
}

const fn demographic(name: &'static str) -> Metric {
    Metric { name, period: "lifetime", types: TOTAL, breakdowns: DEMOGRAPHIC, needs_followers: true }
}

const METRICS: &[Metric] = &[
    daily("reach", BOTH, &["media_product_type", "follow_type"]),
    daily("views", TOTAL, &["follower_type", "media_product_type"]),
    daily("accounts_engaged", TOTAL, &[]),
    daily("replies", TOTAL, &[]),
    daily("reposts", TOTAL, &[]),
    daily("profile_views", TOTAL, &[]),
    daily("comments", TOTAL, &["media_product_type"]),
    daily("likes", TOTAL, &["media_product_type"]),
    daily("saves", TOTAL, &["media_product_type"]),
    daily("shares", TOTAL, &["media_product_type"]),
    daily("total_interactions", TOTAL, &["media_product_type"]),
    daily("profile_links_taps", TOTAL, &["contact_button_type"]),
    Metric { needs_followers: true, ..daily("follows_and_unfollows", TOTAL, &["follow_type"]) },
    Metric { needs_followers: true, ..daily("follower_count", SERIES, &[]) },
    demographic("follower_demographics"),
    demographic("engaged_audience_demographics"),
    Metric { period: "lifetime", needs_followers: true, ..daily("online_followers", SERIES, &[]) },
];

/// Retired, and answered by the oldest version all the same.
const IMPRESSIONS: &Metric = &daily("impressions", BOTH, &[]);
const IMPRESSIONS_UP_TO: &str = "v21.0";

const LONGEST_RANGE_S: i64 = 30 * 86_400;

impl Reading<'_> {
    /// The `data` of an account's insights.
    pub(super) fn user_insights(&self, account: &Account, asked: &Field) -> Result<Value, GraphError> {
        let names = asked.parameter("metric").filter(|names| !names.is_empty());
        let names = names.ok_or_else(|| GraphError::parameter("The parameter metric is required"))?;
        let metrics: Vec<&Metric> = names
            .split(',')
            .enumerate()
            .map(|(place, name)| self.user_metric(place, name))
            .collect::<Result<_, _>>()?;
        let period = asked
            .parameter("period")
            .ok_or_else(|| GraphError::parameter("The parameter period is required"))?;
        let breakdown = asked.parameter("breakdown");
        for metric in &metrics {
            check_question(metric, period, asked.parameter("metric_type"), breakdown)?;
        }
        if metrics.iter().any(|metric| metric.name.ends_with("demographics"))
            && asked.parameter("timeframe").is_none()
        {
            return Err(GraphError::parameter("The parameter timeframe is required"));
        }
        let range = self.range(asked)?;
        if let Some(metric) = metrics.iter().find(|metric| metric.is_recent_only()) {
            self.check_recent(metric, range)?;
        }
        let days = range.days();
        let too_small = self.world().followers(account, self.now) < 100;
        let shown = metrics
            .iter()
            .filter(|metric| !(self.quirks.empty_data || (metric.needs_followers && too_small)));
        Ok(shown.map(|metric| self.user_figure(account, metric, &days, asked)).collect())
    }

    fn user_metric(&self, place: usize, name: &str) -> Result<&'static Metric, GraphError> {
        let is_known = |metric: &&Metric| metric.name == name && !self.quirks.refused_metrics.contains(name);
        let old = Some(IMPRESSIONS).filter(|_| self.version == IMPRESSIONS_UP_TO);
        let known = METRICS.iter().chain(old).find(is_known);
        known.ok_or_else(|| {
            let allowed: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            let message =
                format!("metric[{place}] must be one of the following values: {}", allowed.join(", "));
            let user = ("Unknown metric".to_owned(), format!("The metric {name} is not supported."));
            GraphError { user: Some(user), ..GraphError::parameter(message) }
        })
    }

    /// The range that is asked for: yesterday and today if none is given.
    pub(super) fn range(&self, asked: &Field) -> Result<Range, GraphError> {
        let second = |name: &str| {
            asked
                .parameter(name)
                .map(|text| {
                    text.parse::<i64>()
                        .map_err(|_| GraphError::parameter(format!("Param {name} must be a unix time")))
                })
                .transpose()
        };
        let until = second("until")?.unwrap_or_else(|| self.now.as_second());
        let since = second("since")?.unwrap_or(until - 86_400);
        if since > until {
            return Err(GraphError::parameter("since must be before until"));
        }
        if until - since > LONGEST_RANGE_S {
            return Err(GraphError::parameter(
                "There cannot be more than 30 days (2592000 s) between since and until",
            ));
        }
        Ok(Range { since, until })
    }

    fn check_recent(&self, metric: &Metric, range: Range) -> Result<(), GraphError> {
        let oldest = pacific_day(self.now).saturating_sub(30.days());
        if range.days().first().is_some_and(|first| *first < oldest) {
            return Err(GraphError::parameter(format!(
                "({}) metric only supports querying data for the last 30 days excluding the current day",
                metric.name
            )));
        }
        Ok(())
    }
}

impl Metric {
    /// Of new followers and of their hours nothing older than 30 days is kept.
    fn is_recent_only(&self) -> bool {
        matches!(self.name, "follower_count" | "online_followers")
    }
}

/// A range in unix seconds, both ends included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) since: i64,
    pub(super) until: i64,
}

impl Range {
    /// Meta's days that it touches.
    pub(super) fn days(self) -> Vec<Date> {
        let day_of = |second: i64| Timestamp::from_second(second).map(pacific_day).unwrap_or_default();
        let (first, last) = (day_of(self.since), day_of(self.until));
        first.series(1.day()).take_while(|day| *day <= last).collect()
    }
}

fn check_question(
    metric: &Metric,
    period: &str,
    kind: Option<&str>,
    breakdown: Option<&str>,
) -> Result<(), GraphError> {
    if period != metric.period {
        let message =
            format!("Incompatible period ({period}) for the metric {}: {}", metric.name, metric.period);
        return Err(GraphError::parameter(message));
    }
    let kind = kind.unwrap_or("time_series");
    if !metric.types.contains(&kind) {
        let message = format!(
            "The following metrics ({}) should be specified with parameter metric_type={}",
            metric.name, metric.types[0]
        );
        return Err(GraphError::parameter(message));
    }
    match breakdown {
        Some(wanted) if wanted.split(',').any(|one| !metric.breakdowns.contains(&one)) => {
            Err(GraphError::parameter(format!(
                "Incompatible breakdowns ({wanted}) for the metric {}",
                metric.name
            )))
        }
        None if metric.name.ends_with("demographics") => {
            Err(GraphError::parameter("The parameter breakdown is required"))
        }
        _ => Ok(()),
    }
}

/// Meta's day: the day in California.
pub(super) fn pacific_day(at: Timestamp) -> Date {
    at.to_zoned(california()).date()
}

/// The instant a day of Meta ends: midnight in California.
pub(super) fn end_of(day: Date) -> Timestamp {
    let next = day.saturating_add(1.day());
    next.to_zoned(california()).map(|zoned| zoned.timestamp()).unwrap_or_default()
}

fn california() -> TimeZone {
    TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").unwrap_or_else(|_| TimeZone::fixed(offset(-8)))
}
