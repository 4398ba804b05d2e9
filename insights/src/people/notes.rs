//! Notes on an account's time axis.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::{Body, number, words};
use crate::params;
use crate::problem::Problem;
use crate::query::notes::{self, NewNote, Note};
use crate::range::{Range, RangeAsked};
use crate::reply::{Envelope, Reply, done, gone};
use crate::scope::{Caller, Watched};

/// The notes of a range.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotesOfRange {
    account_id: String,
    range: Range,
    notes: Vec<Note>,
}

/// Notes of the range: those that people wrote, and what the service noted of itself (metrics that Meta took
/// away, a dead token, days without figures).
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/notes", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The notes, by day", body = Envelope<NotesOfRange>))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let range = asked.on(account.today, &account.timezone)?;
    let notes = notes::list(&api.pool, &account.id, range.days).await?;
    let csv = notes.clone();
    reply.table(&NotesOfRange { account_id: account.id, range, notes }, "notes", &csv)
}

/// A note to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoteToWrite {
    /// The local day of the account that it is about.
    #[schema(value_type = String, format = Date)]
    day: String,
    #[schema(min_length = 1, max_length = 500)]
    text: String,
}

/// A note that was written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Written {
    note: Note,
}

/// Writes a note.
#[utoipa::path(
    post, path = "/api/accounts/{account_id}/notes", tag = "people", request_body = NoteToWrite,
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 201, description = "The note", body = Envelope<Written>))
)]
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    account: Watched,
    Body(wanted): Body<NoteToWrite>,
) -> Result<Response, Problem> {
    let day =
        params::day(&wanted.day).ok_or_else(|| Problem::invalid("day is a day, written like 2026-01-31."))?;
    let note = NewNote {
        account: &account.id,
        day,
        text: words("text", &wanted.text, 500)?,
        key_id: &caller.key_id,
    };
    let now = api.clock.now();
    let note = notes::create(&api.pool, note, now).await?;
    done(StatusCode::CREATED, &Written { note }, now)
}

/// Deletes a note that somebody wrote.
#[utoipa::path(
    delete, path = "/api/accounts/{account_id}/notes/{note_id}", tag = "people",
    params(
        ("account_id" = String, Path, description = "Id of the account"),
        ("note_id" = i64, Path, description = "Id of the note", minimum = 1)
    ),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    account: Watched,
    Path((_, note_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    gone(notes::delete(&api.pool, &account.id, number(&note_id)?).await?)
}
