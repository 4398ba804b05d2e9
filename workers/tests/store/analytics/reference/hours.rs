//! When followers are online: Meta's hours, taken as those of UTC-7, by the account's clock.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::super::raw::{Day, UserFigure, day};
use super::Made;
use super::account::Account;
use super::row::row;

/// A figure of one hour: Meta's day, when the hour began, followers.
struct Hour {
    meta_day: Day,
    start: Timestamp,
    value: i64,
}

pub(super) fn hours(account: &Account<'_>, made: &mut Made) {
    let known = known(account);
    for length in [7, 28] {
        let first = account.today - length + 1;
        let range = format!("{}/{}", date(first), date(account.today));
        let means = means(account, &known, first);
        for (hour, (mean, days)) in &means {
            made.add("user_insight_follower_online", row(&[&i64::from(*hour), &range, mean, days]));
        }
        if length == 28 && means.len() >= 6 {
            wording(account, &means, made);
        }
    }
    let recent = known.iter().filter(|hour| hour.meta_day > account.today - 28);
    if let Some(best) = recent.max_by_key(|hour| (hour.meta_day, hour.value, Reverse(hour.start))) {
        made.add("user_insight_most_active_time", row(&[&best.start.as_second(), &best.value]));
    }
}

fn date(day: Day) -> Date {
    Date::constant(1970, 1, 1).saturating_add(day.days())
}

/// Of several rows of one hour: a value before none, then the later.
fn known(account: &Account<'_>) -> Vec<Hour> {
    let los_angeles = TimeZone::get("America/Los_Angeles").unwrap();
    let mut rows: BTreeMap<(Day, i64), &UserFigure> = BTreeMap::new();
    for row in account.own(&account.raw.online) {
        let rank = |row: &UserFigure| (row.value.is_some(), row.end_time.to_jiff());
        let held = rows.entry((row.meta_day(&los_angeles), row.series.parse().unwrap())).or_insert(row);
        if rank(row) > rank(held) {
            *held = row;
        }
    }
    // Meta's hours are taken as those of UTC-7.
    let hour = |((meta_day, hour), row): ((Day, i64), &UserFigure)| {
        let start = Timestamp::from_second((i64::from(meta_day) * 24 + hour + 7) * 3600).unwrap();
        Some(Hour { meta_day, start, value: row.value? })
    };
    rows.into_iter().filter_map(hour).collect()
}

/// Mean, rounded half up, and number of figures of each local hour from a local day on.
fn means(account: &Account<'_>, known: &[Hour], first: Day) -> BTreeMap<i8, (i64, i64)> {
    let mut sums: BTreeMap<i8, (i64, i64)> = BTreeMap::new();
    for hour in known {
        let day = day(hour.start, &account.zone);
        if day >= first && day <= account.today {
            let local = hour.start.to_zoned(account.zone.clone()).hour();
            let sum = sums.entry(local).or_default();
            *sum = (sum.0 + hour.value, sum.1 + 1);
        }
    }
    sums.into_iter().map(|(hour, (sum, days))| (hour, ((2 * sum + days) / (2 * days), days))).collect()
}

fn wording(account: &Account<'_>, means: &BTreeMap<i8, (i64, i64)>, made: &mut Made) {
    let mut hours: Vec<(i64, i8)> = means.iter().map(|(hour, (mean, _))| (*mean, *hour)).collect();
    hours.sort_by_key(|(mean, hour)| (*mean, *hour));
    let quiet = hours.iter().take(3).map(|(_, hour)| *hour).collect::<Vec<_>>();
    hours.sort_by_key(|(mean, hour)| (-mean, *hour));
    let best = hours.iter().take(3).map(|(_, hour)| *hour).collect::<Vec<_>>();
    let (first, last) = (date(account.today - 27), date(account.today));
    for (kind, hours) in [("best_hours", best), ("quiet_hours", quiet)] {
        for lang in ["id", "en"] {
            let (span, ranges, zone) =
                (span(first, last, lang), ranges(hours.clone(), lang), account.zone_name);
            let words = match (lang, kind) {
                ("id", kind) => {
                    let most = if kind == "best_hours" { "paling banyak" } else { "paling sedikit" };
                    format!(
                        "Selama 28 hari terakhir ({span}), pengikut {most} online pada pukul {ranges} \
                         (zona waktu {zone})."
                    )
                }
                (_, kind) => {
                    let most = if kind == "best_hours" { "the most" } else { "the fewest" };
                    format!(
                        "Over the last 28 days ({span}), {most} followers were online at {ranges} \
                         (time zone {zone})."
                    )
                }
            };
            let row = row(&[&kind, &lang, &account.today, &words]);
            made.add("user_insight_follower_online_wording", row);
        }
    }
}

fn span(first: Date, last: Date, lang: &str) -> String {
    let months = match lang {
        "id" => "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
        _ => "January February March April May June July August September October November December",
    };
    let month = |day: Date| months.split(' ').nth(usize::try_from(day.month() - 1).unwrap()).unwrap();
    let year = if first.year() == last.year() { String::new() } else { format!(" {}", first.year()) };
    format!("{} {}{year}–{} {} {}", first.day(), month(first), last.day(), month(last), last.year())
}

fn ranges(mut hours: Vec<i8>, lang: &str) -> String {
    hours.sort_unstable();
    let mut joined: Vec<(i8, i8)> = Vec::new();
    for hour in hours {
        match joined.last_mut() {
            Some((_, until)) if *until == hour => *until = hour + 1,
            _ => joined.push((hour, hour + 1)),
        }
    }
    let (dot, and) = if lang == "id" { ('.', "dan") } else { (':', "and") };
    let texts: Vec<String> =
        joined.iter().map(|(start, until)| format!("{start:02}{dot}00–{until:02}{dot}00")).collect();
    match texts.as_slice() {
        [one] => one.clone(),
        [one, two] => format!("{one} {and} {two}"),
        _ => format!("{}, {}, {and} {}", texts[0], texts[1], texts[2]),
    }
}
