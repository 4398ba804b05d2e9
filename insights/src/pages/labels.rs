//! Labels: the card of campaigns on a brand's page, and the labels of a medium on its own.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::account::Account;
use super::address::own_path;
use super::cards::cells::{absent, count};
use super::format;
use super::respond::{Frame, SignedIn};
use super::table::{Cell, Column, Table};
use super::words::Lang;
use crate::api::Api;
use crate::body::{number, words};
use crate::figure::{Count, Ratio};
use crate::problem::Problem;
use crate::query::labels::{self, Label, Labelled};
use crate::query::post;

/// Figures by label.
pub(crate) fn table(lang: Lang, labels: &[Label]) -> Table {
    let (words, cards) = (&lang.words().labels, &lang.words().cards);
    let row = |label: &Label| {
        let media = label.media_ids.len();
        vec![
            Cell::text(label.name.as_str()),
            Cell::number(media.to_string(), media as f64),
            counted(lang, label.engagement),
            mean(lang, label.engagement_per_post),
            counted(lang, label.views),
            mean(lang, label.reach_per_post),
        ]
    };
    Table {
        caption: words.title.to_owned(),
        columns: vec![
            Column::text(words.label),
            Column::number(words.media),
            Column::number(lang.words().brand.engagement),
            Column::number(cards.engagement_per_post),
            Column::number(words.views),
            Column::number(cards.reach_per_post),
        ],
        rows: labels.iter().map(row).collect(),
    }
}

fn counted(lang: Lang, figure: Count) -> Cell {
    figure.value.map_or_else(|| absent(lang, figure.absence), |value| count(lang, value))
}

fn mean(lang: Lang, figure: Ratio) -> Cell {
    figure.value.map_or_else(
        || absent(lang, figure.absence),
        |value| Cell::number(format::short(lang, value), value.round()),
    )
}

/// A label that a medium has or could have.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) name: String,
    /// Where it is taken off; empty where the medium does not have it.
    pub(crate) remove: String,
}

/// The labels of the account, told apart by whether the medium has them.
///
/// # Errors
///
/// [`Problem::Database`].
pub(crate) async fn of_medium(api: &Api, account: &str, media: &str) -> Result<Vec<Choice>, Problem> {
    let labels = labels::list(&api.pool, account).await?;
    let choice = |label: Label| {
        let is_on = label.media_ids.iter().any(|id| id == media);
        let remove = if is_on { format!("/media/{media}/labels/{}/remove", label.id) } else { String::new() };
        Choice { name: label.name, remove }
    };
    Ok(labels.into_iter().map(choice).collect())
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form_token: String,
    name: String,
    next: String,
}

/// Puts a label on a medium, and makes it where there is none of the name.
///
/// # Errors
///
/// [`Problem::Refused`], [`Problem::NotFound`], or what is wrong with the name.
pub(crate) async fn add(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path(media): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Redirect, Problem> {
    let account = account_of(&api, &frame, &media, &sent.form_token).await?;
    let name = words("name", &sent.name, 60)?;
    let key_id = frame.reader.as_ref().map_or("", |reader| reader.key_id.as_str());
    let made = labels::create(&api.pool, &account, name, key_id, frame.now).await?;
    let label = if let Some(label) = made {
        label.id
    } else {
        let held = labels::list(&api.pool, &account).await?;
        held.iter().find(|label| label.name == name).ok_or(Problem::NotFound)?.id
    };
    labels::attach(&api.pool, Labelled { account: &account, label, media: &media }, frame.now).await?;
    Ok(Redirect::to(own_path(&sent.next)))
}

/// What a button sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Pressed {
    form_token: String,
    next: String,
}

/// Takes a label off a medium.
///
/// # Errors
///
/// [`Problem::Refused`], or [`Problem::NotFound`].
pub(crate) async fn remove(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path((media, label)): Path<(String, String)>,
    Form(sent): Form<Pressed>,
) -> Result<Redirect, Problem> {
    let account = account_of(&api, &frame, &media, &sent.form_token).await?;
    let on = Labelled { account: &account, label: number(&label)?, media: &media };
    labels::detach(&api.pool, on).await?;
    Ok(Redirect::to(own_path(&sent.next)))
}

/// The id of a medium's account, where the form is ours and the reader may see it.
async fn account_of(api: &Api, frame: &Frame, media: &str, form_token: &str) -> Result<String, Problem> {
    let reader = frame.reader.as_ref().ok_or(Problem::Unauthorized)?;
    reader.check_form(form_token)?;
    let found = post::find(&api.pool, media, frame.scope()).await?.ok_or(Problem::NotFound)?;
    Ok(Account::find(api, frame, &found.account_id).await?.row.id)
}
