//! Enriching against the simulator: what an answer, a refusal or silence leaves in the tables.

mod accounts;
mod answers;
mod budget;
mod canned;
mod comments;
mod competitors;
mod figures;
mod late;
mod ledger;
mod lists;
mod owners;
mod purse;
mod refusals;
mod replayed;
mod sweep;
mod three_days;
mod vault;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_devkit::simulator::{CallKind, Simulator, SimulatorConfig};
use cekbrand_devkit::world::{Account, Medium, Product, World, WorldConfig};
use cekbrand_graph::{GraphApi, HttpGraphApi};
use cekbrand_schema::{Clock, ManualClock, SharedClock};
use cekbrand_workers::enrich::Enricher;
use cekbrand_workers::enrich::settings::Settings;
use cekbrand_workers::reads::recorded::Recorded;
use cekbrand_workers::reads::{self, Kind, Known};
use cekbrand_workers::rows::{self, facts};
use cekbrand_workers::schedule::Scheduler;
use cekbrand_workers::tasks::{self, NewTask, TaskKey, TaskLane};
use cekbrand_workers::token::seal::{Column, TokenKeys};
use jiff::Timestamp;
use secrecy::SecretString;
use sqlx::PgPool;

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const APP: &str = "1000000000000042";

/// A database, an invented Instagram with its clock, and a worker between them.
struct Bench {
    database: TestDatabase,
    simulator: Simulator,
    clock: Arc<ManualClock>,
    enricher: Enricher,
    settings: Settings,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|api, _| api).await
    }

    /// A bench whose client is wrapped.
    async fn with(wrap: impl FnOnce(Arc<dyn GraphApi>, PgPool) -> Arc<dyn GraphApi>) -> Self {
        let setup = Setup { world: WorldConfig::new(7, start()), settings: settings(), config: config() };
        Self::of(setup, wrap).await
    }

    /// A bench of a world, with a worker that reads by the clock as well.
    async fn by_the_clock(world: WorldConfig) -> Self {
        let setup = Setup { world, settings: Settings::default(), config: config() };
        Self::of(setup, |api, _| api).await
    }

    /// Nine in the evening in California.
    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::new(start()))
    }

    /// A bench whose clock was there before.
    async fn at(
        clock: Arc<ManualClock>,
        wrap: impl FnOnce(Arc<dyn GraphApi>, PgPool) -> Arc<dyn GraphApi>,
    ) -> Self {
        let setup = Setup { world: WorldConfig::new(7, start()), settings: settings(), config: config() };
        Self::build(clock, setup, wrap).await
    }

    async fn of(setup: Setup, wrap: impl FnOnce(Arc<dyn GraphApi>, PgPool) -> Arc<dyn GraphApi>) -> Self {
        Self::build(Self::clock(), setup, wrap).await
    }

    async fn build(
        clock: Arc<ManualClock>,
        setup: Setup,
        wrap: impl FnOnce(Arc<dyn GraphApi>, PgPool) -> Arc<dyn GraphApi>,
    ) -> Self {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let shared: SharedClock = clock.clone();
        let Setup { world, settings, config } = setup;
        let world = Arc::new(World::new(world));
        let simulator = Simulator::start_in(world, config, Arc::clone(&shared)).await.unwrap();
        let api: Arc<dyn GraphApi> = Arc::new(client(&simulator, &shared));
        let api = wrap(api, database.pool());
        let enricher = Enricher::new(database.pool(), api, keys(), APP, shared, settings);
        enricher.register().await.unwrap();
        let bench = Self { database, simulator, clock, enricher, settings };
        for account in bench.simulator.world().watched() {
            bench.add_account(account).await;
        }
        bench
    }

    /// A worker of another process, which has learned nothing yet.
    fn another_worker(&self) -> Enricher {
        self.worker_with(self.pool())
    }

    /// A worker that speaks another version of the API.
    fn worker_of(&self, version: &str) -> Enricher {
        let clock: SharedClock = self.clock.clone();
        let api = Arc::new(client_of(&self.simulator, &clock, version));
        Enricher::new(self.pool(), api, keys(), APP, clock, self.settings)
    }

    fn worker_with(&self, pool: PgPool) -> Enricher {
        let clock: SharedClock = self.clock.clone();
        let api = Arc::new(client(&self.simulator, &clock));
        Enricher::new(pool, api, keys(), APP, clock, self.settings)
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    fn account(&self, place: usize) -> &Account {
        &self.simulator.world().watched()[place]
    }

    /// A medium of an account that can be read now.
    fn medium(&self, account: usize, product: Product) -> &Medium {
        self.media(account, product).next().unwrap()
    }

    fn media(&self, account: usize, product: Product) -> impl Iterator<Item = &Medium> {
        let now = self.simulator.now();
        self.simulator
            .world()
            .media_of(self.account(account), move |medium| medium.product == product && medium.is_there(now))
    }

    async fn add_account(&self, account: &Account) {
        let sql = "
            INSERT INTO pipeline.account (account_id, app_id, login, added_at) VALUES ($1, $2, 'facebook', to_timestamp(0))";
        sqlx::query(sql).bind(account.id.as_str()).bind(APP).execute(&self.pool()).await.unwrap();
        self.set_token(account, &self.simulator.token(account).unwrap()).await;
    }

    async fn set_token(&self, account: &Account, token: &SecretString) {
        let sql = "
            INSERT INTO instagram.instagram_tokens (user_id, token, flavour, updated_timestamp)
            VALUES ($1, $2, 'facebook', to_timestamp(0))
            ON CONFLICT (user_id) DO UPDATE SET token = $2, state = 'valid', dead_reason = NULL";
        let sealed = keys().seal(account.id.as_str(), Column::Token, token).unwrap();
        sqlx::query(sql).bind(account.id.as_str()).bind(sealed).execute(&self.pool()).await.unwrap();
    }

    async fn want(&self, kind: Kind, target: &str, account: usize) {
        self.want_in(kind, target, account, TaskLane::NewComments).await;
    }

    /// Wants one of several reads of a target.
    async fn want_variant(&self, kind: Kind, target: &str, variant: &str, account: usize) {
        let key = TaskKey {
            variant: variant.to_owned(),
            ..TaskKey::new(kind, target, self.account(account).id.as_str())
        };
        let wish = NewTask { key, lane: TaskLane::Daily, deadline: None };
        let mut conn = self.pool().acquire().await.unwrap();
        tasks::enqueue(&mut conn, &[wish], self.clock.now()).await.unwrap();
    }

    async fn want_in(&self, kind: Kind, target: &str, account: usize, lane: TaskLane) {
        let key = TaskKey::new(kind, target, self.account(account).id.as_str());
        let wish = NewTask { key, lane, deadline: None };
        let mut conn = self.pool().acquire().await.unwrap();
        tasks::enqueue(&mut conn, &[wish], self.clock.now()).await.unwrap();
    }

    /// What landing a comment under the medium would ask for.
    async fn want_medium(&self, medium: &Medium, account: usize) {
        self.stub(medium.id.as_str()).await;
        self.want(reads::kind::MEDIA, medium.id.as_str(), account).await;
        self.want(reads::kind::MEDIA_INSIGHTS, medium.id.as_str(), account).await;
    }

    async fn stub(&self, medium: &str) {
        let sql = "INSERT INTO instagram.media (id, first_seen_at) VALUES ($1, to_timestamp($2)) ON CONFLICT DO NOTHING";
        let now = self.clock.now().as_second() as f64;
        sqlx::query(sql).bind(medium).bind(now).execute(&self.pool()).await.unwrap();
    }

    /// Goes on in steps of some minutes; in each, what is due by time is wanted and worked on by processes
    /// that start anew and know nothing but the tables.
    async fn live_through(&self, time: Duration, step: Duration) {
        let end = self.clock.now().checked_add(time).unwrap();
        loop {
            let clock: SharedClock = self.clock.clone();
            Scheduler::new(self.pool(), clock).tick().await.unwrap();
            let worker = self.another_worker();
            while worker.tick().await.unwrap() > 0 {}
            if self.clock.now() >= end {
                return;
            }
            self.advance(step);
        }
    }

    /// Works until nothing is due.
    async fn settle(&self) {
        while self.enricher.tick().await.unwrap() > 0 {}
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    fn calls(&self, kind: CallKind) -> usize {
        self.simulator.calls().iter().filter(|call| call.kind == kind).count()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap()
    }

    /// `(state, reason, minutes until it is due, last error)` of a task.
    async fn task(&self, kind: Kind, target: &str) -> (String, Option<String>, i64, Option<String>) {
        let sql = "
            SELECT state, reason, (EXTRACT(EPOCH FROM due_at)::bigint - $3) / 60, last_error
            FROM pipeline.enrichment_task WHERE kind = $1 AND target_id = $2";
        let now = self.clock.now().as_second();
        let query = sqlx::query_as(sql).bind(kind.as_str()).bind(target).bind(now);
        query.fetch_one(&self.pool()).await.unwrap()
    }

    /// `(state, reason)` of a task.
    async fn state(&self, kind: Kind, target: &str) -> (String, Option<String>) {
        let (state, reason, _, _) = self.task(kind, target).await;
        (state, reason)
    }

    /// `metric -> value or reason`, sorted by metric; of those that one call asks for.
    async fn figures(&self, medium: &Medium) -> Vec<(String, Option<i64>, Option<String>)> {
        let sql = "
            SELECT metric, value::bigint, absence::text FROM instagram.media_insight
            WHERE media_id = $1 AND breakdown = '' AND metric NOT IN ('profile_activity', 'navigation')
            ORDER BY metric";
        sqlx::query_as(sql).bind(medium.id.as_str()).fetch_all(&self.pool()).await.unwrap()
    }

    async fn absences(&self, medium: &Medium) -> Vec<String> {
        let mut reasons: Vec<_> =
            self.figures(medium).await.into_iter().filter_map(|(_, _, reason)| reason).collect();
        reasons.dedup();
        reasons
    }
}

/// A row of `pipeline.graph_response`.
#[derive(Debug, sqlx::FromRow)]
struct Kept {
    fetch_id: String,
    target_id: String,
    account_id: String,
    request: String,
    status: i32,
    body: String,
    api_version: String,
    observed_at: jiff_sqlx::Timestamp,
}

/// Makes rows again from every recorded answer. Says how many answers there were.
async fn rebuild(bench: &Bench) -> usize {
    let sql = "
        SELECT fetch_id, target_id, account_id, request, status, body, api_version, observed_at
        FROM pipeline.graph_response ORDER BY id";
    let answers: Vec<Kept> = sqlx::query_as(sql).fetch_all(&bench.pool()).await.unwrap();
    let mut conn = bench.pool().acquire().await.unwrap();
    for answer in &answers {
        let recorded = Recorded {
            fetch_id: &answer.fetch_id,
            target_id: &answer.target_id,
            account_id: &answer.account_id,
            request: &answer.request,
            status: u16::try_from(answer.status).unwrap(),
            body: &answer.body,
            api_version: &answer.api_version,
            observed_at: answer.observed_at.to_jiff(),
        };
        let medium = facts::facts(&mut conn, &answer.target_id).await.unwrap();
        let known = Known { medium, ..Known::default() };
        let Some(rows) = reads::recorded::rows(recorded, &known) else { continue };
        rows::apply(&mut conn, &rows, bench.clock.now()).await.unwrap();
    }
    answers.len()
}

fn client(simulator: &Simulator, clock: &SharedClock) -> HttpGraphApi {
    client_of(simulator, clock, &cekbrand_graph::Settings::default().version)
}

fn client_of(simulator: &Simulator, clock: &SharedClock, version: &str) -> HttpGraphApi {
    let settings = cekbrand_graph::Settings {
        version: version.to_owned(),
        base_url: simulator.base_url().to_owned(),
        app_secrets: vec![simulator.app_secret()],
        timeout: Duration::from_secs(5),
        ..Default::default()
    };
    HttpGraphApi::new(settings, Arc::clone(clock)).unwrap()
}

/// What a bench is made of.
struct Setup {
    world: WorldConfig,
    settings: Settings,
    config: SimulatorConfig,
}

fn config() -> SimulatorConfig {
    SimulatorConfig { app_id: APP.to_owned(), require_proof: true, ..Default::default() }
}

fn start() -> Timestamp {
    "2026-11-20T05:00:00Z".parse().unwrap()
}

/// Media are read when somebody wants it, not by the clock, and each by itself.
fn settings() -> Settings {
    Settings { ageing: reads::Ageing::NEVER, sweep_from: None, ..Settings::default() }
}

fn keys() -> TokenKeys {
    TokenKeys::parse(&KEY.into()).unwrap()
}

fn done() -> (String, Option<String>) {
    ("done".to_owned(), None)
}

fn parked(reason: &str) -> (String, Option<String>) {
    ("parked".to_owned(), Some(reason.to_owned()))
}
