//! What people say: comments, filtered and searched, with the words that made each one's label.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use cekbrand_sentiment::{Label, Model};
use serde::Deserialize;

use super::cells::{first_words, link};
use crate::api::Api;
use crate::pages::address::own_path;
use crate::pages::format;
use crate::pages::respond::Frame;
use crate::pages::session::Reader;
use crate::pages::table::{Cell, Column, Table};
use crate::pages::words::{CardWords, Lang};
use crate::problem::Problem;
use crate::query::correction::{self, Corrector};
use crate::query::pages::LocalDays;
use crate::query::pages::comments::{self, Asked, CommentRow};

/// On a page.
const SHOWN: usize = 12;
/// Further pages are not asked for.
const LAST_PAGE: usize = 500;
/// A word that added less did not decide anything.
const LEAST_WEIGHT: f32 = 0.15;

/// Comments of some days.
#[derive(Debug)]
pub(crate) struct CommentsCard {
    pub(crate) comments: Vec<Comment>,
    pub(crate) filters: Vec<Filter>,
    /// Code, sign and name of each label.
    pub(crate) labels: [(&'static str, &'static str, &'static str); 3],
    /// What was searched for.
    pub(crate) words: String,
    pub(crate) is_filtered: bool,
    pub(crate) older: String,
    pub(crate) newer: String,
    pub(crate) table: Table,
}

/// One way to narrow the list down.
#[derive(Debug)]
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) link: String,
    pub(crate) is_chosen: bool,
}

/// A comment as it is shown.
#[derive(Debug)]
pub(crate) struct Comment {
    pub(crate) id: String,
    pub(crate) by: String,
    pub(crate) at: String,
    pub(crate) post: String,
    pub(crate) post_link: String,
    pub(crate) parts: Vec<Part>,
    /// `pos`, `neu`, `neg`; empty until it is scored.
    pub(crate) feel: String,
    pub(crate) feeling: &'static str,
    pub(crate) sign: &'static str,
    pub(crate) score: String,
    pub(crate) is_uncertain: bool,
    pub(crate) is_corrected: bool,
}

/// A stretch of the text, and for which label it spoke, if it did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) spoke_for: &'static str,
}

/// Reads the page of comments that the address asks for; of one medium, or of all.
///
/// # Errors
///
/// [`Problem::Database`], or what is wrong with the address.
pub(crate) async fn read(
    api: &Api,
    frame: &Frame,
    days: LocalDays<'_>,
    medium: &str,
) -> Result<CommentsCard, Problem> {
    let view = &frame.view;
    let sentiment = view.choice("feel", &["", "pos", "neu", "neg"]);
    let words = view.value("q").unwrap_or("");
    let page: usize =
        view.value("page").map_or(Ok(0), str::parse).map_err(|_| Problem::invalid("`page` is a number."))?;
    let page = page.min(LAST_PAGE);
    let [limit, offset] = [SHOWN + 1, page * SHOWN].map(|count| i64::try_from(count).unwrap_or(0));
    let asked = Asked { days, medium, sentiment, words, limit, offset };
    let mut rows = comments::list(&api.pool, asked).await?;
    let has_more = rows.len() > SHOWN;
    rows.truncate(SHOWN);
    let go = |page: usize| {
        let page = if page == 0 { String::new() } else { page.to_string() };
        format!("{}#comments", view.with("page", &page))
    };
    Ok(CommentsCard {
        filters: filters(frame, sentiment),
        labels: Label::ALL.map(|label| {
            let (name, sign) = named(&view.words().cards, Some(label));
            (label.as_str(), sign, name)
        }),
        words: words.to_owned(),
        is_filtered: !words.is_empty() || !sentiment.is_empty(),
        older: if has_more { go(page + 1) } else { String::new() },
        newer: if page > 0 { go(page - 1) } else { String::new() },
        table: table(view.lang, &rows),
        comments: rows.into_iter().map(|row| comment(frame, days, row)).collect(),
    })
}

/// What a correction sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Correction {
    form_token: String,
    label: String,
    /// Where to go back to.
    next: String,
}

/// Corrects what a comment feels; that counts, and outlives every model.
///
/// # Errors
///
/// [`Problem::Refused`], [`Problem::NotFound`], or what is wrong with the form.
pub(crate) async fn correct(
    State(api): State<Api>,
    reader: Reader,
    Path(id): Path<String>,
    Form(sent): Form<Correction>,
) -> Result<Redirect, Problem> {
    reader.check_form(&sent.form_token)?;
    let label: Label = sent.label.parse().map_err(|_| Problem::invalid("`label` is pos, neu or neg."))?;
    let by = Corrector { scope: &reader.scope, key_id: &reader.key_id, now: api.clock.now() };
    if !correction::put(&api.pool, &id, label, by).await? {
        return Err(Problem::NotFound);
    }
    Ok(Redirect::to(own_path(&sent.next)))
}

fn filters(frame: &Frame, chosen: &str) -> Vec<Filter> {
    let words = &frame.view.words().cards;
    let all = [("", words.all), ("pos", words.positive), ("neu", words.neutral), ("neg", words.negative)];
    let filter = |(code, name): (&str, &'static str)| Filter {
        name,
        link: format!("{}#comments", frame.view.changed("feel", code).with("page", "")),
        is_chosen: code == chosen,
    };
    all.into_iter().map(filter).collect()
}

fn comment(frame: &Frame, days: LocalDays<'_>, row: CommentRow) -> Comment {
    let (view, words) = (&frame.view, &frame.view.words().cards);
    let zone = jiff::tz::TimeZone::get(days.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let label = row.sentiment.as_deref().and_then(|word| word.parse::<Label>().ok());
    let (feeling, sign) = named(words, label);
    Comment {
        by: row.username.map_or_else(|| words.someone.to_owned(), |name| format!("@{name}")),
        at: format::moment(view.lang, row.at.to_jiff(), &zone),
        post: first_words(row.post.as_deref(), words.no_caption).chars().take(40).collect(),
        post_link: link(frame, &row.post_id),
        parts: parts(&row.text, label),
        feel: label.map_or_else(String::new, |label| label.to_string()),
        feeling,
        sign,
        score: row.score.map_or_else(String::new, |score| format::percent(view.lang, f64::from(score))),
        is_uncertain: row.uncertain == Some(true),
        is_corrected: row.corrected == Some(true),
        id: row.id,
    }
}

/// What a label is called, and a sign for it: colour alone would not do.
fn named(words: &CardWords, label: Option<Label>) -> (&'static str, &'static str) {
    match label {
        Some(Label::Pos) => (words.positive, "+"),
        Some(Label::Neu) => (words.neutral, "·"),
        Some(Label::Neg) => (words.negative, "−"),
        None => (words.not_scored, "?"),
    }
}

/// The text cut where a word decided something. Where the model thinks otherwise than what is stored, a
/// person or another model decided, and no word is marked.
fn parts(text: &str, label: Option<Label>) -> Vec<Part> {
    let explained = Model::bundled().explain(text);
    let plain = |text: &str| Part { text: text.to_owned(), spoke_for: "" };
    if label != Some(explained.scored.label) {
        return vec![plain(text)];
    }
    let mut parts = Vec::new();
    let mut rest = text;
    for token in
        explained.tokens.iter().filter(|token| token.weight >= LEAST_WEIGHT && !token.token.is_empty())
    {
        let Some((before, after)) = rest.split_once(token.token.as_str()) else { continue };
        if !before.is_empty() {
            parts.push(plain(before));
        }
        parts.push(Part { text: token.token.clone(), spoke_for: explained.scored.label.as_str() });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(plain(rest));
    }
    parts
}

fn table(lang: Lang, rows: &[CommentRow]) -> Table {
    let words = &lang.words().cards;
    let row = |row: &CommentRow| {
        vec![
            Cell::text(row.at.to_jiff().to_string()),
            Cell::text(row.username.clone().unwrap_or_default()),
            Cell::text(row.text.clone()),
            Cell::text(row.sentiment.clone().unwrap_or_default()),
            row.score.map_or_else(Cell::default, |score| Cell::number(score.to_string(), f64::from(score))),
            row.like_count.map_or_else(Cell::default, |likes| Cell::number(likes.to_string(), likes as f64)),
            Cell::text(row.post_id.clone()),
        ]
    };
    Table {
        caption: words.comments.to_owned(),
        rows: rows.iter().map(row).collect(),
        columns: vec![
            Column::text(words.published),
            Column::text(words.author),
            Column::text(words.text),
            Column::text(words.feeling),
            Column::number(words.value),
            Column::number(words.likes),
            Column::text(words.post),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_spoke_are_marked_and_the_text_stays_whole() {
        let text = "kecewa bgt <b>, barangnya gak sesuai 😡";
        let parts = parts(text, Some(Label::Neg));
        assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<String>(), text);
        assert!(parts.iter().any(|part| part.spoke_for == "neg" && part.text == "kecewa"), "{parts:?}");
    }

    #[test]
    fn where_a_person_decided_no_word_did() {
        assert_eq!(parts("kecewa bgt", Some(Label::Pos)).len(), 1);
        assert_eq!(parts("kecewa bgt", None)[0].spoke_for, "");
    }
}
