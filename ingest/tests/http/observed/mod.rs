//! What an operator sees: metrics, spans and log lines.

mod spool;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cekbrand_ingest::publish::kafka::KafkaPublisher;
use cekbrand_ingest::publish::spool::{SpoolPublisher, SpoolSettings};
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{SystemClock, Topics};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tracing::field::{Field, Visit};
use tracing::span;

use crate::receiver::Receiver;
use crate::{one_comment, settings, sign};

/// Remembers what is described, the counters by name and labels, and the gauges by name.
#[derive(Default)]
struct Metrics {
    described: Mutex<BTreeSet<String>>,
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    gauges: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
}

impl Metrics {
    fn names(&self) -> BTreeSet<String> {
        let counters = self.counters.lock().unwrap();
        let counters = counters.keys().map(|key| key.split('{').next().unwrap().to_owned());
        counters.chain(self.gauges.lock().unwrap().keys().cloned()).collect()
    }

    fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.gauges.lock().unwrap()[name].load(Ordering::Relaxed))
    }

    fn count(&self, key: &str) -> u64 {
        self.counters.lock().unwrap().get(key).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }

    fn describe(&self, name: &KeyName) {
        self.described.lock().unwrap().insert(name.as_str().to_owned());
    }
}

impl Recorder for Metrics {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        assert!(!text.is_empty());
        self.describe(&name);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Counter::from_arc(Arc::clone(self.counters.lock().unwrap().entry(name).or_default()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let gauge = self.gauges.lock().unwrap().entry(key.name().to_owned()).or_default().clone();
        Gauge::from_arc(gauge)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("{key}: the receiver has no histogram")
    }
}

/// Remembers the names of spans, and events as text.
#[derive(Default, Clone)]
struct Log {
    spans: Arc<Mutex<BTreeSet<&'static str>>>,
    lines: Arc<Mutex<Vec<String>>>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.spans.lock().unwrap().insert(span.metadata().name());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// A recorder is one thread's, so each test has a runtime on its own thread.
fn observe(work: impl AsyncFnOnce(Receiver)) -> (Metrics, Log) {
    let (metrics, log) = (Metrics::default(), Log::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&metrics, || {
        tracing::subscriber::with_default(log.clone(), || {
            runtime.block_on(async { work(Receiver::new(&settings())).await });
        });
    });
    (metrics, log)
}

async fn everything(receiver: Receiver) {
    assert_eq!(receiver.deliver(one_comment("1", "halo").as_bytes()).await.status, StatusCode::OK);
    assert_eq!(receiver.deliver(b"not json").await.status, StatusCode::OK);
    assert_eq!(receiver.post(b"{}", &[]).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(receiver.shake_hands("").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(receiver.get("/elsewhere").await.status, StatusCode::NOT_FOUND);
    let nobody = KafkaSettings::plaintext("127.0.0.1:9");
    let (topics, clock) = (Topics::with_prefix(""), Arc::new(SystemClock));
    let kafka = KafkaPublisher::new(&nobody, topics, Duration::from_millis(10), clock).unwrap();
    let directory = tempfile::tempdir().unwrap();
    drop(SpoolPublisher::open(Arc::new(kafka), &spool_settings(directory.path())).unwrap());
}

fn spool_settings(directory: &std::path::Path) -> SpoolSettings {
    let directory = directory.to_owned();
    SpoolSettings { directory, max_bytes: 1 << 20, after: Duration::from_millis(10) }
}

#[test]
fn what_is_described_is_what_is_exposed() {
    let (metrics, _) = observe(everything);
    assert_eq!(*metrics.described.lock().unwrap(), metrics.names());
}

#[test]
fn what_was_accepted_is_counted_and_only_that() {
    let (metrics, _) = observe(async |receiver: Receiver| {
        let three = r#"{"object":"instagram","entry":[{"id":"1","time":1,"changes":[
            {"field":"comments","value":{"id":"a"}},{"field":"comments","value":{"id":"b"}},{"field":"x","value":1}]}]}"#;
        assert_eq!(three.len(), 181);
        assert_eq!(receiver.deliver(three.as_bytes()).await.status, StatusCode::OK);
        assert_eq!(receiver.deliver(b"not json").await.status, StatusCode::OK);
        assert_eq!(
            receiver.post(three.as_bytes(), &[&sign(b"other")]).await.status,
            StatusCode::UNAUTHORIZED
        );
    });
    let expected = [
        ("cekbrand_ingest_deliveries_total{outcome=accepted}", 2),
        ("cekbrand_ingest_deliveries_total{outcome=mismatch}", 1),
        ("cekbrand_ingest_changes_total{outcome=accepted}", 4),
        ("cekbrand_ingest_changes_total{outcome=dead_lettered}", 1),
        ("cekbrand_ingest_body_bytes_total{}", 181 + 8),
        ("cekbrand_ingest_signatures_total{outcome=matched,secret=main}", 2),
        ("cekbrand_ingest_signatures_total{outcome=mismatch,secret=}", 1),
    ];
    for (key, count) in expected {
        assert_eq!(metrics.count(key), count, "{key}");
    }
}

#[test]
fn a_delivery_has_its_span() {
    let (_, log) = observe(async |receiver: Receiver| {
        receiver.deliver(one_comment("1", "halo").as_bytes()).await;
    });
    assert!(log.spans.lock().unwrap().contains("webhook.receive"));
}

#[test]
fn what_is_not_served_is_logged_with_what_is_wrong_and_without_secrets() {
    let (metrics, log) = observe(async |receiver: Receiver| {
        receiver.get("/webhook/instagram?hub.verify_token=handshake-token").await;
        receiver.send(Request::put("/webhooks/instagram").body(Body::empty()).unwrap()).await;
        receiver.shake_hands("hub.mode=subscribe&hub.challenge=1").await;
        receiver.shake_hands("hub.mode=subscribe&hub.verify_token=a-wrong-guess&hub.challenge=1").await;
        receiver.shake_hands("hub_mode=subscribe&hub_verify_token=handshake-token&hub_challenge=1").await;
        let good = "hub.mode=subscribe&hub.verify_token=handshake-token&hub.challenge=1";
        assert_eq!(receiver.shake_hands(good).await.status, StatusCode::OK);
    });
    let lines = log.lines.lock().unwrap();
    let expected = [
        ("WARN", "http.path=\"/webhook/instagram\""),
        ("WARN", "http.method=PUT"),
        ("WARN", "hub.verify_token is missing"),
        ("WARN", "wrong_verify_token"),
        ("WARN", "hub.mode is missing"),
        ("INFO", "handshake was answered"),
    ];
    for (level, part) in expected {
        let told = lines.iter().any(|line| line.starts_with(level) && line.contains(part));
        assert!(told, "{part} is missing: {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.contains("handshake-token") || line.contains("a-wrong-guess")));
    assert_eq!(metrics.count("cekbrand_ingest_unserved_requests_total{reason=no_such_path}"), 1);
    assert_eq!(metrics.count("cekbrand_ingest_unserved_requests_total{reason=no_such_method}"), 1);
    assert_eq!(metrics.count("cekbrand_ingest_handshakes_total{outcome=incomplete_handshake}"), 2);
    assert_eq!(metrics.count("cekbrand_ingest_handshakes_total{outcome=answered}"), 1);
}
