//! What is seen of a request from outside: an id, a span, a log line, two metrics. Never a query string,
//! which may hold anything.

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use tracing::Instrument;

use crate::api::Api;

/// Requests answered, by route and status.
const REQUESTS: &str = "cekbrand_serve_requests_total";
/// How long they took, by route.
const REQUEST_SECONDS: &str = "cekbrand_serve_request_duration_seconds";

/// Tells the recorder what is counted here.
pub(crate) fn describe() {
    describe_counter!(REQUESTS, "Requests to the API that were answered, by route and status");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "Time that answers of the API took, by route");
}

/// Gives the request an id, which the answer and every log line of it carry, and counts it.
pub async fn observe(State(api): State<Api>, request: Request, next: Next) -> Response {
    let id = const_hex::encode(rand::random::<[u8; 16]>());
    // The route as written in the table: a path as sent would let callers invent labels.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("serve.request", request.id = id, http.method = %request.method(), http.route = route);
    let started_at = api.clock.now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let elapsed = api.clock.now().duration_since(started_at).as_secs_f64();
    let status = response.status();
    span.in_scope(|| {
        tracing::debug!(http.status = status.as_u16(), http.seconds = elapsed, "a request was answered");
    });
    counter!(REQUESTS, "route" => route.clone(), "status" => status.as_u16().to_string()).increment(1);
    histogram!(REQUEST_SECONDS, "route" => route).record(elapsed);
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}
