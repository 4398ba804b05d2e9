//! One delivery is followed from the webhook across Kafka to its rows, the Graph reads that it makes wanted and
//! the analytics: `cargo test --features otel --test e2e traces`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::bench::{Bench, eventually};
use crate::command::http;

/// A span, as the collector was told of it.
#[derive(Debug, Clone)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
}

/// Takes what exporters send: OTLP over HTTP, as JSON.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    /// Listens; its address.
    async fn start(&self) -> String {
        let spans = Arc::clone(&self.spans);
        let take = move |Json(told): Json<Value>| {
            spans.lock().unwrap().extend(read(&told));
            std::future::ready(Json(json!({})))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    /// The spans of the trace that a span of this name and number is in, by name.
    fn trace_of(&self, name: &str, number: usize) -> BTreeMap<String, Vec<Span>> {
        let spans = self.spans.lock().unwrap();
        let mut traces: Vec<&String> = Vec::new();
        for span in spans.iter().filter(|span| span.name == name) {
            if !traces.contains(&&span.trace) {
                traces.push(&span.trace);
            }
        }
        let mut by_name: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        let Some(trace) = traces.get(number) else { return by_name };
        for span in spans.iter().filter(|span| &span.trace == *trace) {
            by_name.entry(span.name.clone()).or_default().push(span.clone());
        }
        by_name
    }
}

fn read(told: &Value) -> Vec<Span> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let text = |span: &Value, name: &str| span[name].as_str().unwrap_or_default().to_owned();
    let scopes = list(told, "resourceSpans").into_iter().flat_map(|each| list(&each, "scopeSpans"));
    let spans = scopes.flat_map(|each| list(&each, "spans"));
    let span = |span: Value| Span {
        trace: text(&span, "traceId"),
        id: text(&span, "spanId"),
        parent: text(&span, "parentSpanId"),
        name: text(&span, "name"),
    };
    spans.map(span).collect()
}

/// What lacks of a whole trace.
fn lacks(trace: &BTreeMap<String, Vec<Span>>) -> Result<(), String> {
    let is_there = |name: &str| trace.contains_key(name);
    let has_read = trace.keys().any(|name| name.starts_with("graph."));
    let whole = ["webhook.receive", "kafka.publish", "store.land", "store.analyse"];
    if has_read && whole.iter().all(|name| is_there(name)) {
        return Ok(());
    }
    Err(format!("only {:?}", trace.keys()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_followed_from_the_webhook_to_the_analytics() {
    let collector = Collector::default();
    let endpoint = collector.start().await;
    let bench = Bench::new().await;
    let traced = |name: &str| bench.command(name).with("CEKBRAND__TRACE__ENDPOINT", &endpoint);
    let (_directory, ingest) = bench.ingest_of(traced("ingest")).await;
    let command = traced("worker");
    let worker = command.start_with(&["work", "--only", "land,enrich,analyse"]);

    let world = bench.world();
    let account = &world.watched()[0];
    let medium = &world.media()[account.media[0]];
    let (url, signer) = bench.webhook();
    for number in 0..2 {
        let body = json!({
            "object": "instagram",
            "entry": [{
                "id": account.id.as_str(), "time": 1,
                "changes": [{ "field": "comments", "value": {
                    "id": format!("1790000000000000{number}"), "text": "mantap",
                    "from": { "id": "1", "username": "ayu" }, "media": { "id": medium.id.as_str() },
                }}],
            }],
        })
        .to_string();
        let sent = http().post(&url).header("x-hub-signature-256", signer.sign(body.as_bytes())).body(body);
        assert_eq!(sent.send().await.unwrap().status(), 200);
        if number == 0 {
            let whole = || std::future::ready(lacks(&collector.trace_of("webhook.receive", 0)));
            eventually(Duration::from_mins(1), whole).await;
        }
    }
    let trace = collector.trace_of("webhook.receive", 0);
    let one = |name: &str| {
        assert_eq!(trace[name].len(), 1, "{name}: {trace:#?}");
        trace[name][0].clone()
    };
    let (receive, publish, land) = (one("webhook.receive"), one("kafka.publish"), one("store.land"));
    assert_eq!((receive.parent.as_str(), &publish.parent), ("", &receive.id));
    assert_eq!(land.parent, publish.id, "across Kafka");
    let later = trace.iter().filter(|(name, _)| name.starts_with("graph.") || *name == "store.analyse");
    for span in later.flat_map(|(_, spans)| spans) {
        assert_eq!(span.parent, land.id, "{span:?}");
    }
    // The second delivery has a trace of its own, and no more than that.
    let second = || {
        let trace = collector.trace_of("webhook.receive", 1);
        let has_landed = trace.contains_key("store.land");
        std::future::ready(if has_landed { Ok(()) } else { Err(format!("only {:?}", trace.keys())) })
    };
    eventually(Duration::from_mins(1), second).await;
    for role in [&ingest, &worker] {
        assert!(!role.log().contains("ERROR"), "{}", role.log());
    }
}
