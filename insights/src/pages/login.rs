//! `/login`, `/logout`: signing in with an API key, and out.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::address::own_path;
use super::respond::{Frame, html};
use super::session::{self, Reader};
use crate::access;
use crate::api::Api;
use crate::peer::Peer;
use crate::problem::Problem;

/// The form for signing in.
#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    frame: &'a Frame,
    next: &'a str,
    /// Why the last try failed; empty before the first.
    said: &'a str,
}

/// Where to go after signing in.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct SignIn {
    #[serde(deserialize_with = "secret")]
    key: SecretString,
    #[serde(default)]
    next: String,
}

/// What the form for signing out sends.
#[derive(Debug, Deserialize)]
pub(crate) struct SignOut {
    form_token: String,
}

/// Shows the form.
pub(crate) async fn form(frame: Frame, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    html(&Login { frame: &frame, next: own_path(&asked.next), said: "" })
}

/// Opens a session for a valid key.
pub(crate) async fn sign_in(
    State(api): State<Api>,
    peer: Peer,
    headers: HeaderMap,
    frame: Frame,
    Form(sent): Form<SignIn>,
) -> Result<Response, Problem> {
    let words = &frame.view.words().frame;
    let refused = |status, said| -> Result<Response, Problem> {
        let page = html(&Login { frame: &frame, next: own_path(&sent.next), said })?;
        Ok((status, page).into_response())
    };
    if !api.attempts.take(peer.address) {
        return refused(StatusCode::TOO_MANY_REQUESTS, words.too_many_attempts);
    }
    let Some(key_id) = access::key_of(&api, &sent.key).await? else {
        return refused(StatusCode::UNAUTHORIZED, words.key_refused);
    };
    let cookie = session::open(&api, &key_id, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(own_path(&sent.next))).into_response())
}

/// Ends the session.
pub(crate) async fn sign_out(
    State(api): State<Api>,
    reader: Reader,
    headers: HeaderMap,
    Form(sent): Form<SignOut>,
) -> Result<Response, Problem> {
    reader.check_form(&sent.form_token)?;
    let cookie = session::end(&api, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

fn secret<'de, D: Deserializer<'de>>(sent: D) -> Result<SecretString, D::Error> {
    String::deserialize(sent).map(SecretString::from)
}
