//! The HTTP surface as a table, and what every request passes on its way.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::{self, comments, list, series, tables};
use crate::api::Api;
use crate::people::{alerts, channels, correction, labels, notes, shares};
use crate::problem::Problem;
use crate::{access, deletion, media, observe, openapi, pages, pipeline};

/// All routes, and what describes them.
pub fn router(api: Api, request_timeout: Duration) -> Router {
    let (with_key, mut described) = described().split_for_parts();
    let with_key = with_key.route_layer(from_fn_with_state(api.clone(), access::require_key));
    let (open, described_open) = OpenApiRouter::new().routes(routes!(shares::shared)).split_for_parts();
    described.merge(described_open);
    let document = serde_json::to_string(&openapi::complete(described)).unwrap_or_default();
    let routes = Router::new()
        .route("/healthz", get(healthz))
        .route("/deletions/{code}", get(deletion::page))
        .route("/openapi.json", get(async move || openapi::answer(document.clone())))
        .merge(open)
        .merge(with_key)
        .merge(pages::routes());
    with_passage(routes, api, request_timeout)
}

/// The routes that need a key, each described by its handler.
fn described() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(media::figures))
        .routes(routes!(media::profile_activity))
        .routes(routes!(media::navigation))
        .routes(routes!(media::metrics))
        .routes(routes!(media::test))
        .routes(routes!(list::accounts))
        .routes(routes!(list::account))
        .routes(routes!(series::engagement))
        .routes(routes!(series::followers))
        .routes(routes!(series::reach))
        .routes(routes!(series::impressions))
        .routes(routes!(series::sentiment))
        .routes(routes!(tables::hashtags))
        .routes(routes!(tables::best_hours))
        .routes(routes!(accounts::media::top_media))
        .routes(routes!(accounts::media::stories))
        .routes(routes!(tables::audience))
        .routes(routes!(tables::competitors))
        .routes(routes!(tables::formats))
        .routes(routes!(comments::of_account))
        .routes(routes!(notes::list, notes::create))
        .routes(routes!(notes::delete))
        .routes(routes!(labels::list, labels::create))
        .routes(routes!(labels::delete))
        .routes(routes!(labels::attach, labels::detach))
        .routes(routes!(alerts::list, alerts::create))
        .routes(routes!(alerts::delete))
        .routes(routes!(channels::list, channels::create))
        .routes(routes!(channels::delete))
        .routes(routes!(channels::test))
        .routes(routes!(channels::history))
        .routes(routes!(channels::deliveries))
        .routes(routes!(media::detail::detail))
        .routes(routes!(comments::of_medium))
        .routes(routes!(correction::put, correction::delete))
        .routes(routes!(shares::list, shares::create))
        .routes(routes!(shares::revoke))
        .routes(routes!(pipeline::pipeline))
}

async fn healthz() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}

/// What is around every route, found or not. A layer is around those above it, so a request passes them from
/// the last to the first.
fn with_passage(routes: Router<Api>, api: Api, request_timeout: Duration) -> Router {
    routes
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(from_fn_with_state(request_timeout, in_time))
        .layer(from_fn(refuse_token_in_query))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(map_response(with_security_headers))
        .layer(from_fn_with_state(api.clone(), observe::observe))
        .with_state(api)
}

/// An `access_token` in the query ends the request before anything else looks at it.
async fn refuse_token_in_query(request: Request, next: Next) -> Result<Response, Problem> {
    let asked = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    let Query(asked) = asked.map_err(|_| Problem::invalid("The query cannot be read."))?;
    let has_token = asked.iter().any(|(name, _)| name.trim().eq_ignore_ascii_case("access_token"));
    if has_token {
        return Err(Problem::TokenInQuery);
    }
    Ok(next.run(request).await)
}

async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Result<Response, Problem> {
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.map_err(|_elapsed| Problem::TooSlow)
}

/// The panic's own words are in the log, written by the panic hook; the caller gets none of them.
fn panicked(_payload: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    Problem::Internal.into_response()
}

/// Answers are data: nothing in them is to run, be framed, be guessed at, or be kept, unless they say so.
/// Pages and their parts say for themselves what may.
async fn with_security_headers(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use cekbrand_schema::SystemClock;
    use sqlx::PgPool;
    use tower::ServiceExt;

    use super::*;

    fn with_route(path: &str, handler: axum::routing::MethodRouter<Api>) -> Router {
        let pool = PgPool::connect_lazy("postgres://127.0.0.1:1/none").unwrap();
        let api = Api::new(pool, Arc::new(SystemClock), 50);
        with_passage(Router::new().route(path, handler), api, Duration::from_millis(20))
    }

    async fn get_problem(router: Router, uri: &str) -> (StatusCode, Value) {
        let request = Request::builder().uri(uri).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers["x-request-id"].len(), 32);
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let router = with_route("/boom", get(async || -> String { panic!("the innermost secret") }));
        let (status, body) = get_problem(router, "/boom").await;
        assert_eq!((status, &body["type"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("internal")));
        assert!(!body.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_given_up() {
        let router = with_route("/slow", get(std::future::pending::<String>));
        let (status, body) = get_problem(router, "/slow").await;
        assert_eq!((status, &body["type"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("unavailable")));
    }

    #[tokio::test]
    async fn a_database_that_is_away_is_unavailable() {
        let pool = PgPool::connect_lazy("postgres://127.0.0.1:1/none").unwrap();
        pool.close().await;
        let problem = Problem::from(pool.acquire().await.unwrap_err());
        assert_eq!((problem.status(), problem.kind()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    }
}
