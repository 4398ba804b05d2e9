//! What goes over the wire, and what must not.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request as Received, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use cekbrand_schema::{Clock, ManualClock, SystemClock};
use secrecy::SecretString;

use super::*;
use crate::node::MediaNode;
use crate::proof::ProofForm;

const TOKEN: &str = "EAAB-secret-token";

/// A server on a loopback port that answers every request by `answer` and keeps what it was asked.
#[derive(Clone)]
struct Server {
    answer: fn() -> Response,
    seen: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    accepted: Arc<Mutex<Option<String>>>,
}

impl Server {
    async fn start(answer: fn() -> Response) -> (Self, HttpGraphApi) {
        Self::start_with(answer, |_| {}).await
    }

    async fn start_with(answer: fn() -> Response, change: fn(&mut Settings)) -> (Self, HttpGraphApi) {
        // Another test of this process may have been first.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let server = Self { answer, seen: Arc::default(), accepted: Arc::default() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut settings = Settings {
            base_url: format!("http://{}", listener.local_addr().unwrap()),
            app_secrets: vec!["the-app-secret".into()],
            ..Settings::default()
        };
        settings.instagram_base_url = format!("{}/ig", settings.base_url);
        change(&mut settings);
        let router = Router::new().fallback(respond).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = ManualClock::new(Timestamp::from_second(1_700_000_000).unwrap());
        (server, HttpGraphApi::new(settings, Arc::new(clock)).unwrap())
    }

    /// Answers calls that carry this proof with a node.
    fn accept(&self, proof: String) {
        *self.accepted.lock().unwrap() = Some(proof);
    }
}

async fn respond(State(server): State<Server>, request: Received) -> Response {
    let uri = request.uri().to_string();
    let accepted = server.accepted.lock().unwrap().clone().filter(|proof| !proof.is_empty());
    let is_proven = accepted.is_some_and(|proof| uri.contains(&proof));
    server.seen.lock().unwrap().push((uri, request.headers().clone()));
    if is_proven { r#"{"id":"17900000000000001"}"#.into_response() } else { (server.answer)() }
}

fn medium() -> Request {
    Request::node("ig_media", "17900000000000001").with("fields", "id,owner")
}

fn credential(flavour: Flavour) -> Credential {
    Credential { token: SecretString::from(TOKEN), flavour }
}

#[tokio::test]
async fn a_read_carries_its_token_in_a_header_and_a_proof_in_the_query() {
    let (server, api) = Server::start(|| r#"{"id":"17900000000000001","caption":"x"}"#.into_response()).await;
    let answer = api.call(&medium(), &credential(Flavour::Facebook)).await.unwrap();
    let (uri, headers) = server.seen.lock().unwrap()[0].clone();
    assert!(uri.starts_with("/v25.0/17900000000000001?fields=id%2Cowner"), "{uri}");
    assert!(uri.contains("&appsecret_proof=") && uri.contains("&appsecret_time=1700000000"), "{uri}");
    assert!(!uri.contains(TOKEN) && !uri.contains("access_token"));
    assert_eq!(headers["authorization"], format!("Bearer {TOKEN}"));
    let medium = MediaNode::read(answer.content.as_ref().unwrap()).unwrap();
    assert_eq!(medium.caption.as_deref(), Some("x"));
    assert!(answer.request.describe().starts_with("17900000000000001?fields=id,owner"));
}

#[tokio::test]
async fn the_secret_that_proves_a_call_is_found_and_remembered_for_each_login() {
    const REFUSED: &str =
        r#"{"error":{"message":"Invalid appsecret_proof provided in the API argument","code":100}}"#;
    let by_secret = |token: &str, secret: &str| {
        let (token, secret) = (SecretString::from(token), SecretString::from(secret));
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        proof::parameters(ProofForm::Timed, Some(&secret), &token, at)[0].1.clone()
    };
    let (server, api) = Server::start_with(
        || REFUSED.into_response(),
        |settings| settings.app_secrets = vec!["one".into(), "two".into(), "three".into()],
    )
    .await;
    server.accept(by_secret(TOKEN, "two"));
    for calls in [2, 3] {
        let answer = api.call(&medium(), &credential(Flavour::Instagram)).await.unwrap();
        assert!(answer.content.is_ok(), "{answer:?}");
        assert_eq!(server.seen.lock().unwrap().len(), calls, "found once, then remembered");
    }
    api.call(&medium(), &credential(Flavour::Facebook)).await.unwrap();
    assert_eq!(server.seen.lock().unwrap().len(), 5, "the other login finds its own");
    server.accept(String::new());
    let answer = api.call(&medium(), &credential(Flavour::Facebook)).await.unwrap();
    assert_eq!(answer.content.unwrap_err().disposition(), Disposition::AppSettings);
    assert_eq!(server.seen.lock().unwrap().len(), 8, "each secret is tried once");
}

#[tokio::test]
async fn texts_are_asked_for_in_english_and_the_record_does_not_repeat_it() {
    let (server, api) = Server::start(|| "{}".into_response()).await;
    let answer = api.call(&medium(), &credential(Flavour::Facebook)).await.unwrap();
    assert!(server.seen.lock().unwrap()[0].0.contains("&locale=en_US"));
    assert!(!answer.request.describe().contains("locale"));
}

#[tokio::test]
async fn a_token_of_instagram_login_goes_to_its_own_host() {
    let (server, api) = Server::start(|| "{}".into_response()).await;
    api.call(&medium(), &credential(Flavour::Instagram)).await.unwrap();
    assert!(server.seen.lock().unwrap()[0].0.starts_with("/ig/v25.0/1790"));
}

#[tokio::test]
async fn both_usage_headers_are_read_even_from_an_error() {
    let answer = || {
        let business = r#"{"1":[{"type":"instagram","call_count":100,"estimated_time_to_regain_access":7}]}"#;
        let headers = [(BUSINESS_HEADER, business), (APP_HEADER, r#"{"call_count":3}"#)];
        let body = r#"{"error":{"code":80002,"message":"(#80002) too many calls"}}"#;
        (axum::http::StatusCode::BAD_REQUEST, headers, body).into_response()
    };
    let (_server, api) = Server::start(answer).await;
    let answer = api.call(&medium(), &credential(Flavour::Facebook)).await.unwrap();
    assert_eq!((answer.usage.account_percent(), answer.usage.app_percent()), (Some(100), Some(3)));
    let disposition = answer.content.unwrap_err().disposition();
    assert!(
        matches!(disposition, Disposition::Throttled { regain: Some(regain), .. } if regain.as_secs() == 420)
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = || (axum::http::StatusCode::FOUND, [("location", "/elsewhere")]).into_response();
    let (server, api) = Server::start(answer).await;
    let answer = api.call(&medium(), &credential(Flavour::Facebook)).await.unwrap();
    assert!(matches!(answer.content, Err(GraphError::Garbage { status: 302, .. })));
    assert_eq!(server.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read_to_its_end() {
    let (_server, api) =
        Server::start_with(|| "x".repeat(4096).into_response(), |settings| settings.max_body_bytes = 1000)
            .await;
    let error = api.call(&medium(), &credential(Flavour::Facebook)).await.unwrap_err();
    assert!(matches!(error, GraphError::TooLong { limit: 1000 }));
}

#[tokio::test]
async fn a_failed_call_tells_neither_url_nor_token() {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings {
        base_url: format!("http://{}", listener.local_addr().unwrap()),
        app_secrets: vec!["the-app-secret".into()],
        timeout: Duration::from_millis(100),
        ..Settings::default()
    };
    let api = HttpGraphApi::new(settings, Arc::new(SystemClock)).unwrap();
    // Accepts the connection in its backlog and never answers.
    let (request, credential) = (medium(), credential(Flavour::Facebook));
    let call = tokio::time::timeout(Duration::from_secs(20), api.call(&request, &credential));
    let timeout = call.await.expect("it waits far longer than it is told to").unwrap_err();
    assert!(matches!(timeout, GraphError::Timeout), "{timeout:?}");
    drop(listener);
    let refused = api.call(&request, &credential).await.unwrap_err();
    assert!(matches!(refused, GraphError::Network(_)), "{refused:?}");
    for error in [&timeout, &refused] {
        assert_eq!(error.disposition(), Disposition::Retry { shrink: false });
    }
    for error in [timeout, refused] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("v25.0") && !shown.contains("proof") && !shown.contains(TOKEN), "{shown}");
    }
    assert!(!format!("{api:?}").contains("the-app-secret"));
}

#[tokio::test]
async fn an_answer_that_repeats_credentials_is_kept_without_them() {
    // printf 'EAAB-secret-token|1700000000' | openssl dgst -sha256 -hmac the-app-secret
    const PROOF: &str = "dc8a048cf7f0085caf3d4984e27ce8b716761034550ca1d892ae13909c686931";
    let answer = || {
        let message = format!("{TOKEN} with {PROOF} of the-app-secret is not valid");
        let body = serde_json::json!({"error": {"code": 100, "message": message}}).to_string();
        (axum::http::StatusCode::BAD_REQUEST, body).into_response()
    };
    let (server, api) = Server::start(answer).await;
    let answer = api.call(&medium(), &credential(Flavour::Facebook)).await.unwrap();
    let asked = server.seen.lock().unwrap()[0].0.clone();
    assert!(asked.contains(&format!("appsecret_proof={PROOF}")), "the proof is another one: {asked}");
    let shown = format!("{answer:?}");
    for secret in [TOKEN, PROOF, "the-app-secret"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("is not valid"), "{shown}");
}

#[tokio::test]
async fn an_id_that_is_no_id_makes_no_call() {
    let (server, api) = Server::start(|| "{}".into_response()).await;
    let request = Request::node("ig_media", "../me");
    let error = api.call(&request, &credential(Flavour::Facebook)).await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::BadParameter);
    assert!(server.seen.lock().unwrap().is_empty());
}

#[test]
fn a_clock_that_went_back_gives_no_negative_duration() {
    let now = SystemClock.now();
    assert_eq!(elapsed(now, Timestamp::UNIX_EPOCH), Duration::ZERO);
}
