//! The admin listener of every role. `/healthz` says that the process lives: whoever gets no answer may kill
//! it. `/readyz` says whether its roles make progress, and if not, why; killing the process helps with none
//! of that, so it is for alarms and for balancers. `/metrics` counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use cekbrand_schema::health::Readiness;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde_json::json;
use tokio::net::TcpListener;

use crate::{port, version};

/// Buckets of every histogram of seconds: from a quick produce to Meta's own time-out.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0];
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
const READY: &str = "cekbrand_process_ready";
const BUILD_INFO: &str = "cekbrand_process_build_info";

/// A role of this process, and how to ask whether it is ready.
#[derive(Clone)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) readiness: Readiness,
    /// What an operator should know although the role is ready.
    pub(crate) remark: Option<Remark>,
}

/// Asks a role for one sentence.
pub(crate) type Remark = Arc<dyn Fn() -> Option<String> + Send + Sync>;

impl Role {
    /// A role that says only whether it is ready.
    pub(crate) fn new(name: &'static str, readiness: Readiness) -> Self {
        Self { name, readiness, remark: None }
    }

    /// The same with remarks.
    pub(crate) fn with_remark(self, remark: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        Self { remark: Some(Arc::new(remark)), ..self }
    }

    fn remark(&self) -> Option<String> {
        self.remark.as_ref()?().map(|remark| format!("{}: {remark}", self.name))
    }

    /// What keeps the role from being ready; `None` where nothing does.
    pub(crate) fn wrong(&self) -> Option<String> {
        (self.readiness)().err().map(|reason| format!("{}: {reason}", self.name))
    }
}

/// The admin port, held before any role is made, so that a port that is taken is all that goes wrong.
pub(crate) struct Admin {
    listener: TcpListener,
    address: SocketAddr,
}

impl Admin {
    /// Listens, and answers nobody yet.
    pub(crate) async fn bind(listen: SocketAddr) -> Result<Self> {
        let bound = TcpListener::bind(listen).await;
        let listener = bound.map_err(|error| port::explain(error, listen, "CEKBRAND__ADMIN__LISTEN"))?;
        let address = listener.local_addr().context("the admin listener has no address")?;
        Ok(Self { listener, address })
    }

    /// Answers for as long as the process lives: also while roles finish. Returns where.
    pub(crate) fn start(self, metrics: PrometheusHandle, roles: Vec<Role>) -> SocketAddr {
        let (upkeep, asked) = (metrics.clone(), roles.clone());
        metrics::gauge!(BUILD_INFO, "version" => version::VERSION, "build" => version::BUILD).set(1.0);
        tokio::spawn(async move {
            loop {
                for role in &asked {
                    let ready = role.wrong().is_none();
                    metrics::gauge!(READY, "role" => role.name).set(f64::from(u8::from(ready)));
                }
                tokio::time::sleep(UPKEEP_EVERY).await;
                upkeep.run_upkeep();
            }
        });
        tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, router(metrics, roles)).await {
                tracing::error!(error = %error, "the admin listener has ended");
            }
        });
        self.address
    }
}

/// Starts to count. Must come before the roles are made, because they register their metrics.
pub(crate) fn record() -> Result<PrometheusHandle> {
    let handle = install()?;
    metrics::describe_gauge!(READY, "Whether a role of the process makes progress, as /readyz says: 1 or 0");
    metrics::describe_gauge!(BUILD_INFO, "Always 1; its labels name the version and the build");
    Ok(handle)
}

fn install() -> Result<PrometheusHandle> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .context("metrics cannot be recorded")
}

fn router(metrics: PrometheusHandle, roles: Vec<Role>) -> Router {
    Router::new()
        .route("/healthz", get(async || Json(json!({ "status": "alive" }))))
        .route("/readyz", get(ready).with_state(Arc::new(roles)))
        .route("/metrics", get(render).with_state(metrics))
}

/// 200 when every role makes progress, else 503 and one sentence for each that does not. Remarks say what an
/// operator should know in either case.
async fn ready(State(roles): State<Arc<Vec<Role>>>) -> impl IntoResponse {
    let reasons: Vec<String> = roles.iter().filter_map(Role::wrong).collect();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let remarks: Vec<String> = roles.iter().filter_map(Role::remark).collect();
    (status, Json(json!({ "ready": reasons.is_empty(), "reasons": reasons, "remarks": remarks })))
}

async fn render(State(metrics): State<PrometheusHandle>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::Value;

    use super::*;

    async fn ask(roles: &[(&'static str, Result<(), String>)]) -> (StatusCode, Value) {
        let role = |(name, told): (&'static str, Result<(), String>)| {
            Role::new(name, Arc::new(move || told.clone())).with_remark(|| None)
        };
        let roles: Vec<Role> = roles.iter().cloned().map(role).collect();
        let answer = ready(State(Arc::new(roles))).await.into_response();
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 1000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn one_role_that_makes_no_progress_is_enough_not_to_be_ready() {
        let stuck = Err("the database has not answered yet".to_owned());
        let (status, body) = ask(&[("ingest", Ok(())), ("serve", stuck)]).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let reasons = ["serve: the database has not answered yet"];
        assert_eq!(body, json!({ "ready": false, "reasons": reasons, "remarks": [] }));
        assert_eq!(ask(&[("ingest", Ok(()))]).await.0, StatusCode::OK);
    }
}
