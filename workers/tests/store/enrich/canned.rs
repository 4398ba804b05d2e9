//! A Graph API that answers what a test tells it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cekbrand_graph::answer::Received;
use cekbrand_graph::{Answer, Credential, GraphApi, Pending, Request, Usage};
use cekbrand_schema::Clock;
use serde_json::Value;

use super::Bench;

/// One answer, to every request that has all these parts.
#[derive(Debug)]
struct Reply {
    parts: Vec<String>,
    status: u16,
    body: String,
}

/// Answers by the first reply that fits; without one, as if nothing were there.
#[derive(Debug, Clone)]
pub(super) struct Canned {
    clock: Arc<cekbrand_schema::ManualClock>,
    replies: Arc<Mutex<Vec<Reply>>>,
    asked: Arc<Mutex<Vec<String>>>,
    version: &'static str,
}

impl Canned {
    /// A bench that asks nobody else.
    pub(super) async fn bench() -> (Bench, Self) {
        Self::bench_of("v25.0").await
    }

    /// The same of another version of the API.
    pub(super) async fn bench_of(version: &'static str) -> (Bench, Self) {
        let clock = Bench::clock();
        let canned =
            Self { clock: Arc::clone(&clock), replies: Arc::default(), asked: Arc::default(), version };
        let api: Arc<dyn GraphApi> = Arc::new(canned.clone());
        (Bench::at(clock, |_, _| api).await, canned)
    }

    /// Answers requests that have these parts, before all older replies.
    pub(super) fn reply(&self, parts: &[&str], body: &Value) {
        self.reply_with(parts, 200, body);
    }

    /// The same with a status.
    pub(super) fn reply_with(&self, parts: &[&str], status: u16, body: &Value) {
        let parts = parts.iter().map(|part| (*part).to_owned()).collect();
        self.replies.lock().unwrap().insert(0, Reply { parts, status, body: body.to_string() });
    }

    /// What was asked so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl GraphApi for Canned {
    fn call<'a>(&'a self, request: &'a Request, _credential: &'a Credential) -> Pending<'a> {
        let asked = request.describe();
        let replies = self.replies.lock().unwrap();
        let reply = replies.iter().find(|reply| reply.parts.iter().all(|part| asked.contains(part)));
        let nothing = r#"{"error":{"message":"Unsupported get request","code":100,"error_subcode":33}}"#;
        let (status, body) = reply.map_or((400, nothing), |reply| (reply.status, reply.body.as_str()));
        let received = Received {
            status,
            body: body.as_bytes(),
            usage: Usage::default(),
            observed_at: self.clock.now(),
            duration: Duration::ZERO,
        };
        let answer = Answer::read(request, received, &[]);
        self.asked.lock().unwrap().push(asked);
        Box::pin(async move { Ok(answer) })
    }

    fn version(&self) -> &str {
        self.version
    }
}
