//! Tokens are looked at daily and renewed from half of their life on; a dead one and a revoked permission
//! park the account's work with one alert, and a new token releases it.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_devkit::simulator::{CallKind, Effect, Fault, Simulator, SimulatorConfig};
use cekbrand_graph::{Credential, Management};
use cekbrand_schema::{Clock, ManualClock, SharedClock};
use cekbrand_workers::reads;
use cekbrand_workers::tasks::{self, NewTask, TaskKey, TaskLane};
use cekbrand_workers::token::revoked::{self, Revocation};
use cekbrand_workers::token::seal::{Column, TokenKeys};
use cekbrand_workers::token::store;
use cekbrand_workers::token::upkeep::Upkeep;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;

const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const DAY: Duration = Duration::from_hours(24);

/// An account with a token and a read that waits for it.
struct Bench {
    database: TestDatabase,
    simulator: Simulator,
    clock: Arc<ManualClock>,
    management: Management,
    upkeep: Upkeep,
    flavour: &'static str,
}

impl Bench {
    async fn new(flavour: &'static str) -> Self {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let database = TestServers::shared().unwrap().database().await.unwrap();
        let clock = Arc::new(ManualClock::new("2026-06-20T05:00:00Z".parse().unwrap()));
        let shared: SharedClock = clock.clone();
        let config = SimulatorConfig { require_proof: true, ..SimulatorConfig::default() };
        let simulator = Simulator::start(9, config, Arc::clone(&shared)).await.unwrap();
        let settings = cekbrand_graph::Settings {
            base_url: simulator.base_url().to_owned(),
            instagram_base_url: simulator.instagram_base_url(),
            app_id: Some(simulator.app_id().to_owned()),
            // The one that proves is found among several.
            app_secrets: vec!["another".into(), simulator.app_secret()],
            ..Default::default()
        };
        let management = Management::new(settings, Arc::clone(&shared)).unwrap();
        let upkeep = Upkeep::new(database.pool(), management.clone(), keys(), simulator.app_id(), shared);
        let bench = Self { database, simulator, clock, management, upkeep, flavour };
        let sql = "INSERT INTO pipeline.account (account_id, app_id, login, added_at) VALUES ($1, $2, $3, to_timestamp(0))";
        let insert = sqlx::query(sql).bind(bench.id()).bind(bench.simulator.app_id()).bind(flavour);
        insert.execute(&bench.pool()).await.unwrap();
        bench.subscribe().await;
        bench.put(&bench.simulator.token(bench.account()).unwrap()).await;
        bench.want().await;
        bench
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    fn account(&self) -> &cekbrand_devkit::world::Account {
        &self.simulator.world().watched()[0]
    }

    fn id(&self) -> &str {
        self.account().id.as_str()
    }

    async fn subscribe(&self) {
        let token = self.simulator.token(self.account()).unwrap();
        let credential = Credential { token, flavour: self.flavour.parse().unwrap() };
        self.management.subscribe_account(&credential, self.id()).await.unwrap();
    }

    async fn put(&self, token: &SecretString) {
        let sealed = keys().seal(self.id(), Column::Token, token).unwrap();
        let mut conn = self.pool().acquire().await.unwrap();
        assert!(store::put(&mut conn, self.id(), &sealed, None, self.clock.now()).await.unwrap());
        tasks::unpark(&mut conn, self.id(), self.clock.now()).await.unwrap();
    }

    async fn want(&self) {
        let key = TaskKey::new(reads::kind::USER, self.id(), self.id());
        let wish = NewTask { key, lane: TaskLane::Daily, deadline: None };
        tasks::enqueue(&mut self.pool().acquire().await.unwrap(), &[wish], self.clock.now()).await.unwrap();
    }

    async fn tick(&self) -> usize {
        self.upkeep.tick().await.unwrap()
    }

    /// Looks once a day.
    async fn days(&self, days: u32) {
        for _ in 0..days {
            self.clock.advance(DAY);
            self.tick().await;
        }
    }

    fn calls(&self, kind: CallKind) -> usize {
        self.simulator.calls().iter().filter(|call| call.kind == kind).count()
    }

    /// `(kind, whether it is open)` of every alert, in order.
    async fn alerts(&self) -> Vec<(String, bool)> {
        let sql = "SELECT kind, resolved_at IS NULL FROM pipeline.operator_alert ORDER BY id";
        sqlx::query_as(sql).fetch_all(&self.pool()).await.unwrap()
    }

    /// State and reason of the account's read.
    async fn read(&self) -> (String, Option<String>) {
        let sql = "SELECT state, reason FROM pipeline.enrichment_task";
        sqlx::query_as(sql).fetch_one(&self.pool()).await.unwrap()
    }

    async fn token(&self) -> (SecretString, String) {
        let sql = "SELECT token, state FROM instagram.instagram_tokens";
        let (sealed, state): (String, String) = sqlx::query_as(sql).fetch_one(&self.pool()).await.unwrap();
        (keys().open(self.id(), Column::Token, &sealed).unwrap(), state)
    }
}

fn keys() -> TokenKeys {
    TokenKeys::parse(&KEY.into()).unwrap()
}

fn waiting() -> (String, Option<String>) {
    ("waiting".to_owned(), None)
}

fn parked(reason: &str) -> (String, Option<String>) {
    ("parked".to_owned(), Some(reason.to_owned()))
}

fn alert(kind: &str, open: bool) -> (String, bool) {
    (kind.to_owned(), open)
}

#[tokio::test]
async fn a_token_is_looked_at_daily_and_renewed_from_half_of_its_life_on() {
    for flavour in ["facebook", "instagram"] {
        let bench = Bench::new(flavour).await;
        let first = bench.token().await.0;
        assert_eq!((bench.tick().await, bench.tick().await), (1, 0), "{flavour}: a look a day");
        bench.days(29).await;
        // The first look tries one secret more.
        assert_eq!((bench.calls(CallKind::DebugToken), bench.calls(CallKind::TokenExchange)), (31, 0));
        assert_eq!(bench.token().await.0.expose_secret(), first.expose_secret());
        bench.days(1).await;
        assert_eq!(bench.calls(CallKind::TokenExchange), 1, "{flavour}");
        let (second, state) = bench.token().await;
        assert_ne!(second.expose_secret(), first.expose_secret(), "{flavour}: not renewed");
        assert_eq!(second.expose_secret(), bench.simulator.token(bench.account()).unwrap().expose_secret());
        assert_eq!(state, "valid");
        bench.days(29).await;
        assert_eq!(bench.calls(CallKind::TokenExchange), 1, "{flavour}: renewed too soon");
        let sql = "SELECT (EXTRACT(EPOCH FROM expired_at - issued_at) / 86400)::int, cardinality(scopes) FROM instagram.instagram_tokens";
        let (days, scopes): (i32, i32) = sqlx::query_as(sql).fetch_one(&bench.pool()).await.unwrap();
        assert_eq!((days, scopes), (60, if flavour == "facebook" { 6 } else { 3 }));
        assert!(bench.alerts().await.is_empty(), "{:?}", bench.alerts().await);
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM pipeline.graph_response")
            .fetch_one(&bench.pool())
            .await
            .unwrap();
        assert_eq!(kept, 0, "an answer about a token is recorded");
    }
}

#[tokio::test]
async fn a_dead_token_parks_the_accounts_work_with_one_alert_until_there_is_another() {
    let bench = Bench::new("facebook").await;
    bench.tick().await;
    assert_eq!(bench.read().await, waiting());
    bench.simulator.kill_token(bench.account(), 460);
    bench.days(3).await;
    assert_eq!(bench.read().await, parked("token_dead"));
    assert_eq!(bench.alerts().await, [alert("token_dead", true)]);
    assert_eq!(bench.token().await.1, "dead");
    bench.put(&bench.simulator.issue_token(bench.account())).await;
    assert_eq!(bench.read().await, waiting());
    assert_eq!(bench.alerts().await, [alert("token_dead", false)]);
    assert_eq!(bench.tick().await, 1, "a new token is looked at at once");
    assert_eq!(bench.alerts().await, [alert("token_dead", false)]);
}

#[tokio::test]
async fn a_revoked_permission_parks_the_accounts_work_and_what_proves_wrong_is_undone() {
    let bench = Bench::new("facebook").await;
    bench.tick().await;
    let raw = format!(r#"{{"verb":"revoked","target_ids":["{}"]}}"#, bench.id());
    let apply = async |subject: &str, raw: &str| {
        let at = bench.clock.now();
        let revocation = Revocation::read(subject, "instagram_manage_comments", raw, at).unwrap();
        revoked::apply(&mut bench.pool().acquire().await.unwrap(), &revocation, at).await.unwrap();
    };
    apply("99", r#"{"verb":"revoked"}"#).await;
    assert_eq!(bench.read().await, waiting(), "somebody else's");
    apply("0", &raw).await;
    assert_eq!(bench.read().await, parked("permission"));
    assert_eq!(bench.alerts().await, [alert("permission_missing", true)]);
    // The look that follows finds that the permission is there.
    assert_eq!(bench.tick().await, 1);
    assert_eq!(
        (bench.read().await, bench.alerts().await),
        (waiting(), vec![alert("permission_missing", false)])
    );
    // This time it is gone; the person who granted it is named.
    bench.simulator.set_permission(bench.account(), "instagram_manage_comments", false);
    let person: String = sqlx::query_scalar("SELECT meta_user_id FROM pipeline.token_upkeep")
        .fetch_one(&bench.pool())
        .await
        .unwrap();
    apply(&person, r#"{"verb":"revoked"}"#).await;
    assert_eq!(bench.tick().await, 1);
    assert_eq!(bench.read().await, parked("permission"));
    assert_eq!(bench.alerts().await, [alert("permission_missing", false), alert("permission_missing", true)]);
    bench.clock.advance(Duration::from_secs(1));
    bench.put(&bench.simulator.issue_token(bench.account())).await;
    assert_eq!(bench.read().await, waiting());
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_is_told_of_a_week_before_its_end() {
    let bench = Bench::new("instagram").await;
    bench.tick().await;
    let refused = Fault::new(Effect::ServerError).for_kind(CallKind::TokenExchange);
    bench.simulator.add_fault(refused);
    bench.days(52).await;
    assert!(bench.alerts().await.is_empty(), "there is time left");
    bench.days(2).await;
    assert_eq!(bench.alerts().await, [alert("token_dying", true)]);
    bench.simulator.clear_faults();
    bench.days(1).await;
    assert_eq!(bench.alerts().await, [alert("token_dying", false)], "renewed after all");
    bench.days(28).await;
    assert_eq!((bench.alerts().await.len(), bench.token().await.1.as_str()), (1, "valid"));
}

#[tokio::test]
async fn an_account_whose_subscription_is_gone_is_told_of_and_mended_by_itself() {
    let bench = Bench::new("instagram").await;
    bench.tick().await;
    assert!(bench.alerts().await.is_empty());
    bench.simulator.unsubscribe(bench.id());
    bench.days(2).await;
    assert_eq!(bench.alerts().await, [alert("not_subscribed", true)]);
    bench.subscribe().await;
    bench.days(1).await;
    assert_eq!(bench.alerts().await, [alert("not_subscribed", false)]);
}
