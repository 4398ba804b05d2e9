//! `/{user}/insights`: daily figures, totals over a range, and demographics.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::error::GraphError;
use super::fields::Field;
use super::reading::{Reading, graph_time};
use crate::seeded::Seeded;
use crate::world::{Account, AccountDay};

/// A metric of accounts: its period, the metric types and breakdowns it takes, and whether 100 followers are
/// needed.
struct Metric {
    name: &'static str,
    period: &'static str,
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

/// The values of each breakdown, with their share in per mille.
const DIMENSIONS: &[(&str, &[(&str, u64)])] = &[
    ("media_product_type", &[("POST", 350), ("CAROUSEL_CONTAINER", 150), ("REEL", 300), ("STORY", 200)]),
    ("follow_type", &[("FOLLOWER", 620), ("NON_FOLLOWER", 380)]),
    ("follower_type", &[("FOLLOWER", 620), ("NON_FOLLOWER", 380)]),
    ("contact_button_type", &[("CALL", 300), ("DIRECTION", 200), ("EMAIL", 100), ("TEXT", 400)]),
    ("age", &[("13-17", 40), ("18-24", 330), ("25-34", 390), ("35-44", 160), ("45-54", 80)]),
    ("gender", &[("F", 560), ("M", 400), ("U", 40)]),
    ("country", &[("ID", 900), ("MY", 50), ("SG", 20), ("NL", 10)]),
    (
        "city",
        &[
            ("Jakarta, Jakarta", 300),
            ("Bandung, West Java", 150),
            ("Surabaya, East Java", 120),
            ("São Paulo, São Paulo (state)", 2),
        ],
    ),
];

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
        let days = self.days(asked)?;
        let too_small = self.world().followers(account, self.now) < 100;
        let shown = metrics
            .iter()
            .filter(|metric| !(self.quirks.empty_data || (metric.needs_followers && too_small)));
        Ok(shown.map(|metric| self.user_figure(account, metric, &days, asked)).collect())
    }

    fn user_metric(&self, place: usize, name: &str) -> Result<&'static Metric, GraphError> {
        let known =
            METRICS.iter().find(|metric| metric.name == name && !self.quirks.refused_metrics.contains(name));
        known.ok_or_else(|| {
            let allowed: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
            let message =
                format!("metric[{place}] must be one of the following values: {}", allowed.join(", "));
            let user = ("Unknown metric".to_owned(), format!("The metric {name} is not supported."));
            GraphError { user: Some(user), ..GraphError::parameter(message) }
        })
    }

    /// The days of the range, yesterday and today if none is given.
    fn days(&self, asked: &Field) -> Result<Vec<Date>, GraphError> {
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
        let day_of = |second: i64| Timestamp::from_second(second).map(pacific_day).unwrap_or_default();
        let (first, last) = (day_of(since), day_of(until));
        Ok(first.series(jiff::ToSpan::days(1)).take_while(|day| *day <= last).collect())
    }

    fn user_figure(&self, account: &Account, metric: &Metric, days: &[Date], asked: &Field) -> Value {
        let mut shown = Map::new();
        shown.insert("name".to_owned(), metric.name.into());
        shown.insert("period".to_owned(), metric.period.into());
        shown.insert("title".to_owned(), metric.name.replace('_', " ").into());
        shown.insert("description".to_owned(), "A figure of this account".into());
        shown.insert(
            "id".to_owned(),
            format!("{}/insights/{}/{}", account.id, metric.name, metric.period).into(),
        );
        let series = asked.parameter("metric_type") != Some("total_value");
        let total = || {
            days.iter().map(|day| count(metric.name, self.world().account_day(account, *day))).sum::<u64>()
        };
        if metric.name == "online_followers" {
            let day = |day: &Date| json!({ "value": self.online(account, *day), "end_time": end_of(*day) });
            shown.insert("values".to_owned(), days.iter().map(day).collect());
        } else if metric.name.ends_with("demographics") {
            let breakdown = breakdown(asked.parameter("breakdown"), account.followers);
            shown.insert("total_value".to_owned(), json!({ "breakdowns": breakdown }));
        } else if series {
            let day = |day: &Date| json!({ "value": count(metric.name, self.world().account_day(account, *day)), "end_time": end_of(*day) });
            shown.insert("values".to_owned(), days.iter().map(day).collect());
        } else if asked.parameter("breakdown").is_some() {
            let breakdown = breakdown(asked.parameter("breakdown"), total());
            shown.insert("total_value".to_owned(), json!({ "value": total(), "breakdowns": breakdown }));
        } else {
            shown.insert("total_value".to_owned(), json!({ "value": total() }));
        }
        Value::Object(shown)
    }

    /// Followers online by hour, with the evening peak; nothing yet for the last two days.
    fn online(&self, account: &Account, day: Date) -> Value {
        let fresh = pacific_day(self.now).since(day).map_or(0, |span| span.get_days()) < 2;
        if fresh {
            return json!({});
        }
        let mut draw = Seeded::of(&[
            self.world().config().seed,
            7,
            account.index as u64,
            day.day().unsigned_abs().into(),
        ]);
        let hours = (0..24_u64).map(|hour| {
            let wave = 200 + 25 * (12 - hour.abs_diff(5).min(12));
            (hour.to_string(), Value::from(account.followers * wave / 1000 + draw.below(5)))
        });
        Value::Object(hours.collect())
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

/// A total split by its dimensions; two dimensions are multiplied out.
fn breakdown(wanted: Option<&str>, total: u64) -> Value {
    let keys: Vec<&str> = wanted.unwrap_or_default().split(',').collect();
    let mut parts: Vec<(Vec<&str>, u64)> = vec![(Vec::new(), total)];
    for key in &keys {
        let shares = DIMENSIONS.iter().find(|(name, _)| name == key).map_or(&[][..], |(_, shares)| *shares);
        parts = parts
            .iter()
            .flat_map(|(values, count)| {
                shares.iter().map(move |(name, share)| {
                    (values.iter().copied().chain([*name]).collect(), count * share / 1000)
                })
            })
            .collect();
    }
    let results: Vec<Value> = parts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(values, count)| json!({ "dimension_values": values, "value": count }))
        .collect();
    json!([{ "dimension_keys": keys, "results": results }])
}

fn count(metric: &str, day: AccountDay) -> u64 {
    match metric {
        "reach" => day.reach,
        "views" => day.views,
        "accounts_engaged" | "total_interactions" => day.engaged,
        "likes" => day.engaged * 8 / 10,
        "comments" | "saves" | "shares" => day.engaged / 20,
        "replies" | "reposts" => day.engaged / 50,
        "profile_links_taps" => day.taps,
        "profile_views" => day.taps * 6,
        "follower_count" => day.follows,
        _ => day.follows + day.unfollows,
    }
}

/// Meta's day: the day at the Pacific, taken as UTC-8.
fn pacific_day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::fixed(Offset::constant(-8))).date()
}

/// The instant a Pacific day ends: 08:00 UTC of the next.
fn end_of(day: Date) -> String {
    let start = day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).unwrap_or_default();
    graph_time(start.checked_add(SignedDuration::from_hours(32)).unwrap_or(start))
}
