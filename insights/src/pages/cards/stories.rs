//! Stories: how long their figures still exist, and how these were saved or why they are lost.

use jiff::{SignedDuration, Timestamp};

use super::cells::{absent, figure, first_words, kind};
use crate::figure::Ratio;
use crate::pages::account::Account;
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::{CardWords, Lang};
use crate::query::stories::Story;

/// A story and its figures are gone after so long.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// Stories as a table, with what is drawn of each.
#[derive(Debug)]
pub(crate) struct StoriesCard {
    /// As many as the table has rows.
    pub(crate) stories: Vec<StoryState>,
    pub(crate) table: Table,
}

/// How much time a story has, and what became of its figures.
#[derive(Debug)]
pub(crate) struct StoryState {
    pub(crate) left: String,
    /// In percent of its life.
    pub(crate) left_share: f64,
    pub(crate) state: &'static str,
    /// `saved`, `due` or `lost`.
    pub(crate) code: &'static str,
    /// When, or why.
    pub(crate) title: String,
}

impl StoriesCard {
    pub(crate) fn new(lang: Lang, now: Timestamp, account: &Account, rows: &[Story]) -> Self {
        let words = &lang.words().cards;
        let states: Vec<StoryState> = rows.iter().map(|row| state(lang, words, now, row)).collect();
        let cells = rows.iter().zip(&states).map(|(story, state)| row(lang, words, account, story, state));
        let table = Table {
            caption: words.stories.to_owned(),
            rows: cells.collect(),
            columns: vec![
                Column::text(words.story),
                Column::text(words.state),
                Column::number(words.reach),
                Column::number(words.completion),
                Column::number(words.exits),
                Column::number(words.replies),
            ],
        };
        Self { stories: states, table }
    }
}

fn state(lang: Lang, words: &CardWords, now: Timestamp, story: &Story) -> StoryState {
    let left = SignedDuration::from_secs(story.seconds_left);
    let state = match (story.state, story.saved_by) {
        ("saved", Some("webhook")) => words.saved_by_webhook,
        ("saved", Some("backfill")) => words.saved_later,
        ("saved", _) => words.saved_by_poll,
        ("due", _) => words.due,
        _ => words.lost,
    };
    let read = story.saved_at.map(|at| format::ago(lang, at.0, now));
    StoryState {
        left: if left.is_positive() { format::span(lang, left) } else { words.over.to_owned() },
        left_share: (left.as_secs_f64() / LIFE.as_secs_f64() * 100.0).clamp(0.0, 100.0).round(),
        state,
        code: story.state,
        title: read.unwrap_or_else(|| absent(lang, story.reach.absence).title),
    }
}

fn row(lang: Lang, words: &CardWords, account: &Account, story: &Story, state: &StoryState) -> Vec<Cell> {
    let at = story.published_at.map_or(Timestamp::UNIX_EPOCH, |at| at.0);
    let (kind, _) = kind(words, None, story.media_type.as_deref());
    let title = first_words(story.caption.as_deref(), kind);
    vec![
        Cell::sorted(format::moment(lang, at, &account.zone), at.to_string()).with_title(title),
        Cell::sorted(state.state.to_owned(), state.code.to_owned()).with_title(state.title.clone()),
        figure(lang, &story.reach),
        share(lang, story.completion_rate).with_title(words.completion_title),
        share(lang, story.exit_rate),
        figure(lang, &story.replies),
    ]
}

fn share(lang: Lang, ratio: Ratio) -> Cell {
    match ratio.value {
        Some(value) => Cell::number(format::percent(lang, value), value),
        None => absent(lang, ratio.absence),
    }
}
