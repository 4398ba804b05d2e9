//! HTTP: one handler for every path, the log around it, and the ways in which an answer can be broken.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream;

use super::answer::{Decision, decide};
use super::calls::Call;
use super::control;
use super::dialog;
use super::error::GraphError;
use super::fault::Effect;
use super::request::Request;
use super::state::State;
use crate::meta_json::as_meta_writes;

/// All paths of the simulator.
pub(super) fn router(state: Arc<State>) -> Router {
    let graph =
        Router::new().fallback(answer).layer(DefaultBodyLimit::max(1 << 20)).with_state(Arc::clone(&state));
    let dialogs = dialog::router(Arc::clone(&state));
    Router::new().nest("/__control", control::router(state)).merge(dialogs).fallback_service(graph)
}

async fn answer(Shared(state): Shared<Arc<State>>, parts: Parts, body: Bytes) -> Response {
    let started = Instant::now();
    let request = Request::read(&parts, &body);
    let id = state.calls.begin(arrival(&state, &parts, &request));
    let mut decision = decide(&state, &request);
    if decision.answer.is_ok()
        && let Err(refusal) = super::subscriptions::handshake(&state, &request).await
    {
        // What was granted depended on it.
        state.subscribed().end(&state.config.app_id);
        decision.answer = Err(refusal);
    }
    state.calls.amend(id, |call| {
        call.kind = decision.kind;
        call.account.clone_from(&decision.account);
    });
    let latency = state.config.latency + Duration::from_millis(decision.quirks.latency_ms);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let response = respond(&state, &decision, id);
    state.calls.amend(id, |call| {
        let cut = decision.quirks.decides == Some(Effect::Cut) && decision.answer.is_ok();
        call.status = Some(response.status().as_u16()).filter(|_| !cut);
        if let Err(GraphError { code, subcode, .. }) = &decision.answer {
            (call.error_code, call.error_subcode) = (Some(*code), *subcode);
        }
        call.duration_ms = u64::try_from(started.elapsed().as_millis()).ok();
        call.answered_at = Some(state.now());
    });
    response
}

/// The call as it looks before it is answered.
fn arrival(state: &State, parts: &Parts, request: &Request) -> Call {
    let targets = request.targets();
    Call {
        id: 0,
        at: state.now(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: request.logged_query(),
        account: None,
        cost: targets.len().max(1) as u64,
        target: targets.into_iter().next(),
        kind: super::calls::CallKind::Other,
        status: None,
        error_code: None,
        error_subcode: None,
        duration_ms: None,
        answered_at: None,
    }
}

fn respond(state: &State, decision: &Decision, call: u64) -> Response {
    let (status, body) = match &decision.answer {
        Ok(value) => (StatusCode::OK, value.clone()),
        Err(error) => (error.http_status(), error.body(call)),
    };
    let text = as_meta_writes(&body.to_string());
    let mut response = match (&decision.answer, &decision.quirks.decides) {
        (Ok(_), Some(Effect::Html)) => page(),
        (Ok(_), Some(Effect::TruncatedJson)) => json(status, Body::from(text[..text.len() / 2].to_owned())),
        (Ok(_), Some(Effect::Cut)) => cut(&text),
        _ => json(status, Body::from(text)),
    };
    add_usage(state, decision, &mut response);
    let date = state.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

fn json(status: StatusCode, body: Body) -> Response {
    with_type(status, "application/json; charset=UTF-8", body)
}

fn page() -> Response {
    let html = "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>";
    with_type(StatusCode::BAD_GATEWAY, "text/html; charset=utf-8", Body::from(html))
}

/// Promises the whole body and ends the connection after half of it.
fn cut(text: &str) -> Response {
    let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let mut response = json(StatusCode::OK, Body::from_stream(stream::iter([Ok(half), Err(broken)])));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
    response
}

fn with_type(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn add_usage(state: &State, decision: &Decision, response: &mut Response) {
    let Some(account) = &decision.account else { return };
    let minutes = match decision.quirks.decides {
        Some(Effect::Throttled { minutes }) => Some(minutes),
        _ => None,
    };
    let Some(usage) = state.usage().headers(account, minutes, state.now()) else { return };
    for (name, value) in [("x-business-use-case-usage", usage.business), ("x-app-usage", usage.app)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}
