//! The chart of one metric: lines drawn by the server, and for each day a cell that can be pointed at,
//! followed and printed.
//!
//! Drawn here rather than by a script, because so it works without one, prints as lines, follows the theme by
//! the style sheet alone, and each day is a link that a keyboard and a screen reader find.

use jiff::ToSpan;
use jiff::civil::Date;

use super::days::Period;
use super::drawing::{self, Scale};
use super::figures::{Metric, Point, Series};
use super::format;
use super::table::{Cell, Column, Table};
use super::view::View;
use super::words::{Lang, absences};

/// More days than this share cells.
const MOST_CELLS: usize = 62;
/// Labels below the axis.
const LABELS: usize = 6;

/// The chart, ready to be shown.
#[derive(Debug)]
pub(crate) struct Chart {
    /// Width of the drawing in its own units.
    pub(crate) width: u32,
    pub(crate) line: String,
    /// Empty where nothing is compared.
    pub(crate) line_before: String,
    /// Height of the line at zero, where values lie on both sides of it.
    pub(crate) zero: Option<f64>,
    /// From the top.
    pub(crate) ticks: Vec<String>,
    pub(crate) cells: Vec<DayCell>,
    pub(crate) is_empty: bool,
    /// Why days are missing, each reason once.
    pub(crate) gap_reasons: Vec<String>,
    pub(crate) table: Table,
}

/// One day, or several that share a cell.
#[derive(Debug)]
pub(crate) struct DayCell {
    pub(crate) link: String,
    pub(crate) said: String,
    pub(crate) is_gap: bool,
    pub(crate) label: String,
    pub(crate) posts: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) is_chosen: bool,
}

/// A post of a day, by its first words, or a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happening {
    pub(crate) day: Date,
    pub(crate) text: String,
}

/// What the chart shows.
pub(crate) struct Asked<'a> {
    pub(crate) view: &'a View,
    pub(crate) metric: Metric,
    pub(crate) series: &'a Series,
    pub(crate) period: Period,
    pub(crate) posts: &'a [Happening],
    pub(crate) notes: &'a [Happening],
    pub(crate) chosen: Option<Date>,
}

/// Draws it.
pub(crate) fn chart(asked: &Asked<'_>) -> Chart {
    let values =
        |points: &[Point]| -> Vec<Option<f64>> { points.iter().map(|point| point.value()).collect() };
    let (now, mut before) = (values(&asked.series.now), values(&asked.series.before));
    if !asked.view.compare {
        before.clear();
    }
    let around = Scale::around(now.iter().chain(&before).copied().flatten());
    let from_zero = !matches!(asked.metric, Metric::Followers);
    let scale = around.map(|scale| if from_zero { scale.with_zero() } else { scale }.rounded());
    let (scale, ticks) = scale.unwrap_or((Scale { low: 0.0, high: 1.0 }, Vec::new()));
    let lang = asked.view.lang;
    Chart {
        width: u32::try_from(now.len()).unwrap_or(1).saturating_mul(10),
        line: drawing::line(&now, scale),
        line_before: drawing::line(&before, scale),
        zero: scale.zero(),
        ticks: ticks.into_iter().map(|tick| shown(lang, asked.metric, tick)).collect(),
        is_empty: now.iter().all(Option::is_none),
        gap_reasons: gap_reasons(lang, &asked.series.now),
        cells: cells(asked),
        table: table(asked),
    }
}

fn cells(asked: &Asked<'_>) -> Vec<DayCell> {
    let points = &asked.series.now;
    let step = points.len().div_ceil(MOST_CELLS).max(1);
    let cell_count = points.len().div_ceil(step);
    let label_every = cell_count.div_ceil(LABELS).max(1);
    let chunks = points.chunks(step).enumerate();
    chunks.map(|(at, chunk)| cell(asked, at, step, chunk, at % label_every == 0)).collect()
}

fn cell(asked: &Asked<'_>, at: usize, step: usize, chunk: &[Point], is_labelled: bool) -> DayCell {
    let days = |count: usize| i64::try_from(count).unwrap_or(0).days();
    let first = asked.period.from.saturating_add(days(at * step));
    let last = first.saturating_add(days(chunk.len() - 1));
    let lang = asked.view.lang;
    let link = if first == last {
        asked.view.with("day", &first.to_string())
    } else {
        asked.view.between(first, last)
    };
    let within = |held: &&Happening| held.day >= first && held.day <= last;
    DayCell {
        said: said(asked, first, last, chunk),
        is_gap: chunk.iter().all(|point| point.value().is_none()),
        label: if is_labelled { format::day(lang, first) } else { String::new() },
        posts: asked.posts.iter().filter(within).map(|of| of.text.clone()).collect(),
        notes: asked.notes.iter().filter(within).map(|of| of.text.clone()).collect(),
        is_chosen: asked.chosen.is_some_and(|day| day >= first && day <= last),
        link,
    }
}

/// `Kam 20 Nov: 1.234`, or why there is none.
fn said(asked: &Asked<'_>, first: Date, last: Date, chunk: &[Point]) -> String {
    let lang = asked.view.lang;
    let day = if first == last {
        format::week_day(lang, first)
    } else {
        format!("{} – {}", format::day(lang, first), format::day(lang, last))
    };
    let known = Series::known(chunk);
    let figure = if known.is_empty() {
        chunk.first().map_or("", |point| reason(lang, asked.metric, *point)).to_owned()
    } else {
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        precise(lang, asked.metric, mean)
    };
    format!("{day}: {figure}")
}

/// Why a day has no figure.
fn reason(lang: Lang, metric: Metric, point: Point) -> &'static str {
    let words = &lang.words().brand;
    match (point, metric) {
        (Point::Absent(absence), _) => absences::absence(lang, absence),
        (Point::Nothing, Metric::Sentiment) => words.no_comments,
        (Point::Nothing, Metric::Stories) => words.no_stories,
        (Point::Nothing, _) => words.nothing_published,
        _ => absences::never_read(lang),
    }
}

/// Each reason once; days on which nothing happened need none.
fn gap_reasons(lang: Lang, points: &[Point]) -> Vec<String> {
    let mut reasons: Vec<String> = Vec::new();
    for point in points {
        if matches!(point, Point::Absent(_) | Point::Unread) {
            let why = reason(lang, Metric::Reach, *point).to_owned();
            if !reasons.contains(&why) {
                reasons.push(why);
            }
        }
    }
    reasons
}

/// As it stands on the axis.
fn shown(lang: Lang, metric: Metric, value: f64) -> String {
    if metric.is_share() {
        format!("{}%", format::whole(lang, value * 100.0))
    } else {
        format::short(lang, value)
    }
}

/// As it is read of one day.
fn precise(lang: Lang, metric: Metric, value: f64) -> String {
    if metric.is_share() {
        format::signed(&format::percent(lang, value), value)
    } else {
        format::whole(lang, value)
    }
}

/// The same as a table, day by day.
fn table(asked: &Asked<'_>) -> Table {
    let (lang, words) = (asked.view.lang, &asked.view.words().brand);
    let cell = |point: Point| match point.value() {
        Some(value) => Cell::number(precise(lang, asked.metric, value), value),
        None => Cell::absent(reason(lang, asked.metric, point)),
    };
    let mut columns = vec![Column::text(words.day), Column::number(words.this_period)];
    if asked.view.compare {
        columns.push(Column::number(words.period_before));
    }
    let days = super::figures::days(asked.period.from, asked.period.days);
    let rows = days.zip(asked.series.now.iter().zip(&asked.series.before)).map(|(day, (now, before))| {
        let mut row = vec![Cell::sorted(format::week_day(lang, day), day.to_string()), cell(*now)];
        if asked.view.compare {
            row.push(cell(*before));
        }
        row
    });
    Table { caption: super::tiles::name(lang, asked.metric).to_owned(), columns, rows: rows.collect() }
}
