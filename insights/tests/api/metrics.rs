//! What is counted is described, and what is described is counted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use reqwest::Method;

use crate::server::TestApi;

/// Names of metrics, by what was done with them.
#[derive(Debug, Default, Clone)]
struct Names {
    described: Arc<Mutex<BTreeSet<String>>>,
    exposed: Arc<Mutex<BTreeSet<String>>>,
}

impl Names {
    fn describe(&self, name: &KeyName, text: &SharedString) {
        assert!(!text.is_empty());
        self.described.lock().unwrap_or_else(PoisonError::into_inner).insert(name.as_str().to_owned());
    }

    fn expose(&self, key: &Key) {
        self.exposed.lock().unwrap_or_else(PoisonError::into_inner).insert(key.name().to_owned());
    }
}

impl Recorder for Names {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&name, &text);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&name, &text);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, text: SharedString) {
        self.describe(&name, &text);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.expose(key);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.expose(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.expose(key);
        Histogram::noop()
    }
}

#[tokio::test]
async fn every_metric_is_described_and_every_description_is_of_a_metric() -> Result<()> {
    let names = Names::default();
    // The test's runtime has this one thread, so handlers count here as well.
    let _here = metrics::set_default_local_recorder(&names);
    let api = TestApi::start().await?;
    api.get("/api/pipeline").await?;
    api.request(Method::GET, "/healthz").send().await?;
    api.problem("/nothing").await?;
    let exposed = names.exposed.lock().expect("sound").clone();
    assert!(exposed.contains("cekbrand_serve_requests_total"), "{exposed:?}");
    assert_eq!(*names.described.lock().expect("sound"), exposed);
    Ok(())
}
