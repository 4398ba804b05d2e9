//! The receiver's HTTP surface as a table, and what each route does.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Query, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use cekbrand_schema::SharedClock;
use rand::RngExt;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::admission::Limit;
use crate::body::{self, BodyLimits};
use crate::problem::Problem;
use crate::publish::Publisher;
use crate::record::{self, Records};
use crate::signature::{Claim, SignatureError, SignedBody, Verifier};
use crate::signed_request::SignedRequest;
use crate::stats::Stats;

/// The largest form that a signed request may come in. Deliveries are not bounded by it.
const MAX_FORM_BYTES: usize = 65_536;

/// From this size on, a body is worth a thread of its own: it takes longer to read than a thread takes to wake, and a flood of such bodies keeps
/// all cores busy.
const LARGE_BODY_BYTES: usize = 16_384;

/// What handlers need, shared by all requests.
pub struct Receiver {
    /// Handshake token.
    pub verify_token: SecretString,
    /// Signature check.
    pub verifier: Verifier,
    /// Where records go.
    pub publisher: Arc<dyn Publisher>,
    /// Requests at once.
    pub requests: Arc<Limit>,
    /// Body sizes and times.
    pub body: BodyLimits,
    /// Where the status of a data deletion can be seen.
    pub public_url: Option<String>,
    /// Counters.
    pub stats: Stats,
    /// What time it is.
    pub clock: SharedClock,
}

/// All routes.
pub fn router(receiver: Arc<Receiver>) -> Router {
    let form_limit = || DefaultBodyLimit::max(MAX_FORM_BYTES);
    Router::new()
        .route("/webhooks/instagram", get(handshake).post(receive))
        .route("/webhooks/instagram/deauthorize", post(deauthorize).layer(form_limit()))
        .route("/webhooks/instagram/data-deletion", post(data_deletion).layer(form_limit()))
        .fallback(async || Problem::NoSuchPath)
        .method_not_allowed_fallback(async || Problem::NoSuchMethod)
        .with_state(receiver)
}

#[derive(Deserialize)]
struct Handshake {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// Meta asks whether the subscription is wanted; the answer is its challenge, exactly.
async fn handshake(
    State(receiver): State<Arc<Receiver>>,
    Query(asked): Query<Handshake>,
) -> Result<String, Problem> {
    let answer = match (asked.mode.as_deref(), asked.verify_token, asked.challenge) {
        (Some("subscribe"), Some(token), Some(challenge)) => {
            let expected = receiver.verify_token.expose_secret().as_bytes();
            let matches = bool::from(token.as_bytes().ct_eq(expected));
            if matches { Ok(challenge) } else { Err(Problem::WrongVerifyToken) }
        }
        _ => Err(Problem::IncompleteHandshake),
    };
    match &answer {
        Ok(_) => tracing::info!("meta's handshake was answered"),
        Err(problem) => tracing::warn!(problem = problem.as_str(), "a handshake was refused"),
    }
    answer
}

/// A delivery: 200 only when every change of it is durable.
async fn receive(State(receiver): State<Arc<Receiver>>, request: Request) -> Result<StatusCode, Problem> {
    let outcome = deliver(&receiver, request).await;
    match &outcome {
        Ok(accepted) => receiver.stats.accepted(accepted),
        Err(problem) => receiver.stats.refused(problem),
    }
    outcome.map(|_| StatusCode::OK)
}

#[derive(Deserialize)]
struct SignedForm {
    signed_request: String,
}

/// Where the status of a data deletion can be seen, and the code to name it by.
#[derive(Debug, Serialize)]
struct DeletionAnswer {
    url: String,
    confirmation_code: String,
}

/// A person took the app's rights away.
async fn deauthorize(
    State(receiver): State<Arc<Receiver>>,
    form: Result<Form<SignedForm>, FormRejection>,
) -> Result<StatusCode, Problem> {
    let outcome = control(&receiver, form, "deauthorize").await;
    outcome.map(|_| StatusCode::OK).inspect_err(|problem| receiver.stats.refused(problem))
}

/// A person wants their data deleted. Nothing is promised that is not durable.
async fn data_deletion(
    State(receiver): State<Arc<Receiver>>,
    form: Result<Form<SignedForm>, FormRejection>,
) -> Result<Json<DeletionAnswer>, Problem> {
    let answer = async {
        let base = receiver.public_url.as_deref().ok_or(Problem::NoPublicUrl)?.trim_end_matches('/');
        let confirmation_code = control(&receiver, form, "data_deletion").await?;
        Ok(Json(DeletionAnswer { url: format!("{base}/deletions/{confirmation_code}"), confirmation_code }))
    };
    answer.await.inspect_err(|problem| receiver.stats.refused(problem))
}

/// Makes a signed request durable on the control lane and returns its confirmation code.
async fn control(
    receiver: &Receiver,
    form: Result<Form<SignedForm>, FormRejection>,
    field: &'static str,
) -> Result<String, Problem> {
    let Form(form) = form.map_err(|_| Problem::NoForm)?;
    let _request = receiver.requests.take(1).ok_or(Problem::Overloaded)?;
    let now = receiver.clock.now();
    let request = SignedRequest::verify(&form.signed_request, &receiver.verifier, now)?;
    let taken = record::records_of(&[request.change(field)], &request.secret, now);
    receiver.publisher.publish(taken.records, traceparent(&HeaderMap::new())).await?;
    tracing::info!(webhook.field = field, "a signed request was taken");
    Ok(request.confirmation_code)
}

/// What was accepted with one delivery.
#[derive(Debug)]
pub struct Accepted {
    /// The label of the secret that signed.
    pub secret: Arc<str>,
    /// Changes; an unparsable body counts 1.
    pub changes: usize,
    /// Changes that went to the dead-letter topic.
    pub dead_letters: usize,
    /// The body's size.
    pub bytes: usize,
}

async fn deliver(receiver: &Arc<Receiver>, request: Request) -> Result<Accepted, Problem> {
    let _request = receiver.requests.take(1).ok_or(Problem::Overloaded)?;
    let (parts, body) = request.into_parts();
    let claim = Claim::read(&parts.headers)?;
    let (bytes, share) = body::read(&receiver.body, &parts.headers, body).await?;
    let (read, _share) = if bytes.len() < LARGE_BODY_BYTES {
        (receiver.take(claim, bytes), share)
    } else {
        let receiver = Arc::clone(receiver);
        // The share goes along: the bytes are there until they are read, even if the caller hangs up meanwhile.
        aside(move || (receiver.take(claim, bytes), share)).await?
    };
    let (signed, taken) = read?;
    let accepted = Accepted {
        secret: Arc::clone(signed.secret()),
        changes: taken.changes,
        dead_letters: taken.dead_letters,
        bytes: signed.bytes().len(),
    };
    receiver.publisher.publish(taken.records, traceparent(&parts.headers)).await?;
    Ok(accepted)
}

impl Receiver {
    /// From the bytes of a body to what is to be published.
    fn take(&self, claim: Claim, body: Bytes) -> Result<(SignedBody, Records), SignatureError> {
        let signed = self.verifier.verify(claim, body)?;
        let taken = record::records(&signed, self.clock.now());
        Ok((signed, taken))
    }
}

/// Works on a thread of its own, so that nobody waits behind it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => Ok(outcome),
        Err(error) => match error.try_into_panic() {
            // As it would have gone on without a thread of its own.
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is ending; whoever sent this sends it again.
            Err(_) => Err(Problem::Overloaded),
        },
    }
}

/// The caller's trace context where it sends one, else a new one.
fn traceparent(headers: &HeaderMap) -> String {
    let given = headers.get("traceparent").and_then(|value| value.to_str().ok());
    if let Some(given) = given.filter(|value| is_traceparent(value)) {
        return given.to_owned();
    }
    let ids = const_hex::encode(rand::rng().random::<[u8; 24]>());
    let (trace, span) = ids.split_at(32);
    ["00-", trace, "-", span, "-00"].concat()
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, W3C Trace Context.
fn is_traceparent(value: &str) -> bool {
    let mut parts = value.split('-');
    let lengths = [2, 32, 16, 2].map(|length| {
        parts.next().is_some_and(|part| {
            part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    });
    lengths == [true; 4] && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_goes_on_and_anything_else_starts_a_new_one() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", given.parse().unwrap());
        assert_eq!(traceparent(&headers), given);
        for bad in ["", "00", &given[..54], &format!("{given}-x"), &given.to_uppercase()] {
            headers.insert("traceparent", bad.parse().unwrap());
            let made = traceparent(&headers);
            assert!(made != bad && is_traceparent(&made), "{bad} {made}");
        }
    }
}
