//! Browser sessions: signing in with an API key, what proves a form to be ours, signing out.
//!
//! The browser holds a random token in a cookie that scripts cannot read and other sites cannot send. Stored
//! are its hash and that of the form token, which is made from it.

use askama::Template;
use axum::Form;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::cookies;
use super::respond::{Frame, html};
use crate::access;
use crate::api::Api;
use crate::peer::Peer;
use crate::problem::Problem;
use crate::query::session::{self, NewSession};
use crate::scope::Scope;

/// A session ends so long after signing in, and earlier where nobody came for a while.
const LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
const IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// `last_seen_at` is true to five minutes: noting each request would make each read a write.
const NOTE_SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Whoever is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    /// The key that the session was opened with.
    pub(crate) key_id: String,
    /// What the operator called it.
    pub(crate) key_name: String,
    /// The accounts that it may see.
    pub(crate) scope: Scope,
    /// Goes with every form.
    pub(crate) form_token: String,
    form_hash: Vec<u8>,
}

impl Reader {
    /// Lets a form pass that we made for this session.
    ///
    /// # Errors
    ///
    /// [`Problem::Refused`].
    pub(crate) fn check_form(&self, sent: &str) -> Result<(), Problem> {
        let matches: bool = hash(sent).ct_eq(self.form_hash.as_slice()).into();
        if matches { Ok(()) } else { Err(Problem::Refused) }
    }
}

impl FromRequestParts<Api> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let token = cookies::find(&parts.headers, cookies::SESSION).ok_or(Problem::Unauthorized)?;
        let (now, token_hash) = (api.clock.now(), hash(token));
        let found = session::find(&api.pool, &token_hash, now, now - IDLE).await?;
        let row = found.ok_or(Problem::Unauthorized)?;
        if !api.limit.take(&row.key_id, now) {
            return Err(Problem::RateLimited);
        }
        if now.duration_since(row.last_seen_at) >= NOTE_SEEN_EVERY {
            note_seen(api, &token_hash, now).await;
        }
        let form_token = form_token(token);
        Ok(Self {
            key_id: row.key_id,
            key_name: row.key_name,
            scope: row.scope,
            form_token,
            form_hash: row.csrf_hash,
        })
    }
}

/// A note that cannot be written keeps nobody from reading.
async fn note_seen(api: &Api, token_hash: &[u8], now: Timestamp) {
    if let Err(error) = session::note_seen(&api.pool, token_hash, now).await {
        tracing::warn!(error = %error, "the use of a session could not be noted");
    }
}

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
    let token = const_hex::encode(rand::random::<[u8; 32]>());
    let now = api.clock.now();
    let stored = NewSession {
        token_hash: &hash(&token),
        key_id: &key_id,
        csrf_hash: &hash(&form_token(&token)),
        expires_at: now + LIFETIME,
    };
    session::insert(&api.pool, stored, now).await?;
    let cookie = cookies::session(&token, LIFETIME.as_secs(), &headers);
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
    if let Some(token) = cookies::find(&headers, cookies::SESSION) {
        session::end(&api.pool, &hash(token)).await?;
    }
    let cookie = cookies::session("", 0, &headers);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

fn secret<'de, D: Deserializer<'de>>(sent: D) -> Result<SecretString, D::Error> {
    String::deserialize(sent).map(SecretString::from)
}

/// A path of ours and nothing else: nobody is sent to another site after signing in.
pub(crate) fn own_path(asked: &str) -> &str {
    let is_own = asked.starts_with('/')
        && !asked.starts_with("//")
        && !asked.contains('\\')
        && asked.bytes().all(|byte| byte.is_ascii_graphic());
    if is_own { asked } else { "/" }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// Nobody can make it who cannot read the cookie.
fn form_token(token: &str) -> String {
    const_hex::encode(Sha256::digest(format!("form {token}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for (asked, goes_to) in [
            ("/accounts/1?lang=id", "/accounts/1?lang=id"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nSet-Cookie: x=1", "/"),
            ("", "/"),
        ] {
            assert_eq!(own_path(asked), goes_to);
        }
    }

    #[test]
    fn the_form_token_gives_no_session_away() {
        let token = const_hex::encode([7; 32]);
        assert_ne!(form_token(&token), token);
        assert_ne!(hash(&form_token(&token)), hash(&token));
    }
}
