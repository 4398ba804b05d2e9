//! The figures of an account's insights in Meta's shapes: series, totals, demographics, hours.

use std::cmp::Reverse;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::fields::Field;
use super::reading::{Reading, graph_time};
use super::user_insights::{Metric, end_of, pacific_day};
use crate::seeded::Seeded;
use crate::world::{Account, AccountDay};

/// The values of each breakdown, with their share in per mille.
const DIMENSIONS: &[(&str, &[(&str, u64)])] = &[
    ("media_product_type", &[("POST", 350), ("CAROUSEL_CONTAINER", 150), ("REEL", 300), ("STORY", 200)]),
    ("follow_type", &[("FOLLOWER", 620), ("NON_FOLLOWER", 380)]),
    ("follower_type", &[("FOLLOWER", 620), ("NON_FOLLOWER", 380)]),
    ("contact_button_type", &[("CALL", 300), ("DIRECTION", 200), ("EMAIL", 100), ("TEXT", 400)]),
    ("age", &[("13-17", 40), ("18-24", 330), ("25-34", 390), ("35-44", 160), ("45-54", 80)]),
    ("gender", &[("F", 560), ("M", 400), ("U", 40)]),
    ("country", &[("ID", 900), ("MY", 50), ("SG", 20), ("NL", 10)]),
];

/// Cities with more than a few followers; smaller ones follow, far more than Meta shows.
const CITIES: &[(&str, u64)] = &[
    ("Jakarta, Jakarta", 300),
    ("Bandung, West Java", 150),
    ("Surabaya, East Java", 120),
    ("São Paulo, São Paulo (state)", 20),
    ("Singapore", 10),
];
const SMALL_CITIES: u64 = 60;

/// Meta shows so many groups of followers at most.
const MOST_GROUPS: usize = 45;

impl Reading<'_> {
    /// One metric over some days.
    pub(super) fn user_figure(
        &self,
        account: &Account,
        metric: &Metric,
        days: &[Date],
        asked: &Field,
    ) -> Value {
        let mut shown = Map::new();
        shown.insert("name".to_owned(), metric.name.into());
        shown.insert("period".to_owned(), metric.period.into());
        shown.insert("title".to_owned(), metric.name.replace('_', " ").into());
        shown.insert("description".to_owned(), "A figure of this account".into());
        shown.insert(
            "id".to_owned(),
            format!("{}/insights/{}/{}", account.id, metric.name, metric.period).into(),
        );
        let breakdown = asked.parameter("breakdown");
        let of_day = |day: &Date| count(metric.name, self.world().account_day(account, *day));
        if metric.name.ends_with("demographics") {
            let groups = groups(breakdown, self.world().followers(account, self.now));
            shown.insert("total_value".to_owned(), json!({ "breakdowns": groups }));
        } else if metric.name == "online_followers" {
            let day = |day: &Date| json!({ "value": self.online(account, *day), "end_time": ended(*day) });
            shown.insert("values".to_owned(), days.iter().map(day).collect());
        } else if asked.parameter("metric_type") == Some("total_value") {
            let total = over(metric.name, days.iter().map(of_day));
            let mut value = json!({ "value": total });
            if breakdown.is_some() {
                value["breakdowns"] = groups(breakdown, total);
            }
            shown.insert("total_value".to_owned(), value);
        } else {
            let day = |day: &Date| json!({ "value": of_day(day), "end_time": ended(*day) });
            shown.insert("values".to_owned(), days.iter().map(day).collect());
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

/// What days come to. People who come on several days count once.
fn over(metric: &str, days: impl Iterator<Item = u64>) -> u64 {
    let days: Vec<u64> = days.collect();
    let sum: u64 = days.iter().sum();
    let most = days.iter().copied().max().unwrap_or(0);
    if matches!(metric, "reach" | "accounts_engaged") { most + (sum - most) * 4 / 10 } else { sum }
}

/// A total split by its dimensions, the largest groups first; two dimensions are multiplied out.
fn groups(wanted: Option<&str>, total: u64) -> Value {
    let keys: Vec<&str> = wanted.unwrap_or_default().split(',').collect();
    let mut parts: Vec<(Vec<String>, u64)> = vec![(Vec::new(), total)];
    for key in &keys {
        let shares = shares(key);
        let split = |(values, count): &(Vec<String>, u64)| {
            let part = |(name, share): &(String, u64)| {
                (values.iter().chain([name]).cloned().collect::<Vec<_>>(), count * share / 1000)
            };
            shares.iter().map(part).collect::<Vec<_>>()
        };
        parts = parts.iter().flat_map(split).collect();
    }
    parts.retain(|(_, count)| *count > 0);
    parts.sort_by_key(|(_, count)| Reverse(*count));
    let results: Vec<Value> = parts
        .into_iter()
        .take(MOST_GROUPS)
        .map(|(values, count)| json!({ "dimension_values": values, "value": count }))
        .collect();
    json!([{ "dimension_keys": keys, "results": results }])
}

fn shares(key: &str) -> Vec<(String, u64)> {
    let named = |shares: &[(&str, u64)]| -> Vec<(String, u64)> {
        shares.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect()
    };
    if key == "city" {
        let small = (1..=SMALL_CITIES).map(|number| (format!("Kota {number}, Central Java"), 4));
        return named(CITIES).into_iter().chain(small).collect();
    }
    DIMENSIONS.iter().find(|(name, _)| *name == key).map(|(_, shares)| named(shares)).unwrap_or_default()
}

fn count(metric: &str, day: AccountDay) -> u64 {
    match metric {
        "reach" => day.reach,
        "views" | "impressions" => day.views,
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

fn ended(day: Date) -> String {
    graph_time(end_of(day))
}
