//! An API of a test's own: its database, its clock, a key, and how to ask.

use std::sync::Arc;

use anyhow::Result;
use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_insights::keys::{self, GeneratedKey, Scope};
use cekbrand_insights::settings::Telling;
use cekbrand_insights::{Insights, Settings};
use cekbrand_schema::health::Readiness;
use cekbrand_schema::{Clock, ManualClock};
use jiff::Timestamp;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::log;

/// When every test begins.
pub(crate) const START: &str = "2026-11-21T12:00:00.250Z";

pub(crate) struct TestApi {
    pub(crate) clock: ManualClock,
    pub(crate) pool: PgPool,
    pub(crate) key: GeneratedKey,
    pub(crate) readiness: Readiness,
    base: String,
    client: reqwest::Client,
    shutdown: CancellationToken,
    running: JoinHandle<()>,
    database: TestDatabase,
}

impl TestApi {
    pub(crate) async fn start() -> Result<Self> {
        let database = TestServers::shared()?.database().await?;
        let pool = database.pool();
        Self::on(database, pool).await
    }

    /// One connection sends all statements, and forgets none.
    pub(crate) async fn with_one_connection() -> Result<Self> {
        let database = TestServers::shared()?.database().await?;
        let options: PgConnectOptions = database.url().parse()?;
        let options = options.statement_cache_capacity(1000).options([("jit", "off")]);
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
        Self::on(database, pool).await
    }

    async fn on(database: TestDatabase, pool: PgPool) -> Result<Self> {
        log::keep();
        let _already = rustls::crypto::ring::default_provider().install_default();
        let clock = ManualClock::new(START.parse()?);
        let telling =
            Telling { secret: Some("the installation's".into()), allow_private: false, has_mail: true };
        let settings = Settings { listen: "127.0.0.1:0".parse()?, telling, ..Settings::default() };
        let api = Insights::bind(settings, pool.clone(), Arc::new(clock.clone())).await?;
        let base = format!("http://{}", api.local_addr());
        let readiness = api.readiness();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(api.run(shutdown.clone()));
        let key = keys::create(&mut *pool.acquire().await?, "tests", &Scope::All, None, clock.now()).await?;
        Ok(Self {
            clock,
            pool,
            key,
            readiness,
            base,
            client: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?,
            shutdown,
            running,
            database,
        })
    }

    pub(crate) fn database_url(&self) -> String {
        self.database.url()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A request without a key.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// A request with the test's key.
    pub(crate) fn with_key(&self, path: &str) -> RequestBuilder {
        self.write(Method::GET, path)
    }

    /// The same with another method.
    pub(crate) fn write(&self, method: Method, path: &str) -> RequestBuilder {
        use secrecy::ExposeSecret;
        self.request(method, path).bearer_auth(self.key.token.expose_secret())
    }

    /// A 200's body.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        let response = self.with_key(path).send().await?;
        let status = response.status();
        let body: Value = response.json().await?;
        anyhow::ensure!(status == StatusCode::OK, "{status} {body}");
        Ok(body)
    }

    /// The status and the body of a problem, asked with the key.
    pub(crate) async fn problem(&self, path: &str) -> Result<(u16, Value)> {
        problem(self.with_key(path)).await
    }

    /// Ends the API as a signal would, and waits for its end.
    pub(crate) async fn stop(self) -> Result<()> {
        self.shutdown.cancel();
        Ok(self.running.await?)
    }
}

/// Sends, and takes the answer for a problem: its form is checked here, once for all.
pub(crate) async fn problem(request: RequestBuilder) -> Result<(u16, Value)> {
    let response = request.send().await?;
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = response.json().await?;
    assert_eq!(body["status"], status.as_u16(), "{body}");
    assert_eq!(body["success"], false, "{body}");
    for member in ["type", "title", "detail"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    }
    Ok((status.as_u16(), body))
}
