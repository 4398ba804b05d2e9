//! Who follows: countries, cities, age and gender.

use super::cells::{absent, figure};
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::{CardWords, Lang};
use crate::query::audience::{Audience, AudiencePart};

/// So many countries, and so many cities: the largest.
const LARGEST: usize = 8;

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
            (words.countries, largest(&audience.countries)),
            (words.cities, largest(&audience.cities)),
            (words.ages, by_age(&audience.genders_and_ages)),
        ];
        let known = kinds.iter().filter(|(_, rows)| rows.iter().any(|row| row.followers.value.is_some()));
        let parts = known.clone().map(|(name, rows)| part(lang, words, name, rows)).collect();
        let newest = known.clone().flat_map(|(_, rows)| rows).filter_map(|row| row.end_time).max();
        let as_of = newest.map(|at| format::full_day(lang, at.0.to_zoned(jiff::tz::TimeZone::UTC).date()));
        let rows = known.flat_map(|(kind, rows)| {
            let cells = |row: &AudiencePart| {
                vec![Cell::text(*kind), Cell::text(name(words, row)), figure(lang, &row.followers)]
            };
            rows.iter().map(|row| cells(row)).collect::<Vec<_>>()
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

fn largest(rows: &[AudiencePart]) -> Vec<&AudiencePart> {
    rows.iter().take(LARGEST).collect()
}

fn by_age(rows: &[AudiencePart]) -> Vec<&AudiencePart> {
    let mut rows: Vec<&AudiencePart> = rows.iter().collect();
    rows.sort_by(|one, other| (&one.detail, &one.name).cmp(&(&other.detail, &other.name)));
    rows
}

fn part(lang: Lang, words: &CardWords, caption: &'static str, rows: &[&AudiencePart]) -> Table {
    let known = rows.iter().filter_map(|row| row.followers.value);
    let most = known.max().unwrap_or(0) as f64;
    let row = |row: &&AudiencePart| {
        let own = row.followers.value.unwrap_or(0) as f64;
        let bar = if most > 0.0 { own / most } else { 0.0 };
        let share = match row.share.value {
            Some(share) => Cell::number(format::percent(lang, share), share),
            None => absent(lang, row.share.absence),
        };
        vec![Cell::text(name(words, row)).with_bar(bar), figure(lang, &row.followers), share]
    };
    Table {
        caption: caption.to_owned(),
        rows: rows.iter().map(row).collect(),
        columns: vec![Column::text(caption), Column::number(words.followers), Column::number(words.share)],
    }
}

fn name(words: &CardWords, row: &AudiencePart) -> String {
    let detail = row.detail.as_deref().unwrap_or_default();
    match (row.dimension.as_str(), row.name.as_str()) {
        ("gender_age", "F") => format!("{detail}, {}", words.women),
        ("gender_age", "M") => format!("{detail}, {}", words.men),
        ("gender_age", _) => format!("{detail}, {}", words.unknown),
        (_, name) if detail.is_empty() => name.to_owned(),
        (_, name) => format!("{name}, {detail}"),
    }
}
