//! When followers are online: a heat map of weekday and hour, or of the hour alone where few days are known.

use jiff::ToSpan;
use jiff::civil::Weekday;

use crate::pages::account::Account;
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::{CardWords, Lang};
use crate::query::hours::HourOfWeek;
use crate::range::Days;

/// Steps of colour.
const STEPS: f64 = 8.0;
/// Means are of so many days.
const WINDOW_DAYS: i64 = 28;

/// The heat map.
#[derive(Debug)]
pub(crate) struct HoursCard {
    pub(crate) rows: Vec<HeatRow>,
    /// Days and zone, in words.
    pub(crate) window: String,
    /// The best hour, in words.
    pub(crate) best: String,
    pub(crate) table: Table,
}

/// One weekday, or all of them.
#[derive(Debug)]
pub(crate) struct HeatRow {
    pub(crate) name: &'static str,
    pub(crate) hours: Vec<Heat>,
}

/// One hour.
#[derive(Debug)]
pub(crate) struct Heat {
    /// Step of colour; none where nothing is known.
    pub(crate) step: Option<u8>,
    pub(crate) title: String,
    pub(crate) is_best: bool,
}

/// The days that the means are of.
pub(super) fn window(account: &Account) -> Days {
    let to = account.period.to;
    Days { from: to.saturating_sub((WINDOW_DAYS - 1).days()), to }
}

impl HoursCard {
    pub(crate) fn new(lang: Lang, account: &Account, known: &[HourOfWeek]) -> Self {
        let words = &lang.words().cards;
        let weekdays = known.iter().map(|row| row.weekday).collect::<std::collections::BTreeSet<_>>();
        let by_weekday = weekdays.len() == 7;
        let means = if by_weekday { known.to_vec() } else { over_all_days(known) };
        let best = means.iter().copied().max_by_key(|row| row.online);
        let most = best.map_or(0.0, |best| best.online as f64);
        let name = |weekday: i32| day_name(lang, words, weekday);
        let row = |weekday: i32| HeatRow {
            name: name(weekday),
            hours: (0..24)
                .map(|hour| {
                    let found = means.iter().find(|row| row.weekday == weekday && row.hour == hour);
                    heat(lang, name(weekday), hour, found, most, best)
                })
                .collect(),
        };
        let rows = match (means.is_empty(), by_weekday) {
            (true, _) => Vec::new(),
            (false, true) => (1..=7).map(row).collect(),
            (false, false) => vec![row(0)],
        };
        let days = window(account);
        Self {
            rows,
            window: format!(
                "{} – {} · {}",
                format::day(lang, days.from),
                format::full_day(lang, days.to),
                account.row.timezone
            ),
            best: best.map_or_else(String::new, |best| sentence(lang, name(best.weekday), best.hour)),
            table: table(lang, words, &means),
        }
    }
}

/// 0 stands for every day.
fn day_name(lang: Lang, words: &CardWords, weekday: i32) -> &'static str {
    let offset = i8::try_from(weekday).unwrap_or(0);
    Weekday::from_monday_one_offset(offset).map_or(words.every_day, |weekday| format::weekday(lang, weekday))
}

fn over_all_days(known: &[HourOfWeek]) -> Vec<HourOfWeek> {
    let hours = (0..24).filter_map(|hour| {
        let of: Vec<&HourOfWeek> = known.iter().filter(|row| row.hour == hour).collect();
        let days: i32 = of.iter().map(|row| row.day_count).sum();
        let sum: f64 = of.iter().map(|row| row.online as f64 * f64::from(row.day_count)).sum();
        #[expect(clippy::cast_possible_truncation, reason = "a mean of counts is no larger than they are")]
        let online = (sum / f64::from(days)).round() as i64;
        (days > 0).then_some(HourOfWeek { weekday: 0, hour, online, day_count: days })
    });
    hours.collect()
}

fn heat(
    lang: Lang,
    day: &str,
    hour: i32,
    found: Option<&HourOfWeek>,
    most: f64,
    best: Option<HourOfWeek>,
) -> Heat {
    let clock = clock(lang, hour);
    let Some(found) = found else {
        let why = crate::pages::words::absences::never_read(lang);
        return Heat { step: None, title: format!("{day} {clock}: {why}"), is_best: false };
    };
    let share = if most > 0.0 { found.online as f64 / most } else { 0.0 };
    // A share of eight is eight at most.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8")]
    let step = (share * STEPS).round().clamp(0.0, STEPS) as u8;
    Heat {
        step: Some(step),
        title: format!("{day} {clock}: {}", format::whole(lang, found.online as f64)),
        is_best: best.is_some_and(|best| best.weekday == found.weekday && best.hour == hour),
    }
}

fn clock(lang: Lang, hour: i32) -> String {
    let colon = lang.pick('.', ':');
    format!("{hour:02}{colon}00")
}

fn sentence(lang: Lang, day: &str, hour: i32) -> String {
    let (from, to) = (clock(lang, hour), clock(lang, (hour + 1) % 24));
    lang.pick(format!("Paling ramai: {day}, pukul {from}–{to}."), format!("Busiest: {day}, {from}–{to}."))
}

fn table(lang: Lang, words: &CardWords, means: &[HourOfWeek]) -> Table {
    let row = |row: &HourOfWeek| {
        vec![
            Cell::text(day_name(lang, words, row.weekday)),
            Cell::sorted(clock(lang, row.hour), row.hour.to_string()),
            Cell::number(format::whole(lang, row.online as f64), row.online as f64),
        ]
    };
    Table {
        caption: words.hours.to_owned(),
        rows: means.iter().map(row).collect(),
        columns: vec![Column::text(words.weekday), Column::text(words.hour), Column::number(words.online)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_over_all_days_is_of_days_and_not_of_weekdays() {
        let row = |weekday, online, day_count| HourOfWeek { weekday, hour: 9, online, day_count };
        let all = over_all_days(&[row(1, 10, 3), row(2, 30, 1)]);
        assert_eq!((all.len(), all[0].day_count, all[0].online), (1, 4, 15));
    }
}
