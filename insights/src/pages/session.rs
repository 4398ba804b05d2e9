//! Browser sessions: who reads, and what proves a form to be ours.
//!
//! The browser holds a random token in a cookie that scripts cannot read and other sites cannot send. Stored
//! are its hash and that of the form token, which is made from it.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::cookies;
use crate::api::Api;
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

/// Opens a session of a key. Returns the cookie that holds it.
///
/// # Errors
///
/// [`Problem::Database`].
pub(crate) async fn open(api: &Api, key_id: &str, headers: &HeaderMap) -> Result<String, Problem> {
    let token = const_hex::encode(rand::random::<[u8; 32]>());
    let now = api.clock.now();
    let stored = NewSession {
        token_hash: &hash(&token),
        key_id,
        csrf_hash: &hash(&form_token(&token)),
        expires_at: now + LIFETIME,
    };
    session::insert(&api.pool, stored, now).await?;
    Ok(cookies::session(&token, LIFETIME.as_secs(), headers))
}

/// Ends the session that a request came with, if any. Returns the cookie that takes its place.
///
/// # Errors
///
/// [`Problem::Database`].
pub(crate) async fn end(api: &Api, headers: &HeaderMap) -> Result<String, Problem> {
    if let Some(token) = cookies::find(headers, cookies::SESSION) {
        session::end(&api.pool, &hash(token)).await?;
    }
    Ok(cookies::session("", 0, headers))
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
    fn the_form_token_gives_no_session_away() {
        let token = const_hex::encode([7; 32]);
        assert_ne!(form_token(&token), token);
        assert_ne!(hash(&form_token(&token)), hash(&token));
    }
}
