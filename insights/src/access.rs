//! Who may read: a request passes with a valid API key and within the key's rate.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::api::Api;
use crate::keys::PresentedKey;
use crate::problem::Problem;
use crate::query::api_key::{self, StoredKey};
pub use crate::scope::{Caller, Scope};

/// `last_used_at` is true to the minute: noting every request would make each read a write.
const NOTE_USE_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Compared with where no key has the id, so that an unknown id takes as long as a wrong secret.
const NO_HASH: [u8; 32] = [0; 32];

/// Lets a request pass, or answers 401 or 429. Every kind of bad key gets the same 401.
///
/// # Errors
///
/// [`Problem::Unauthorized`], [`Problem::RateLimited`], or [`Problem::Database`].
pub async fn require_key(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let presented = presented(request.headers()).ok_or(Problem::Unauthorized)?;
    let now = api.clock.now();
    let stored = api_key::find(&api.pool, presented.id).await?;
    let hash = stored.as_ref().map_or(NO_HASH.as_slice(), |key| &key.hash);
    let matches = presented.matches(hash);
    let key = stored.filter(|key| matches && key.is_valid_at(now)).ok_or(Problem::Unauthorized)?;
    if !api.limit.take(presented.id, now) {
        return Err(Problem::RateLimited);
    }
    note_use(&api, presented.id, &key, now).await;
    let caller = Caller { key_id: presented.id.to_owned(), scope: key.scope };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The id of a key that somebody signs in with, if it is valid.
///
/// # Errors
///
/// [`Problem::Database`].
pub(crate) async fn key_of(api: &Api, token: &SecretString) -> Result<Option<String>, Problem> {
    let Some(presented) = PresentedKey::parse(token.expose_secret().trim()) else {
        return Ok(None);
    };
    let now = api.clock.now();
    let stored = api_key::find(&api.pool, presented.id).await?;
    let matches = presented.matches(stored.as_ref().map_or(NO_HASH.as_slice(), |key| &key.hash));
    let Some(key) = stored.filter(|key| matches && key.is_valid_at(now)) else {
        return Ok(None);
    };
    note_use(api, presented.id, &key, now).await;
    Ok(Some(presented.id.to_owned()))
}

/// The key of the one `Authorization: Bearer` header.
fn presented(headers: &HeaderMap) -> Option<PresentedKey<'_>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    PresentedKey::parse(token.trim())
}

/// A note that cannot be written (on a standby, for one) keeps nobody from reading.
async fn note_use(api: &Api, id: &str, key: &StoredKey, now: Timestamp) {
    let is_fresh = |at: Timestamp| now.duration_since(at) < NOTE_USE_EVERY;
    if key.last_used_at.is_some_and(is_fresh) {
        return;
    }
    if let Err(error) = api_key::note_use(&api.pool, id, now).await {
        tracing::warn!(error = %error, key.id = id, "the use of an API key could not be noted");
    }
}
