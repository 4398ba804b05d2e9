//! A receiver of webhooks that checks signatures by itself, as the specification says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What it does with a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    /// Answers with the status.
    Answer(u16),
    /// Never answers.
    Hang,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) id: String,
    pub(super) timestamp: i64,
    pub(super) signature: String,
    pub(super) bytes: Vec<u8>,
}

impl Told {
    pub(super) fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// HMAC-SHA256 over `id.timestamp.body` with the secret after `whsec_`, decoded.
    pub(super) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(&self.bytes);
        self.signature == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[derive(Clone)]
struct Desk {
    plan: Arc<Mutex<VecDeque<Then>>>,
    came: UnboundedSender<Told>,
}

pub(super) struct Receiver {
    pub(super) address: String,
    came: UnboundedReceiver<Told>,
}

impl Receiver {
    /// Does as planned with the first requests, and answers 204 to the others.
    pub(super) async fn start(plan: &[Then]) -> Self {
        let (sender, came) = unbounded_channel();
        let desk = Desk { plan: Arc::new(Mutex::new(plan.iter().copied().collect())), came: sender };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/{path}", post(take)).with_state(desk);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, came }
    }

    /// The next request that came, whenever it does.
    pub(super) async fn next(&mut self) -> Told {
        self.came.recv().await.unwrap()
    }

    /// Everything that came and was not looked at.
    pub(super) fn rest(&mut self) -> Vec<Told> {
        std::iter::from_fn(|| self.came.try_recv().ok()).collect()
    }
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, bytes: Bytes) -> Response {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let told = Told {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp").parse().unwrap(),
        signature: text("webhook-signature"),
        bytes: bytes.to_vec(),
    };
    let then = desk.plan.lock().unwrap().pop_front().unwrap_or(Then::Answer(204));
    desk.came.send(told).unwrap();
    match then {
        Then::Answer(status) => {
            (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")]).into_response()
        }
        Then::Hang => std::future::pending().await,
    }
}
