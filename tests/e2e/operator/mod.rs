//! What an operator does and sees: accounts, tokens, subscriptions, and what is wrong.

mod accounts;
mod browser;
mod connect;
mod doctor;
mod manual;
mod observability;
mod subscribe;

use std::sync::Arc;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_devkit::simulator::{Simulator, SimulatorConfig};
use cekbrand_schema::SystemClock;
use secrecy::ExposeSecret;

use crate::command::{Cekbrand, TOKEN_KEY};

/// The command, a database, and an invented Instagram with its Graph API.
pub(crate) struct Bench {
    pub(crate) cekbrand: Cekbrand,
    pub(crate) database: TestDatabase,
    pub(crate) simulator: Simulator,
}

impl Bench {
    /// Configured so that nothing is wrong, with no account yet.
    pub(crate) async fn new() -> Self {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let config = SimulatorConfig { require_proof: true, ..SimulatorConfig::default() };
        let simulator = Simulator::start(5, config, Arc::new(SystemClock)).await.unwrap();
        let bench = Self { cekbrand: Cekbrand::new(), database, simulator };
        let with = |cekbrand: Cekbrand, (name, value): (&'static str, String)| {
            cekbrand.with(&format!("CEKBRAND__{name}"), value)
        };
        let cekbrand = bench.settings().into_iter().fold(Cekbrand::new(), with);
        Self { cekbrand, ..bench }
    }

    /// What it is configured with.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DATABASE__URL", self.database.url()),
            ("TOKEN_KEY", TOKEN_KEY.to_owned()),
            ("META__APP_ID", self.simulator.app_id().to_owned()),
            ("META__APP_SECRETS", format!("app={}", self.simulator.app_secret().expose_secret())),
            ("META__VERIFY_TOKEN", "verify-me".to_owned()),
            ("GRAPH__BASE_URL", self.simulator.base_url().to_owned()),
            ("GRAPH__INSTAGRAM_BASE_URL", self.simulator.instagram_base_url()),
        ]
    }

    /// The id of a watched account of the invented Instagram.
    pub(crate) fn id(&self, place: usize) -> String {
        self.simulator.world().watched()[place].id.to_string()
    }

    /// A token of it.
    pub(crate) fn token(&self, place: usize) -> String {
        self.simulator.token(&self.simulator.world().watched()[place]).unwrap().expose_secret().to_owned()
    }

    /// Adds it with its token.
    pub(crate) fn watch(&self, place: usize) -> String {
        let id = self.id(place);
        self.cekbrand.ok(&["account", "add", &id]);
        self.cekbrand.ok_with_input(&["account", "token", &id], &self.token(place));
        id
    }

    /// One value of the database.
    pub(crate) async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(&self.database.pool()).await.unwrap()
    }
}
