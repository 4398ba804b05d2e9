//! Figures of the account itself: followers, reach, impressions, and how they grow.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::super::raw::{Day, Snapshot, UserFigure};
use super::account::Account;
use super::engagement::grown;
use super::row::row;
use super::{Figure, Made, NO_DATA, days, figure, growth};

pub(super) fn followers(account: &Account<'_>, made: &mut Made) {
    let own = account.raw.snapshots.iter().filter(|snapshot| snapshot.user_id == account.id);
    let held: BTreeMap<Day, &Snapshot> = own.map(|snapshot| (snapshot.day, snapshot)).collect();
    let at = |day: Day| {
        let snapshot = held.get(&day).ok_or("no_data")?;
        figure(snapshot.followers_count, snapshot.no_followers.as_deref())
    };
    for day in days(account).filter(|day| held.contains_key(day)) {
        for length in [7, 28] {
            let row = grown(length, day, &at(day), &at(day - length));
            made.add("user_insight_follower_growth", row);
        }
    }
}

/// One row for each day of Meta. Of several a value goes before none, views before impressions, then the
/// later.
fn by_day<'a>(rows: impl Iterator<Item = &'a UserFigure>) -> BTreeMap<Day, &'a UserFigure> {
    let los_angeles = TimeZone::get("America/Los_Angeles").unwrap();
    let rank = |row: &UserFigure| (row.value.is_some(), row.series.clone(), row.end_time.to_jiff());
    let mut held = BTreeMap::new();
    for row in rows {
        let best = held.entry(row.meta_day(&los_angeles)).or_insert(row);
        if rank(row) > rank(best) {
            *best = row;
        }
    }
    held
}

pub(super) fn reach(account: &Account<'_>, made: &mut Made) {
    for (length, period) in [(7, "week"), (28, "days_28")] {
        let held = by_day(account.own(&account.raw.reach).filter(|row| row.series == period));
        let at = |day: Day| {
            let row = held.get(&day).ok_or("no_data")?;
            figure(row.value, row.absence.as_deref())
        };
        for day in days(account).filter(|day| held.contains_key(day)) {
            made.add("user_insight_reach_growth", grown(length, day, &at(day), &at(day - length)));
        }
    }
}

/// The sum of daily impressions of a window, its metric, and how many days it knows.
struct Sum<'a> {
    metrics: Vec<&'a str>,
    value: i64,
    known: i32,
    reason: Option<&'a str>,
}

impl<'a> Sum<'a> {
    fn figure(&self) -> Figure<'a> {
        match self.metrics.as_slice() {
            [] => Err(self.reason.unwrap_or("no_data")),
            [_] => figure(Some(self.value), None),
            _ => Err("metric_changed"),
        }
    }
}

fn sum<'a>(held: &BTreeMap<Day, &'a UserFigure>, day: Day, length: i32) -> Option<Sum<'a>> {
    let daily: Vec<&UserFigure> = held.range(day - length + 1..=day).map(|(_, row)| *row).collect();
    if daily.is_empty() {
        return None;
    }
    let known: Vec<&&UserFigure> = daily.iter().filter(|row| row.value.is_some()).collect();
    let mut metrics: Vec<&str> = known.iter().map(|row| row.series.as_str()).collect();
    metrics.sort_unstable();
    metrics.dedup();
    Some(Sum {
        metrics,
        value: known.iter().filter_map(|row| row.value).sum(),
        known: i32::try_from(known.len()).unwrap(),
        reason: daily.iter().filter_map(|row| row.absence.as_deref()).max(),
    })
}

pub(super) fn impressions(account: &Account<'_>, made: &mut Made) {
    let held = by_day(account.own(&account.raw.impressions));
    for length in [7, 28] {
        for day in days(account) {
            let Some(present) = sum(&held, day, length) else { continue };
            let past = sum(&held, day - length, length);
            let (now, then) = (present.figure(), past.as_ref().map_or(NO_DATA, Sum::figure));
            let is_other = past.as_ref().is_some_and(|past| past.metrics != present.metrics);
            let growth = match (now, then) {
                (Ok(_), Ok(_)) if is_other => Err("metric_changed"),
                (now, then) => growth(&now, &then),
            };
            let skipped = length - present.known;
            let skipped_then = length - past.map_or(0, |past| past.known);
            made.add(
                "user_insight_impressions_growth",
                row(&[
                    &length,
                    &day,
                    &growth.ok(),
                    &growth.err(),
                    &now.ok(),
                    &then.ok(),
                    &skipped,
                    &skipped_then,
                ]),
            );
        }
    }
}
