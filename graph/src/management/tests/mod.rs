//! Management before a server that answers as it is told and keeps what it was asked.

mod account;
mod app;
mod login;
mod subscription;
mod token;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request as Received, State};
use axum::http::StatusCode;
use cekbrand_schema::ManualClock;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Management;
use crate::api::{Credential, Flavour};
use crate::error::GraphError;
use crate::settings::Settings;

pub(super) const TOKEN: &str = "a-token";
pub(super) const ACCOUNT: &str = "17841400000000001";
/// printf 'a-token|1700000000' | openssl dgst -sha256 -hmac one
pub(super) const PROOF_BY_ONE: &str = "9f86ce141bd3a360566cade23f6430edd4b9891186d1e54719db6691108f9da2";
/// The same with `-hmac two`.
pub(super) const PROOF_BY_TWO: &str = "b498e040de6bc05865db188a8cfdc3ccac16b37301343d6721c8b6485036359b";

/// One call, as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Method and path.
    pub(super) what: String,
    /// The token in the header.
    pub(super) bearer: Option<String>,
    /// The query, or the form of a POST.
    pub(super) parameters: BTreeMap<String, String>,
}

impl Asked {
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }
}

type Answer = Box<dyn Fn(&Asked) -> (u16, Value) + Send + Sync>;

/// Meta, on a loopback port.
#[derive(Clone)]
pub(super) struct Meta {
    answer: Arc<Answer>,
    seen: Arc<Mutex<Vec<Asked>>>,
}

impl Meta {
    /// A server, and a client with the secrets `one` and `two` that knows no other hosts.
    pub(super) async fn start(
        answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static,
    ) -> (Self, Management) {
        // Another test of this process may have been first.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let meta = Self { answer: Arc::new(Box::new(answer)), seen: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings {
            base_url: format!("{host}/facebook"),
            instagram_base_url: format!("{host}/instagram/"),
            instagram_login_base_url: format!("{host}/login"),
            app_id: Some("42".to_owned()),
            app_secrets: vec!["one".into(), "two".into()],
            timeout: Duration::from_secs(20),
            ..Settings::default()
        };
        let router = Router::new().fallback(respond).with_state(meta.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = ManualClock::new(Timestamp::from_second(1_700_000_000).unwrap());
        (meta, Management::new(settings, Arc::new(clock)).unwrap())
    }

    /// A server that gives everybody the same answer.
    pub(super) async fn with(status: u16, answer: Value) -> (Self, Management) {
        Self::start(move |_| (status, answer.clone())).await
    }

    /// Everything that it was asked, in order.
    pub(super) fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().clone()
    }

    /// The only call that was made.
    pub(super) fn only(&self) -> Asked {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:#?}");
        seen[0].clone()
    }
}

async fn respond(
    State(meta): State<Meta>,
    request: Received,
) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 100_000).await.unwrap();
    let form = String::from_utf8(body.to_vec()).unwrap();
    let query = parts.uri.query().unwrap_or_default();
    let url = reqwest::Url::parse(&format!("http://x/?{query}&{form}")).unwrap();
    let bearer = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    let asked = Asked {
        what: format!("{} {}", parts.method, parts.uri.path()),
        bearer: bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned),
        parameters: url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
    };
    let (status, answer) = (meta.answer)(&asked);
    meta.seen.lock().unwrap().push(asked);
    let date = [("date", "Tue, 14 Nov 2023 22:13:07 GMT")];
    (StatusCode::from_u16(status).unwrap(), date, answer.to_string())
}

pub(super) fn credential(flavour: Flavour) -> Credential {
    Credential { token: SecretString::from(TOKEN), flavour }
}

/// What Meta says when it refuses.
pub(super) fn refusal(code: i64, message: &str) -> (u16, Value) {
    (400, json!({"error": {"code": code, "message": message}}))
}

pub(super) fn code(error: &GraphError) -> Option<i64> {
    error.codes().0
}
