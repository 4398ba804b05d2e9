//! Notes on the time axis: people's own, and what the service noted of itself.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use jiff::civil::Date;
use serde::Deserialize;

use super::account::Account;
use super::address::own_path;
use super::chart::Happening;
use super::format;
use super::respond::{Frame, SignedIn};
use super::words::Lang;
use crate::api::Api;
use crate::problem::Problem;
use crate::query::notes::{self, NewNote, Note};
use crate::range::Days;

/// As long as a note may be.
const LONGEST: usize = 500;

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form_token: String,
    day: String,
    text: String,
    next: String,
}

/// The notes of an account's days, in words.
///
/// # Errors
///
/// [`Problem::Database`].
pub(crate) async fn read(api: &Api, frame: &Frame, account: &Account) -> Result<Vec<Happening>, Problem> {
    let days = Days { from: account.period.from, to: account.period.to };
    let found = notes::list(&api.pool, &account.row.id, days).await?;
    Ok(found.iter().map(|note| Happening { day: note.day, text: text(frame.view.lang, note) }).collect())
}

/// The service's own notes in the reader's language; people's as they wrote them.
fn text(lang: Lang, note: &Note) -> String {
    let (from, until) = (format::day(lang, note.day), note.until.unwrap_or(note.day));
    let days = if until == note.day { from } else { format!("{from} – {}", format::day(lang, until)) };
    match note.kind.as_str() {
        "gap" => {
            lang.pick(format!("{days}: profil tidak terbaca"), format!("{days}: the profile was not read"))
        }
        "token_dead" => lang.pick(
            format!("{days}: token mati, tidak ada yang terbaca sampai diganti"),
            format!("{days}: the token died; nothing is read until there is another"),
        ),
        _ => format!("{days}: {}", note.text),
    }
}

/// Adds a note of a person's.
///
/// # Errors
///
/// [`Problem::Refused`], [`Problem::NotFound`], or what is wrong with the form.
pub(crate) async fn add(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Redirect, Problem> {
    let reader = frame.reader.as_ref().ok_or(Problem::Unauthorized)?;
    reader.check_form(&sent.form_token)?;
    let account = Account::find(&api, &frame, &id).await?;
    let day: Date = sent.day.parse().map_err(|_| Problem::invalid("`day` is not of the form 2026-11-25."))?;
    let text = sent.text.trim();
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(Problem::invalid("A note has 1 to 500 characters."));
    }
    let note = NewNote { account: &account.row.id, day, text, key_id: &reader.key_id };
    notes::create(&api.pool, note, frame.now).await?;
    Ok(Redirect::to(own_path(&sent.next)))
}
