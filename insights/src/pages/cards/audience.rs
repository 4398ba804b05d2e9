//! Who follows: countries, cities, age and gender.

use super::posts::{absent, count};
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::{CardWords, Lang};
use crate::query::pages::audience::{Audience, GroupRow};

/// Three tables on the page, one in the file.
#[derive(Debug)]
pub(crate) struct AudienceCard {
    pub(crate) parts: Vec<Table>,
    pub(crate) table: Table,
    /// As of which day, in words; empty where nothing is known.
    pub(crate) as_of: String,
}

impl AudienceCard {
    pub(crate) fn new(lang: Lang, audience: &Audience) -> Self {
        let words = &lang.words().cards;
        let kinds = [
            (words.countries, &audience.countries),
            (words.cities, &audience.cities),
            (words.ages, &audience.ages),
        ];
        let known = kinds.into_iter().filter(|(_, rows)| rows.iter().any(|row| row.value.is_some()));
        let parts = known.clone().map(|(name, rows)| part(lang, words, name, rows)).collect();
        let newest = known.clone().flat_map(|(_, rows)| rows).map(|row| row.end_time.to_jiff()).max();
        let as_of = newest.map(|at| format::full_day(lang, at.to_zoned(jiff::tz::TimeZone::UTC).date()));
        let rows = known.flat_map(|(kind, rows)| {
            rows.iter().map(move |row| vec![Cell::text(kind), Cell::text(name(words, row)), value(lang, row)])
        });
        Self {
            parts,
            table: Table {
                caption: words.audience.to_owned(),
                rows: rows.collect(),
                columns: vec![
                    Column::text(words.format),
                    Column::text(words.audience),
                    Column::number(words.followers),
                ],
            },
            as_of: as_of.unwrap_or_default(),
        }
    }
}

fn part(lang: Lang, words: &CardWords, caption: &'static str, rows: &[GroupRow]) -> Table {
    let known = rows.iter().filter_map(|row| row.value);
    let (most, sum) = (known.clone().max().unwrap_or(0) as f64, known.sum::<i64>() as f64);
    let row = |row: &GroupRow| {
        let own = row.value.unwrap_or(0) as f64;
        let bar = if most > 0.0 { own / most } else { 0.0 };
        let share = if sum > 0.0 && row.value.is_some() {
            Cell::number(format::percent(lang, own / sum), own / sum)
        } else {
            absent(lang, row.absence.as_deref())
        };
        vec![Cell::text(name(words, row)).with_bar(bar), value(lang, row), share]
    };
    Table {
        caption: caption.to_owned(),
        rows: rows.iter().map(row).collect(),
        columns: vec![Column::text(caption), Column::number(words.followers), Column::number(words.share)],
    }
}

fn value(lang: Lang, row: &GroupRow) -> Cell {
    row.value.map_or_else(|| absent(lang, row.absence.as_deref()), |value| count(lang, value))
}

fn name(words: &CardWords, row: &GroupRow) -> String {
    match row.part.as_str() {
        "" => row.name.clone(),
        "F" => format!("{}, {}", row.name, words.women),
        "M" => format!("{}, {}", row.name, words.men),
        "U" => format!("{}, {}", row.name, words.unknown),
        province => format!("{}, {province}", row.name),
    }
}
