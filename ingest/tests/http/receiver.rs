//! The routes over a publisher that only remembers.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use cekbrand_ingest::publish::Publisher;
use cekbrand_ingest::publish::memory::MemoryPublisher;
use cekbrand_ingest::{Settings, router};
use cekbrand_schema::{SharedClock, SystemClock};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// The receiver, without a network.
#[derive(Clone)]
pub(crate) struct Receiver {
    router: Router,
    /// What it has published, unless it was given another publisher.
    pub(crate) publisher: Arc<MemoryPublisher>,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: bool,
    pub(crate) body: String,
}

impl Receiver {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self::at(settings, Arc::new(SystemClock))
    }

    pub(crate) fn at(settings: &Settings, clock: SharedClock) -> Self {
        let publisher = Arc::new(MemoryPublisher::default());
        Self { router: router(settings, Arc::clone(&publisher) as _, clock), publisher }
    }

    pub(crate) fn before(publisher: Arc<dyn Publisher>, settings: &Settings) -> Self {
        let router = router(settings, publisher, Arc::new(SystemClock));
        Self { router, publisher: Arc::default() }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, retry_after) = (response.status(), response.headers().contains_key("retry-after"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, retry_after, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn shake_hands(&self, query: &str) -> Answer {
        self.get(&format!("/webhooks/instagram?{query}")).await
    }

    pub(crate) async fn post(&self, body: &[u8], signatures: &[&str]) -> Answer {
        let mut request = Request::post("/webhooks/instagram").header("content-length", body.len());
        for signature in signatures {
            request = request.header("x-hub-signature-256", *signature);
        }
        self.send(request.body(Body::from(body.to_vec())).unwrap()).await
    }

    /// Posts a delivery with its right signature.
    pub(crate) async fn deliver(&self, body: &[u8]) -> Answer {
        self.post(body, &[&crate::sign(body)]).await
    }
}
