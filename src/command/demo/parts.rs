//! Everything the demo runs on: private PostgreSQL, Kafka, the simulated Graph API, and every role.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cekbrand_devkit::servers::{PrivatePostgres, private_postgres};
use cekbrand_devkit::simulator::{Simulator, SimulatorConfig};
use cekbrand_graph::management::Business;
use cekbrand_graph::{Credential, Flavour, HttpGraphApi};
use cekbrand_ingest::Ingest;
use cekbrand_insights::Insights;
use cekbrand_insights::keys::Scope;
use cekbrand_schema::{SharedClock, SystemClock};
use cekbrand_workers::Worker;
use cekbrand_workers::clock::DatabaseClock;
use cekbrand_workers::database::Use;
use cekbrand_workers::token::seal::TokenKeys;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use secrecy::{ExposeSecret, SecretString};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ports;
use crate::admin::{self, Admin, Role};
use crate::command::{account, key, migrate, work};
use crate::config::Config;
use crate::progress;
use crate::store::accounts::NewAccount;
use crate::topics::{KafkaTopicAdmin, MockTopicAdmin};

/// Connections for the demo's own questions.
const CONNECTIONS: u32 = 8;
/// How long everything together may take to become ready.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// librdkafka's Kafka inside this process.
type Mock = MockCluster<'static, DefaultProducerContext>;

/// What runs.
pub(super) struct Parts {
    pub(super) ingest: SocketAddr,
    pub(super) serve: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) pool: PgPool,
    pub(super) simulator: Simulator,
    pub(super) api_key: SecretString,
    pub(super) secret: SecretString,
    /// Whether Kafka is the small one in this process.
    pub(super) is_mock: bool,
    // The servers come last: they are dropped after what uses them.
    _kafka: Option<Mock>,
    postgres: PrivatePostgres,
}

/// The running roles.
pub(super) struct Roles {
    ingest: SocketAddr,
    serve: SocketAddr,
    admin: SocketAddr,
    running: JoinSet<Result<()>>,
    shutdown: CancellationToken,
}

impl Parts {
    /// Starts everything and waits until it is ready.
    pub(super) async fn start(config: Config, seed: u64, once: bool) -> Result<(Self, Roles)> {
        let spinner = progress::spinner("starting PostgreSQL, Kafka, the Graph API and every role");
        let clock: SharedClock = Arc::new(SystemClock);
        let postgres = private_postgres().context("the demo needs a PostgreSQL of its own")?;
        let kafka = (!config.is_given("kafka.brokers")).then(start_mock).transpose()?;
        let simulator = Simulator::start(seed, SimulatorConfig::default(), Arc::clone(&clock)).await?;
        let places = ports::choose(&config, once);
        let config = config.overlaid(settings(&postgres, kafka.as_ref(), &simulator))?.overlaid(places)?;
        let pool = config.pool(CONNECTIONS, Use::Write).await?;
        migrate::migrate(&pool, clock.now()).await?;
        create_topics(&config, kafka.as_ref()).await?;
        add_accounts(&config, &pool, &simulator, &clock).await?;
        let api_key = key::create(&pool, "demo", &Scope::All, None, clock.now()).await?.token;

        let roles = Roles::start(&config, &clock).await?;
        spinner.finish_and_clear();
        let parts = Self {
            ingest: roles.ingest,
            serve: roles.serve,
            admin: roles.admin,
            pool,
            api_key,
            secret: simulator.app_secret(),
            simulator,
            is_mock: kafka.is_some(),
            _kafka: kafka,
            postgres,
        };
        Ok((parts, roles))
    }

    /// Where the database is, with its password.
    pub(super) fn database_url(&self) -> &str {
        self.postgres.url()
    }
}

impl Roles {
    async fn start(config: &Config, clock: &SharedClock) -> Result<Self> {
        let metrics = admin::record()?;
        let ingest = Ingest::bind(config.ingest()?, Arc::clone(clock)).await?;
        let serve_pool = config.lazy_pool(CONNECTIONS, Use::Read)?;
        let serve = Insights::bind(config.serve()?, serve_pool, Arc::clone(clock)).await?;
        let api = HttpGraphApi::new(config.graph()?, Arc::clone(clock)).context("no Graph API client")?;
        let work_pool = config.lazy_pool(work::CONNECTIONS, Use::Write)?;
        let work_clock = Arc::new(DatabaseClock::new(Arc::clone(clock)));
        let worker = Worker::new(config.work()?, &work_pool, Arc::new(api), &work_clock)?;
        let ready = vec![
            Role::new("ingest", ingest.readiness()).with_remark(ingest.remark()),
            Role::new("work", worker.readiness()),
            Role::new("serve", serve.readiness()),
        ];
        let listen = config.admin_listen(SocketAddr::from(([127, 0, 0, 1], 9101)))?;
        let admin = Admin::bind(listen).await?.start(metrics, ready.clone());
        let mut roles = Self {
            ingest: ingest.local_addr(),
            serve: serve.local_addr(),
            admin,
            running: JoinSet::new(),
            shutdown: CancellationToken::new(),
        };
        let [a, b, c] = std::array::from_fn(|_| roles.shutdown.clone());
        roles.running.spawn(async move { ingest.run(a).await.context("the receiver has failed") });
        roles.running.spawn(async move { worker.run(b).await.context("the worker has failed") });
        roles.running.spawn(async move {
            serve.run(c).await;
            Ok(())
        });
        wait_until_ready(&ready).await?;
        Ok(roles)
    }

    /// Waits for a role to end, which none should.
    pub(super) async fn failure(&mut self) -> Error {
        match self.running.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Err(error)) => Error::new(error).context("a role broke off"),
            Some(Ok(Ok(()))) | None => anyhow!("a role has ended although nobody asked it to"),
        }
    }

    /// Ends every role in order.
    pub(super) async fn end(mut self) -> Result<()> {
        self.shutdown.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended.context("a role broke off")??;
        }
        Ok(())
    }
}

fn start_mock() -> Result<Mock> {
    MockCluster::new(1).context("Kafka cannot be simulated in this process")
}

/// What the demo decides itself: where its parts are, and keys that nobody needs afterwards.
fn settings(
    postgres: &PrivatePostgres,
    kafka: Option<&Mock>,
    simulator: &Simulator,
) -> Vec<(&'static str, String)> {
    let mut settings = vec![
        ("database.url", postgres.url().to_owned()),
        ("graph.base_url", simulator.base_url().to_owned()),
        ("graph.instagram_base_url", simulator.base_url().to_owned()),
        ("meta.app_id", simulator.app_id().to_owned()),
        ("meta.app_secrets", format!("demo={}", simulator.app_secret().expose_secret())),
        ("meta.verify_token", "demo".to_owned()),
        ("token_key", STANDARD.encode(rand::random::<[u8; 32]>())),
        ("alerts.secret", STANDARD.encode(rand::random::<[u8; 32]>())),
        // Everything else of the demo is on this machine too.
        ("alerts.allow_private", "true".to_owned()),
        // On a real broker nothing of the demo may meet what is there.
        ("kafka.topic_prefix", format!("demo-{:08x}.", rand::random::<u32>())),
    ];
    if let Some(kafka) = kafka {
        settings.push(("kafka.brokers", kafka.bootstrap_servers()));
        settings.push(("kafka.security_protocol", "plaintext".to_owned()));
        settings.push(("kafka.replication", "1".to_owned()));
    }
    settings
}

async fn create_topics(config: &Config, kafka: Option<&Mock>) -> Result<()> {
    let plan = config.topic_plan()?;
    match kafka {
        Some(mock) => migrate::create_topics(&MockTopicAdmin(mock), &plan).await?,
        None => migrate::create_topics(&KafkaTopicAdmin::new(&config.kafka()?)?, &plan).await?,
    };
    Ok(())
}

async fn add_accounts(
    config: &Config,
    pool: &PgPool,
    simulator: &Simulator,
    clock: &SharedClock,
) -> Result<()> {
    let keys = TokenKeys::parse(&config.given("token_key")?.into())?;
    let management = config.management()?;
    for watched in simulator.world().watched() {
        let id = watched.id.as_str();
        let account = NewAccount {
            id,
            app_id: simulator.app_id(),
            login: "facebook",
            timezone: Some("Asia/Jakarta"),
            region: None,
            page_id: None,
        };
        account::add(pool, account, clock.now()).await?;
        let token = simulator.token(watched).context("the simulator has no token for a watched account")?;
        account::put_token(pool, &keys, id, &token, None, clock.now()).await?;
        let credential = Credential { token, flavour: Flavour::Facebook };
        management.subscribe_account(&credential, id).await.context("a brand cannot be subscribed")?;
    }
    add_competitors(pool, simulator, clock).await
}

/// Compares the first brand with everybody who is no brand of ours.
async fn add_competitors(pool: &PgPool, simulator: &Simulator, clock: &SharedClock) -> Result<()> {
    let world = simulator.world();
    let Some(brand) = world.watched().first() else { return Ok(()) };
    for other in world.accounts().iter().filter(|account| !account.watched) {
        let business = Business { id: other.id.to_string(), username: other.username.clone() };
        account::compare(pool, brand.id.as_str(), &business, clock.now()).await?;
    }
    Ok(())
}

async fn wait_until_ready(roles: &[Role]) -> Result<()> {
    let deadline = tokio::time::Instant::now() + START_TIMEOUT;
    loop {
        match roles.iter().find_map(Role::wrong) {
            None => return Ok(()),
            Some(why) if tokio::time::Instant::now() > deadline => {
                bail!("the demo does not become ready: {why}")
            }
            Some(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
