//! Figures of the account itself: followers, reach, impressions, and how they grow.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::json;

use super::super::raw::{Account, Row};
use super::engagement::grown;
use super::{Figure, Made, before, days, no_data, raw};

#[expect(clippy::cast_precision_loss, reason = "figures of tests are small")]
fn float(value: i64) -> f64 {
    value as f64
}

pub(super) fn followers(account: &Account<'_>, made: &mut Made) {
    let at = |day: Date| account.own(&raw(account).snapshots).find(|row| row.date("datestamp") == day);
    let figure = |row: Option<&Row>| -> Figure {
        let row = row.ok_or_else(no_data)?;
        let reason = || row.reason("followers_count").unwrap_or_else(no_data);
        row.int("followers_count").map(float).ok_or_else(reason)
    };
    for day in days(account).filter(|day| at(*day).is_some()) {
        for length in [7, 28] {
            let (now, then) = (figure(at(day)), figure(at(before(day, length))));
            made.add("user_insight_follower_growth", grown("date_stamp", length, day, &now, &then));
        }
    }
}

/// One row for each day of Meta. Of several a value goes before none, views before impressions, then the
/// later.
fn by_day<'a>(rows: impl Iterator<Item = &'a Row>) -> BTreeMap<Date, &'a Row> {
    let rank = |row: &Row| (row.int("value").is_some(), row.text("metric"), row.instant("end_time"));
    let mut held = BTreeMap::new();
    for row in rows {
        let best = held.entry(row.meta_day()).or_insert(row);
        if rank(row) > rank(best) {
            *best = row;
        }
    }
    held
}

pub(super) fn reach(account: &Account<'_>, made: &mut Made) {
    for (length, period) in [(7, "week"), (28, "days_28")] {
        let of_period = |row: &&Row| row.text("period").as_deref() == Some(period);
        let held = by_day(account.own(&raw(account).reach).filter(of_period));
        let at = |day: Date| held.get(&day).copied();
        let figure = |row: Option<&Row>| -> Figure {
            let row = row.ok_or_else(no_data)?;
            row.int("value").map(float).ok_or_else(|| row.text("absence").unwrap())
        };
        for day in days(account).filter(|day| at(*day).is_some()) {
            let (now, then) = (figure(at(day)), figure(at(before(day, length))));
            made.add("user_insight_reach_growth", grown("date_stamp", length, day, &now, &then));
        }
    }
}

/// The sum of daily impressions of a window, its metric, and how many days it knows.
struct Sum {
    metrics: Vec<String>,
    value: i64,
    known: usize,
    reason: String,
}

impl Sum {
    fn figure(&self) -> Figure {
        match self.metrics.as_slice() {
            [] => Err(self.reason.clone()),
            [_] => Ok(float(self.value)),
            _ => Err("metric_changed".to_owned()),
        }
    }
}

fn sum(held: &BTreeMap<Date, &Row>, day: Date, length: i32) -> Option<Sum> {
    let daily: Vec<&Row> = (0..length).filter_map(|back| held.get(&before(day, back))).copied().collect();
    if daily.is_empty() {
        return None;
    }
    let known: Vec<&&Row> = daily.iter().filter(|row| row.int("value").is_some()).collect();
    let mut metrics: Vec<String> = known.iter().filter_map(|row| row.text("metric")).collect();
    metrics.sort();
    metrics.dedup();
    Some(Sum {
        metrics,
        value: known.iter().filter_map(|row| row.int("value")).sum(),
        known: known.len(),
        reason: daily.iter().filter_map(|row| row.text("absence")).max().unwrap_or_else(no_data),
    })
}

pub(super) fn impressions(account: &Account<'_>, made: &mut Made) {
    let daily = |row: &&Row| row.text("period").as_deref() == Some("day");
    let held = by_day(account.own(&raw(account).impressions).filter(daily));
    for length in [7, 28] {
        for day in days(account) {
            let Some(present) = sum(&held, day, length) else { continue };
            let past = sum(&held, before(day, length), length);
            let (now, mut then) =
                (present.figure(), past.as_ref().map_or_else(|| Err(no_data()), Sum::figure));
            let known_then = past.as_ref().map_or(0, |past| past.known);
            let value_then = then.clone().ok();
            if now.is_ok() && then.is_ok() && past.is_some_and(|past| past.metrics != present.metrics) {
                then = Err("metric_changed".to_owned());
            }
            let mut row = grown("date_stamp", length, day, &now, &then);
            row["value_then"] = json!(value_then);
            let days = usize::try_from(length).unwrap();
            row["skipped_days"] = json!(days - present.known);
            row["skipped_days_then"] = json!(days - known_then);
            made.add("user_insight_impressions_growth", row);
        }
    }
}
