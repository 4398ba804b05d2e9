//! `/pipeline`: for the engineer at night: what is stuck, since when, and what to do. Refreshes itself.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::respond::{Frame, SignedIn, html};
use super::table::{Cell, Column, Table};
use super::words::{Lang, PipelineWords, next_command, parked_reason};
use super::{format, words};
use crate::api::Api;
use crate::problem::Problem;
use crate::query::books::{self, LaneRow};
use crate::query::pages::stuck::{self, DeadRow, ErrorRow, Pace, ParkedRow, QuotaRow, Stuck};
use crate::scope::Scope;

/// The pace is counted over so many seconds.
const PACE_SECONDS: f64 = 300.0;

#[derive(Template)]
#[template(path = "pipeline.html")]
struct Pipeline<'a> {
    frame: &'a Frame,
    numbers: Vec<Number>,
    is_closed: bool,
    books: Table,
    parked: Vec<Parked>,
    dead: Vec<Parked>,
    quotas: Table,
    errors: Table,
    refreshed: String,
}

/// One of the four numbers.
struct Number {
    name: &'static str,
    value: String,
    note: String,
}

/// What waits, and the next step.
struct Parked {
    reason: String,
    count: String,
    since: String,
    again: String,
    command: String,
}

/// The page.
pub(crate) async fn page(State(api): State<Api>, SignedIn(frame): SignedIn) -> Result<Response, Problem> {
    if *frame.scope() != Scope::All {
        return Err(Problem::NotFound);
    }
    let (lang, now) = (frame.view.lang, frame.now);
    let books = books::read(&api.pool, now).await?;
    let stuck = stuck::read(&api.pool, now).await?;
    let words = &lang.words().pipeline;
    let page = Pipeline {
        numbers: numbers(lang, words, now, &stuck),
        is_closed: books.lanes.iter().all(|lane| lane.closed),
        books: books_table(lang, words, &books.lanes),
        parked: stuck.parked.iter().map(|row| parked(lang, now, row)).collect(),
        dead: stuck.dead.iter().map(|row| dead(lang, now, row)).collect(),
        quotas: quotas(lang, words, &stuck.quotas),
        errors: errors(lang, words, now, &stuck.errors),
        refreshed: clock(now),
        frame: &frame,
    };
    html(&page)
}

fn clock(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%H:%M:%S UTC").to_string()
}

fn numbers(lang: Lang, words: &PipelineWords, now: Timestamp, stuck: &Stuck) -> Vec<Number> {
    let Pace { events, p99_seconds, last_step_at } = &stuck.pace;
    let ago = |at: Timestamp| format::ago(lang, at, now);
    let oldest = stuck.parked.iter().filter_map(|row| row.since).map(jiff_sqlx::Timestamp::to_jiff).min();
    let delay = p99_seconds.map(|seconds| format!("{} s", format::decimal(lang, seconds, 2)));
    let delay_note = if delay.is_some() { words.delay_note } else { words.nothing_came };
    vec![
        Number {
            name: words.pace,
            value: format::decimal(lang, *events as f64 / PACE_SECONDS, 1),
            note: words.pace_note.to_owned(),
        },
        Number {
            name: words.lag,
            value: last_step_at.map_or_else(|| "—".to_owned(), |at| ago(at.to_jiff())),
            note: words.lag_note.to_owned(),
        },
        Number {
            name: words.delay,
            value: delay.unwrap_or_else(|| "—".to_owned()),
            note: delay_note.to_owned(),
        },
        Number {
            name: words.oldest,
            value: oldest.map_or_else(|| "0".to_owned(), |at| format::span(lang, now.duration_since(at))),
            note: oldest.map_or_else(
                || words.nothing_parked.to_owned(),
                |at| format::moment(lang, at, &TimeZone::UTC),
            ),
        },
    ]
}

fn number(lang: Lang, value: i64) -> Cell {
    Cell::number(format::whole(lang, value as f64), value as f64)
}

fn books_table(lang: Lang, words: &'static PipelineWords, lanes: &[LaneRow]) -> Table {
    let row = |lane: &LaneRow| {
        vec![
            Cell::text(lane.topic.clone()).with_title(lane.group.clone()),
            number(lang, lane.read),
            number(lang, lane.landed),
            number(lang, lane.duplicates),
            number(lang, lane.dead_lettered),
            number(lang, lane.expired),
        ]
    };
    let numbers = [words.read, words.landed, words.duplicates, words.dead_lettered, words.expired];
    let columns = std::iter::once(Column::text(words.topic)).chain(numbers.map(Column::number));
    Table {
        caption: words.books.to_owned(),
        columns: columns.collect(),
        rows: lanes.iter().map(row).collect(),
    }
}

fn since(lang: Lang, now: Timestamp, at: Option<jiff_sqlx::Timestamp>) -> String {
    at.map_or_else(|| "—".to_owned(), |at| format::ago(lang, at.to_jiff(), now))
}

fn parked(lang: Lang, now: Timestamp, row: &ParkedRow) -> Parked {
    let again = row.until.map(jiff_sqlx::Timestamp::to_jiff);
    let accounts =
        if row.accounts > 1 { format!(" ({})", accounts(lang, row.accounts)) } else { String::new() };
    Parked {
        reason: format!("{}{accounts}", parked_reason(lang, &row.reason)),
        count: format::whole(lang, row.count as f64),
        since: since(lang, now, row.since),
        again: again.map_or_else(|| "—".to_owned(), |at| format::moment(lang, at, &TimeZone::UTC)),
        command: next_command(&row.reason, &row.account_id),
    }
}

fn accounts(lang: Lang, count: i64) -> String {
    lang.pick(format!("{count} akun"), format!("{count} accounts"))
}

fn dead(lang: Lang, now: Timestamp, row: &DeadRow) -> Parked {
    Parked {
        reason: row.reason.clone(),
        count: format::whole(lang, row.count as f64),
        since: since(lang, now, row.since),
        again: String::new(),
        command: format!("cekbrand dlq show {}", row.first_id),
    }
}

fn quotas(lang: Lang, words: &'static PipelineWords, rows: &[QuotaRow]) -> Table {
    let row = |row: &QuotaRow| {
        let name =
            if row.account_id.is_empty() { words.whole_app.to_owned() } else { row.account_id.clone() };
        let used = row.usage_percent.map_or_else(
            || Cell::absent(words.quota_empty),
            |percent| {
                Cell::number(format!("{percent}%"), f64::from(percent)).with_bar(f64::from(percent) / 100.0)
            },
        );
        let until = row
            .blocked_until
            .map_or_else(String::new, |at| format::moment(lang, at.to_jiff(), &TimeZone::UTC));
        vec![
            Cell::text(name),
            used,
            Cell::text(until).with_title(row.block_reason.clone().unwrap_or_default()),
        ]
    };
    Table {
        caption: words.quota.to_owned(),
        columns: vec![
            Column::text(words::Lang::words(lang).frame.account),
            Column::number(words.used),
            Column::text(words.blocked_until),
        ],
        rows: rows.iter().map(row).collect(),
    }
}

fn errors(lang: Lang, words: &'static PipelineWords, now: Timestamp, rows: &[ErrorRow]) -> Table {
    let row = |row: &ErrorRow| {
        vec![
            Cell::text(row.error.clone()),
            number(lang, row.count),
            Cell::text(since(lang, now, row.last_at)),
        ]
    };
    Table {
        caption: words.errors.to_owned(),
        columns: vec![Column::text(words.error), Column::number(words.count), Column::text(words.last_at)],
        rows: rows.iter().map(row).collect(),
    }
}

impl Pipeline<'_> {
    /// The two lists of what waits: title, rows, what to say where there are none, whether it is tried again.
    fn waiting(&self) -> [(&'static str, &[Parked], &'static str, bool); 2] {
        let words = &self.frame.view.words().pipeline;
        [
            (words.parked, self.parked.as_slice(), words.parked_empty, true),
            (words.dead, self.dead.as_slice(), words.dead_empty, false),
        ]
    }
}
