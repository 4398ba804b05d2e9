//! The receiver's HTTP surface as a table, and what each route answers.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tracing::Instrument;

use crate::problem::Problem;
use crate::receiver::Receiver;

/// All routes. Each answers with a slash at its end as well: whoever typed the address into the dashboard may
/// have added it.
pub fn router(receiver: Arc<Receiver>) -> Router {
    let both =
        |router: Router<Arc<Receiver>>, path: &str, route: axum::routing::MethodRouter<Arc<Receiver>>| {
            router.route(path, route.clone()).route(&format!("{path}/"), route)
        };
    let router = both(Router::new(), "/webhooks/instagram", get(handshake).post(receive));
    let router = both(router, "/webhooks/instagram/deauthorize", post(deauthorize));
    let router = both(router, "/webhooks/instagram/data-deletion", post(data_deletion));
    router.fallback(no_such_path).method_not_allowed_fallback(no_such_method).with_state(receiver)
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
    asked: Result<Query<Handshake>, QueryRejection>,
) -> Result<String, Problem> {
    let answer = answer(&receiver, asked);
    receiver.stats.handshake(&answer);
    answer
}

fn answer(receiver: &Receiver, asked: Result<Query<Handshake>, QueryRejection>) -> Result<String, Problem> {
    let incomplete = Problem::IncompleteHandshake;
    let Query(asked) =
        asked.map_err(|_| incomplete("the query cannot be read, or names a parameter twice"))?;
    let mode = asked.mode.ok_or(incomplete("hub.mode is missing"))?;
    let token = asked.verify_token.ok_or(incomplete("hub.verify_token is missing"))?;
    let challenge = asked.challenge.ok_or(incomplete("hub.challenge is missing"))?;
    if mode != "subscribe" {
        return Err(incomplete("hub.mode is not subscribe"));
    }
    let expected = receiver.verify_token.expose_secret().as_bytes();
    let matches = bool::from(token.as_bytes().ct_eq(expected));
    if matches { Ok(challenge) } else { Err(Problem::WrongVerifyToken) }
}

/// A delivery: 200 only when every change of it is durable.
async fn receive(State(receiver): State<Arc<Receiver>>, request: Request) -> Result<StatusCode, Problem> {
    // Seen with `debug` alone: at `info` it would cost every delivery an allocation.
    let outcome = receiver.deliver(request).instrument(tracing::debug_span!("webhook.receive")).await;
    match &outcome {
        Ok(accepted) => receiver.stats.accepted(accepted),
        Err(problem) => receiver.stats.refused(problem),
    }
    outcome.map(|_| StatusCode::OK)
}

/// A person took the app's rights away.
async fn deauthorize(State(receiver): State<Arc<Receiver>>, request: Request) -> Result<StatusCode, Problem> {
    let outcome = receiver.control(request, "deauthorize").await;
    outcome.map(|_| StatusCode::OK).inspect_err(|problem| receiver.stats.refused(problem))
}

/// Where the status of a data deletion can be seen, and the code to name it by.
#[derive(Debug, Serialize)]
struct DeletionAnswer {
    url: String,
    confirmation_code: String,
}

/// A person wants their data deleted. Nothing is promised that is not durable.
async fn data_deletion(
    State(receiver): State<Arc<Receiver>>,
    request: Request,
) -> Result<Json<DeletionAnswer>, Problem> {
    let answer = async {
        let base = receiver.public_url.as_deref().ok_or(Problem::NoPublicUrl)?.trim_end_matches('/');
        let confirmation_code = receiver.control(request, "data_deletion").await?;
        Ok(Json(DeletionAnswer { url: format!("{base}/deletions/{confirmation_code}"), confirmation_code }))
    };
    answer.await.inspect_err(|problem| receiver.stats.refused(problem))
}

async fn no_such_path(State(receiver): State<Arc<Receiver>>, method: Method, uri: Uri) -> Problem {
    receiver.stats.unserved(Problem::NoSuchPath, &method, uri.path())
}

async fn no_such_method(State(receiver): State<Arc<Receiver>>, method: Method, uri: Uri) -> Problem {
    receiver.stats.unserved(Problem::NoSuchMethod, &method, uri.path())
}
