//! Real servers for tests and the demo: Apache Kafka and PostgreSQL, given, in containers or from this
//! machine.
//!
//! ```text
//!  test binary ─┐  lease                      ┌─ PostgreSQL   a database per test, copied from a template
//!  test binary ─┼────────▶ supervisor (one) ──┤
//!  test binary ─┘          per server         └─ Kafka        topics per test, by prefix
//! ```
//!
//! For tests, in this order: `CEKBRAND_TEST_KAFKA` and `CEKBRAND_TEST_DATABASE_URL`; Docker, if a daemon
//! answers and the image can be had; this machine's own PostgreSQL, or a fetched one, and a fetched Kafka.
//! One set serves a whole test run, whatever number of test binaries it has. The demo takes this machine's
//! PostgreSQL first, then Docker.

mod binaries;
mod database;
mod docker;
mod java;
mod kafka;
mod network;
mod postgres;
mod supervise;
#[cfg(feature = "containers")]
mod testcontainers;
mod topics;
mod user;
mod ways;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, anyhow};
use cekbrand_schema::Topics;

pub use database::TestDatabase;
pub use network::Network;
use supervise::{Held, Service};
use ways::Ways;

const KAFKA_VARIABLE: &str = "CEKBRAND_TEST_KAFKA";
const DATABASE_VARIABLE: &str = "CEKBRAND_TEST_DATABASE_URL";
/// How long servers outlive their last test binary: the next one of the same run is there sooner.
const GRACE_SECONDS: u32 = 15;

/// The one Kafka and the one PostgreSQL of this test run.
#[derive(Debug, Clone)]
pub struct TestServers {
    kafka: Arc<Server>,
    postgres: Arc<Server>,
}

impl TestServers {
    /// Joins the servers of this test run, or starts them. Blocks until they answer.
    ///
    /// # Errors
    /// One message that says what was tried for each server, and what to install.
    pub fn shared() -> Result<Self> {
        static SHARED: OnceLock<Result<TestServers, String>> = OnceLock::new();
        // On threads of their own: the caller may be inside a runtime, and the two start side by side.
        let start = || {
            let kafka = std::thread::spawn(obtain_kafka);
            let postgres = std::thread::spawn(|| obtain_postgres(&state_dir("postgres"), GRACE_SECONDS));
            let kafka = kafka.join().map_err(|_| "starting Kafka panicked".to_owned())?;
            let postgres = postgres.join().map_err(|_| "starting PostgreSQL panicked".to_owned())?;
            match (kafka, postgres) {
                (Ok(kafka), Ok(postgres)) => {
                    Ok(TestServers { kafka: Arc::new(kafka), postgres: Arc::new(postgres) })
                }
                (kafka, postgres) => {
                    let errors = [kafka.err(), postgres.err()].into_iter().flatten();
                    Err(errors.map(|error| format!("{error:#}")).collect::<Vec<_>>().join("\n"))
                }
            }
        };
        SHARED.get_or_init(start).clone().map_err(|message| anyhow!(message))
    }

    /// The broker, as `host:port`.
    pub fn kafka_brokers(&self) -> &str {
        self.kafka.address()
    }

    /// The database server's administrative database, as a URL with a password.
    pub fn database_url(&self) -> &str {
        self.postgres.address()
    }

    /// A new migrated database of the caller's own, dropped with the value.
    ///
    /// # Errors
    /// When the server refuses or a migration fails.
    pub async fn database(&self) -> Result<TestDatabase> {
        TestDatabase::create(self.database_url()).await
    }

    /// A new database of the caller's own without any table, dropped with the value.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn empty_database(&self) -> Result<TestDatabase> {
        TestDatabase::create_empty(self.database_url()).await
    }

    /// A prefix for topics and groups that nobody else uses.
    pub fn topic_prefix(&self, name: &str) -> String {
        format!("{name}-{}.", const_hex::encode(rand::random::<[u8; 6]>()))
    }

    /// Creates every topic of `topics`; each partition has a leader when it returns.
    ///
    /// # Errors
    /// When the broker refuses.
    pub async fn create_topics(&self, topics: &Topics, partitions: i32) -> Result<()> {
        topics::create(self.kafka_brokers(), topics, partitions).await
    }
}

/// A PostgreSQL of the caller's own, ended soon after the value is dropped or the process is gone, however it
/// ends.
#[derive(Debug)]
pub struct PrivatePostgres {
    server: Server,
}

impl PrivatePostgres {
    /// Its administrative database, as a URL with a password.
    pub fn url(&self) -> &str {
        self.server.address()
    }
}

/// Starts a PostgreSQL for the caller alone, empty. Blocks until it answers.
///
/// # Errors
/// When neither this machine's programs, nor Docker, nor fetched ones give one; says what to install.
pub fn private_postgres() -> Result<PrivatePostgres> {
    let dir = tempfile::Builder::new()
        .prefix("cekbrand-private-")
        .tempdir()
        .context("cannot create a directory for PostgreSQL's state")?;
    // From here the supervisor removes it.
    let dir = dir.keep();
    // On a thread of its own: the caller may be inside a runtime.
    let start = move || start_postgres(&dir, 0, &ways::private_postgres()).map(Server::Held);
    let server = std::thread::spawn(start).join();
    let server = server.map_err(|_| anyhow!("starting PostgreSQL panicked"))??;
    Ok(PrivatePostgres { server })
}

/// A Kafka of the caller's own, which is away soon after the value is dropped.
#[derive(Debug)]
pub struct PrivateKafka {
    server: Server,
}

impl PrivateKafka {
    /// Its address.
    pub fn brokers(&self) -> &str {
        self.server.address()
    }

    /// Creates every topic of `topics`; each partition has a leader when it returns.
    ///
    /// # Errors
    /// When the broker refuses.
    pub async fn create_topics(&self, topics: &Topics, partitions: i32) -> Result<()> {
        topics::create(self.brokers(), topics, partitions).await
    }
}

/// Starts a Kafka for the caller alone, without topics. Blocks until it answers.
///
/// # Errors
/// When neither Java and Maven nor Docker give one; says what to install.
pub fn private_kafka() -> Result<PrivateKafka> {
    let dir = tempfile::Builder::new()
        .prefix("cekbrand-private-")
        .tempdir()
        .context("cannot create a directory for Kafka's state")?;
    // From here the supervisor removes it.
    let dir = dir.keep();
    let start = move || start_kafka(&dir, 0).map(Server::Held);
    let server = std::thread::spawn(start).join();
    let server = server.map_err(|_| anyhow!("starting Kafka panicked"))??;
    Ok(PrivateKafka { server })
}

/// A server that was given, or one that is held by its lease.
#[derive(Debug)]
enum Server {
    Given(String),
    Held(Held),
}

impl Server {
    fn address(&self) -> &str {
        match self {
            Self::Given(address) => address,
            Self::Held(held) => &held.address,
        }
    }
}

fn obtain_kafka() -> Result<Server> {
    if let Some(brokers) = given(KAFKA_VARIABLE) {
        kafka::answers(&brokers).with_context(|| format!("{KAFKA_VARIABLE} is {brokers}"))?;
        return Ok(Server::Given(brokers));
    }
    let held = start_kafka(&state_dir("kafka"), GRACE_SECONDS);
    held.map(Server::Held).context("no Kafka to test with: CEKBRAND_TEST_KAFKA is not set")
}

fn start_kafka(dir: &Path, grace: u32) -> Result<Held> {
    let target = target_dir();
    let ways = ways::test_kafka(&target);
    let prepare = || ways.first();
    Service { name: "Kafka", dir, grace, prepare: &prepare, answers: &kafka::answers }.obtain()
}

fn obtain_postgres(dir: &Path, grace: u32) -> Result<Server> {
    if let Some(url) = given(DATABASE_VARIABLE) {
        postgres::answers(&url).with_context(|| format!("{DATABASE_VARIABLE} does not answer"))?;
        return Ok(Server::Given(url));
    }
    start_postgres(dir, grace, &ways::test_postgres())
        .map(Server::Held)
        .context("no PostgreSQL to test with: CEKBRAND_TEST_DATABASE_URL is not set")
}

fn start_postgres(dir: &Path, grace: u32, ways: &Ways<'_>) -> Result<Held> {
    let prepare = || ways.first();
    Service { name: "PostgreSQL", dir, grace, prepare: &prepare, answers: &postgres::answers }.obtain()
}

fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

fn state_dir(server: &str) -> PathBuf {
    target_dir().join("test-servers").join(server)
}

/// Cargo's target directory: the one this program was built into, which cargo marks, or the workspace's.
fn target_dir() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file());
    let given = || std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let workspace = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    marked.map(Path::to_path_buf).or_else(given).unwrap_or_else(workspace)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use cekbrand_schema::Lane;
    use rdkafka::ClientConfig;
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::producer::{FutureProducer, FutureRecord};
    use sqlx::Connection;

    use super::*;

    #[tokio::test]
    async fn each_test_has_a_database_of_its_own_which_goes_with_it() {
        let servers = TestServers::shared().unwrap();
        let (one, two) = (servers.database().await.unwrap(), servers.database().await.unwrap());
        sqlx::query("CREATE TABLE mine (id int)").execute(&one.pool()).await.unwrap();
        assert!(sqlx::query("SELECT id FROM mine").fetch_all(&two.pool()).await.is_err());
        let by_url = sqlx::PgPool::connect(&one.url()).await.unwrap();
        sqlx::query("SELECT id FROM mine").fetch_all(&by_url).await.unwrap();
        drop(one);
        assert!(sqlx::query("SELECT 1").fetch_all(&by_url).await.is_err());
    }

    #[tokio::test]
    async fn a_private_postgres_ends_with_its_owner() {
        let private = private_postgres().unwrap();
        sqlx::PgConnection::connect(private.url()).await.unwrap();
        let url = private.url().to_owned();
        drop(private);
        let deadline = Instant::now() + Duration::from_secs(30);
        while sqlx::PgConnection::connect(&url).await.is_ok() {
            assert!(Instant::now() < deadline, "it outlives its owner");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Also as root, whose home directory the server's user cannot read.
    #[tokio::test]
    async fn a_fetched_postgres_serves_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let start = move || {
            let fetched = Ways::fetched_postgres();
            start_postgres(&path, 0, &fetched).unwrap()
        };
        let held = tokio::task::spawn_blocking(start).await.unwrap();
        let database = TestDatabase::create(&held.address).await.unwrap();
        let version: String =
            sqlx::query_scalar("SHOW server_version").fetch_one(&database.pool()).await.unwrap();
        assert!(version.starts_with("17."), "{version}");
        let days: i64 = sqlx::query_scalar(
            "SELECT count(DISTINCT utc_offset) FROM pg_timezone_names WHERE name IN ('Asia/Jakarta', 'UTC')",
        )
        .fetch_one(&database.pool())
        .await
        .unwrap();
        assert_eq!(days, 2, "it does not know time zones");
    }

    #[tokio::test]
    async fn topics_take_records_as_soon_as_they_are_created() {
        let servers = TestServers::shared().unwrap();
        let topics = Topics::with_prefix(&servers.topic_prefix("servers"));
        servers.create_topics(&topics, 3).await.unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", servers.kafka_brokers());
        let producer: FutureProducer = config.create().unwrap();
        let record = FutureRecord::<(), _>::to(topics.topic(Lane::Comments)).payload("hello").partition(2);
        producer.send(record, Duration::from_secs(10)).await.unwrap();
        let consumer: BaseConsumer = config.create().unwrap();
        let marks =
            consumer.fetch_watermarks(topics.topic(Lane::Comments), 2, Duration::from_secs(10)).unwrap();
        assert_eq!(marks, (0, 1));
    }
}
