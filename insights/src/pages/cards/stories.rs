//! Stories: how long their figures still exist, and how these were saved or why they are lost.

use jiff::{SignedDuration, Timestamp};

use super::posts::{absent, count, first_words, kind};
use crate::pages::brand::Account;
use crate::pages::format;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::{CardWords, Lang};
use crate::query::pages::stories::StoryRow;

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
    pub(crate) fn new(lang: Lang, now: Timestamp, account: &Account, rows: &[StoryRow]) -> Self {
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

fn state(lang: Lang, words: &CardWords, now: Timestamp, story: &StoryRow) -> StoryState {
    let left = LIFE - now.duration_since(story.at.to_jiff());
    let is_live = left > SignedDuration::ZERO;
    let (state, code) = match story.source.as_deref() {
        Some("webhook") => (words.saved_by_webhook, "saved"),
        Some("backfill") => (words.saved_later, "saved"),
        Some(_) => (words.saved_by_poll, "saved"),
        None if is_live => (words.due, "due"),
        None => (words.lost, "lost"),
    };
    let read = story.observed_at.map(|at| format::ago(lang, at.to_jiff(), now));
    StoryState {
        left: if is_live { format::span(lang, left) } else { words.over.to_owned() },
        left_share: (left.as_secs_f64() / LIFE.as_secs_f64() * 100.0).clamp(0.0, 100.0).round(),
        state,
        code,
        title: read.unwrap_or_else(|| absent(lang, story.reach_absence.as_deref()).title),
    }
}

fn row(lang: Lang, words: &CardWords, account: &Account, story: &StoryRow, state: &StoryState) -> Vec<Cell> {
    let at = story.at.to_jiff();
    let (kind, _) = kind(words, None, story.kind.as_deref());
    let title = first_words(story.caption.as_deref(), kind);
    let number = |value: Option<i64>, why: Option<&str>| {
        value.map_or_else(|| absent(lang, why), |value| count(lang, value))
    };
    vec![
        Cell::sorted(format::moment(lang, at, &account.zone), at.to_string()).with_title(title),
        Cell::sorted(state.state.to_owned(), state.code.to_owned()).with_title(state.title.clone()),
        number(story.reach, story.reach_absence.as_deref()),
        share(lang, completion(story), story).with_title(words.completion_title),
        share(lang, of_views(story.exits, story.views), story),
        number(story.replies, story.replies_absence.as_deref()),
    ]
}

fn share(lang: Lang, value: Option<f64>, story: &StoryRow) -> Cell {
    match value {
        Some(value) => Cell::number(format::percent(lang, value), value),
        None => absent(lang, story.reach_absence.as_deref()),
    }
}

fn of_views(part: Option<i64>, views: Option<i64>) -> Option<f64> {
    let (part, views) = part.zip(views)?;
    (views > 0).then(|| (part as f64 / views as f64).clamp(0.0, 1.0))
}

/// Views that nothing cut short: neither leaving, nor another account's stories, nor the next picture.
fn completion(story: &StoryRow) -> Option<f64> {
    let (exits, skips) = story.exits.zip(story.skips)?;
    let ended = story.taps_forward.map(|taps| taps + exits + skips);
    of_views(ended, story.views).map(|ended| 1.0 - ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_no_views_is_unknown() {
        assert_eq!(of_views(Some(3), Some(0)), None);
        assert_eq!(of_views(None, Some(9)), None);
        assert_eq!(of_views(Some(3), Some(12)), Some(0.25));
    }
}
