//! Traces to an OpenTelemetry collector: spans become a layer of logging, and what travels with a record is
//! taken from them. Only with the cargo feature `otel`, and only where `trace.endpoint` is set.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use cekbrand_schema::trace::{self, TraceParent};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::{Layer, Registry};

use crate::config::Config;
use crate::version;

/// For one call of the collector.
const PATIENCE: Duration = Duration::from_secs(10);
/// For the last spans, when a role ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// A layer that makes traces of spans.
pub(crate) type Traces = Box<dyn Layer<Registry> + Send + Sync>;

/// The layer, where the configuration asks for traces. To be called on a Tokio runtime, which then serves the
/// exporter.
///
/// # Errors
/// The exporter refuses its settings.
pub(crate) fn layer(config: &Config) -> Result<Option<Traces>> {
    let Some(endpoint) = config.text("trace.endpoint") else { return Ok(None) };
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let percent: u32 = config.number("trace.percent")?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client { inner: reqwest::Client::new(), runtime: Handle::current() })
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(endpoint)
        .with_timeout(PATIENCE)
        .build()
        .context("no exporter for trace.endpoint")?;
    let sampled = Sampler::TraceIdRatioBased(f64::from(percent) / 100.0);
    let resource = Resource::builder_empty()
        .with_service_name("cekbrand")
        .with_attribute(opentelemetry::KeyValue::new("service.version", version::VERSION))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(sampled)))
        .with_resource(resource)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("cekbrand"));
    if PROVIDER.set(provider).is_ok() {
        trace::install(Box::new(OpenTelemetry { propagator: TraceContextPropagator::new() }));
    }
    let ours = FilterFn::new(is_ours).with_max_level_hint(LevelFilter::DEBUG);
    Ok(Some(layer.with_filter(ours).boxed()))
}

/// Sends what is still to be sent. To be called while the runtime still works.
pub(crate) fn end() {
    let Some(provider) = PROVIDER.get() else { return };
    if let Err(error) = provider.shutdown_with_timeout(LAST_WORDS) {
        tracing::warn!(%error, "the last spans could not be sent");
    }
}

/// Spans of our own, whatever is logged: each is an address in a trace.
fn is_ours(of: &Metadata<'_>) -> bool {
    of.is_span() && of.target().starts_with("cekbrand")
}

/// Knows the spans' places.
struct OpenTelemetry {
    propagator: TraceContextPropagator,
}

impl trace::Tracer for OpenTelemetry {
    fn place(&self, span: &Span) -> Option<TraceParent> {
        let mut headers = std::collections::HashMap::new();
        let context = span.context();
        context.span().span_context().is_valid().then_some(())?;
        self.propagator.inject_context(&context, &mut headers);
        TraceParent::read(headers.get("traceparent")?)
    }

    fn follow(&self, span: &Span, parent: &TraceParent) {
        let headers =
            std::collections::HashMap::from([("traceparent".to_owned(), parent.as_str().to_owned())]);
        if let Err(error) = span.set_parent(self.propagator.extract(&headers)) {
            tracing::debug!(%error, "a span goes on from nothing");
        }
    }
}

/// Our HTTP client for the exporter, whose own thread has no runtime.
#[derive(Debug)]
struct Client {
    inner: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request = reqwest::Request::try_from(request)?;
        *request.timeout_mut() = Some(PATIENCE);
        let client = self.inner.clone();
        let sent = self.runtime.spawn(async move {
            let response = client.execute(request).await?;
            let status = response.status();
            Ok::<_, reqwest::Error>((status, response.bytes().await?))
        });
        let (status, body) = sent.await??;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        Ok(response)
    }
}
