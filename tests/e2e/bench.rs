//! Servers and processes: started, fed, killed and waited for. What came of it: [`outcome`].

mod outcome;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cekbrand_devkit::meta::{Delivery, Sender, SenderConfig, SentLog, Signer};
use cekbrand_devkit::servers::{Network, TestDatabase, TestServers};
use cekbrand_devkit::simulator::{Simulator, SimulatorConfig};
use cekbrand_devkit::world::{World, WorldConfig};
use cekbrand_schema::{Clock, SystemClock, Topics};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use secrecy::ExposeSecret;
use sqlx::PgPool;
use tokio::task::JoinHandle;

use crate::command::{Cekbrand, Role, TOKEN_KEY, free_port, http};

const PARTITIONS: i32 = 12;

/// Everything that one run stands on.
pub(crate) struct Bench {
    servers: TestServers,
    database: TestDatabase,
    topics: Topics,
    prefix: String,
    simulator: Simulator,
    marks: tempfile::TempDir,
    webhook_port: u16,
}

/// Waits until `condition` holds and says how long that took. Until then the condition says what is missing.
pub(crate) async fn eventually<F: Future<Output = Result<(), String>>>(
    limit: Duration,
    condition: impl Fn() -> F,
) -> Duration {
    let started = Instant::now();
    while let Err(missing) = condition().await {
        assert!(started.elapsed() < limit, "not within {} s: {missing}", limit.as_secs());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    started.elapsed()
}

impl Bench {
    /// Servers, an invented Instagram with its Graph API, migrated tables, topics, accounts with tokens.
    pub(crate) async fn new() -> Self {
        let world = WorldConfig { expired_stories: 400, ..WorldConfig::new(7, SystemClock.now()) };
        Self::of(world, SimulatorConfig { require_proof: true, ..SimulatorConfig::default() }).await
    }

    /// The same with an Instagram of its own.
    pub(crate) async fn of(world: WorldConfig, config: SimulatorConfig) -> Self {
        let servers = TestServers::shared().unwrap();
        let database = servers.database().await.unwrap();
        let prefix = servers.topic_prefix("e2e");
        let topics = Topics::with_prefix(&prefix);
        let world = Arc::new(World::new(world));
        let simulator = Simulator::start_in(world, config, Arc::new(SystemClock)).await.unwrap();
        let marks = tempfile::tempdir().unwrap();
        let bench = Self { servers, database, topics, prefix, simulator, marks, webhook_port: free_port() };
        bench.command("operator").ok(&["migrate"]);
        for account in bench.world().watched() {
            let operator = bench.command("operator");
            operator.ok(&["account", "add", account.id.as_str()]);
            let token = bench.simulator.token(account).unwrap();
            operator.ok_with_input(&["account", "token", account.id.as_str()], token.expose_secret());
        }
        bench.watch_who_lands().await;
        bench
    }

    pub(crate) fn world(&self) -> Arc<World> {
        Arc::clone(self.simulator.world())
    }

    pub(crate) fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    pub(crate) fn pool(&self) -> PgPool {
        self.database.pool()
    }

    pub(crate) fn command(&self, name: &str) -> Cekbrand {
        self.command_over(name, &self.database.url())
    }

    /// The same with another way to the database.
    pub(crate) fn command_over(&self, name: &str, database: &str) -> Cekbrand {
        let joint = if database.contains('?') { '&' } else { '?' };
        Cekbrand::new()
            .with("CEKBRAND__DATABASE__URL", format!("{database}{joint}application_name={name}"))
            .with("CEKBRAND__KAFKA__BROKERS", self.servers.kafka_brokers())
            .with("CEKBRAND__KAFKA__TOPIC_PREFIX", &self.prefix)
            .with("CEKBRAND__KAFKA__PARTITIONS", PARTITIONS)
            .with("CEKBRAND__META__APP_ID", self.simulator.app_id())
            .with(
                "CEKBRAND__META__APP_SECRETS",
                format!("sim={}", self.simulator.app_secret().expose_secret()),
            )
            .with("CEKBRAND__META__VERIFY_TOKEN", "handshake")
            .with("CEKBRAND__TOKEN_KEY", TOKEN_KEY)
            // What a killed worker had claimed is claimed again well before the minute is over that
            // everything has to settle in.
            .with("CEKBRAND__WORK__LEASE", "30s")
            .with("CEKBRAND__GRAPH__BASE_URL", self.simulator.base_url())
            .with("CEKBRAND__INGEST__LISTEN", format!("127.0.0.1:{}", self.webhook_port))
            .with("CEKBRAND__ADMIN__LISTEN", format!("127.0.0.1:{}", free_port()))
    }

    /// Starts the receiver and waits until it listens.
    pub(crate) async fn ingest(&self) -> (Cekbrand, Role) {
        self.ingest_of(self.command("ingest")).await
    }

    /// The same with settings of its own.
    pub(crate) async fn ingest_of(&self, cekbrand: Cekbrand) -> (Cekbrand, Role) {
        let role = cekbrand.start("ingest");
        let url = format!("http://127.0.0.1:{}/webhooks/instagram", self.webhook_port);
        let client = http();
        eventually(Duration::from_secs(20), || {
            let asked = client.get(&url).send();
            async move { asked.await.map(drop).map_err(|error| error.to_string()) }
        })
        .await;
        (cekbrand, role)
    }

    /// Starts a worker, perhaps with a fail point that leaves a mark and stops it there.
    pub(crate) fn worker(&self, name: &str, fail_point: Option<&str>) -> Worker {
        // What the clock alone makes due is no matter of deliveries.
        self.worker_of(name, "land,enrich,analyse", fail_point)
    }

    /// The same of the version before, where one is named: old and new workers share the partitions then.
    pub(crate) fn older_worker(&self, name: &str) -> Worker {
        let Some(program) = std::env::var_os("CEKBRAND_TEST_OLDER") else { return self.worker(name, None) };
        let cekbrand = self.command(name).of(program);
        let role = cekbrand.start_with(&["work", "--only", "land,enrich,analyse"]);
        Worker { role, _directory: cekbrand }
    }

    /// A worker of the given parts.
    pub(crate) fn worker_of(&self, name: &str, parts: &str, fail_point: Option<&str>) -> Worker {
        let mut cekbrand = self.command(name);
        if let Some(fail_point) = fail_point {
            cekbrand = cekbrand.with("FAILPOINTS", format!("{fail_point}({})", self.mark(name).display()));
        }
        let role = cekbrand.start_with(&["work", "--only", parts]);
        Worker { role, _directory: cekbrand }
    }

    /// A way to the database that can be cut.
    pub(crate) async fn network(&self) -> Network {
        Network::to(&self.database.url()).await.unwrap()
    }

    fn mark(&self, worker: &str) -> PathBuf {
        self.marks.path().join(worker)
    }

    /// Waits until a worker stands at its fail point.
    pub(crate) async fn reached(&self, worker: &str) {
        let mark = self.mark(worker);
        let missing = format!("{worker} has not reached its fail point");
        let stands = || std::future::ready(if mark.exists() { Ok(()) } else { Err(missing.clone()) });
        eventually(Duration::from_mins(5), stands).await;
    }

    /// Waits until both workers have consumers in the comments' group, each with partitions of its own.
    pub(crate) async fn both_own_partitions(&self, one: &str, other: &str) {
        let names = [one.to_owned(), other.to_owned()];
        // Each change of ownership raises epochs; it is over when they stand still while both workers are
        // connected.
        let mut last = (0, Instant::now());
        loop {
            let sql = "SELECT (SELECT coalesce(sum(epoch), 0)::bigint FROM pipeline.consumer_offset),
                              (SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE application_name = ANY($1))";
            let (epochs, connected): (i64, i64) =
                sqlx::query_as(sql).bind(&names[..]).fetch_one(&self.pool()).await.unwrap();
            if epochs != last.0 {
                last = (epochs, Instant::now());
            }
            let settled = last.1.elapsed() > Duration::from_secs(6);
            if connected == 2 && settled && epochs >= i64::from(PARTITIONS) * 5 {
                return;
            }
            assert!(last.1.elapsed() < Duration::from_mins(3), "the workers do not share the partitions");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// A sender to the receiver.
    pub(crate) fn sender(&self) -> Sender {
        let url = format!("http://127.0.0.1:{}/webhooks/instagram", self.webhook_port);
        Sender::new(SenderConfig::new(url, Signer::new(self.simulator.app_secret()))).unwrap()
    }

    /// Whether a worker has a transaction open.
    pub(crate) async fn is_in_transaction(&self, worker: &str) -> bool {
        let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1 AND state = 'idle in transaction')";
        sqlx::query_scalar(sql).bind(worker).fetch_one(&self.pool()).await.unwrap()
    }

    /// Sends deliveries as Meta does.
    pub(crate) fn send(&self, deliveries: &[Delivery]) -> JoinHandle<SentLog> {
        let sender = self.sender();
        let deliveries = deliveries.to_vec();
        tokio::spawn(async move { sender.send_all(deliveries, |_| ()).await.unwrap() })
    }

    /// Everything sent is in the books, no task is waiting or running, no mark is left.
    pub(crate) async fn has_settled(&self, changes: u64) -> Result<(), String> {
        let sql = "SELECT (SELECT coalesce(sum(landed + duplicates + dead_lettered), 0)::bigint FROM pipeline.consumer_offset),
                          (SELECT count(*) FROM pipeline.enrichment_task
                           WHERE NOT (state = 'done' OR state = 'parked' AND parked_until IS NOT NULL)),
                          (SELECT count(*) FROM pipeline.dirty_mark) + (SELECT count(*) FROM pipeline.changed_comment)";
        let (counted, open, marks): (i64, i64, i64) =
            sqlx::query_as(sql).fetch_one(&self.pool()).await.unwrap();
        let lag = self.lag().await;
        let settled = counted == i64::try_from(changes).unwrap() && (open, marks, lag) == (0, 0, 0);
        if settled {
            return Ok(());
        }
        Err(format!(
            "{counted} changes are in the books, {open} tasks and {marks} marks are open, the lag is {lag}"
        ))
    }

    /// Kafka's ends minus the books' next offsets.
    async fn lag(&self) -> i64 {
        let (brokers, topics) = (self.servers.kafka_brokers().to_owned(), self.topics.clone());
        let ends = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer =
                ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
            let mut sum = 0;
            for (_, topic) in topics.iter() {
                for partition in 0..PARTITIONS {
                    sum += consumer.fetch_watermarks(topic, partition, Duration::from_secs(10)).unwrap().1;
                }
            }
            sum
        });
        let next: i64 =
            sqlx::query_scalar("SELECT coalesce(sum(next), 0)::bigint FROM pipeline.consumer_offset")
                .fetch_one(&self.pool())
                .await
                .unwrap();
        ends.await.unwrap() - next
    }

    /// The brokers.
    pub(crate) fn brokers(&self) -> &str {
        self.servers.kafka_brokers()
    }

    /// The topic of a lane.
    pub(crate) fn topic(&self, lane: &str) -> String {
        self.topics.topic(lane.parse().unwrap()).to_owned()
    }

    /// The first offset of each partition that Kafka got at or after an instant; only of those that have one.
    pub(crate) async fn offsets_at(&self, topic: &str, instant: &str) -> Vec<(i32, i64)> {
        let (brokers, topic) = (self.brokers().to_owned(), topic.to_owned());
        let instant: jiff::Timestamp = instant.parse().unwrap();
        let asking = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer =
                ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
            let mut asked = TopicPartitionList::new();
            for partition in 0..PARTITIONS {
                let time = Offset::Offset(instant.as_millisecond());
                asked.add_partition_offset(&topic, partition, time).unwrap();
            }
            let found = consumer.offsets_for_times(asked, Duration::from_secs(10)).unwrap();
            let offset = |offset| if let Offset::Offset(offset) = offset { Some(offset) } else { None };
            let elements = found.elements();
            elements.iter().filter_map(|each| Some((each.partition(), offset(each.offset())?))).collect()
        });
        asking.await.unwrap()
    }

    /// Changes that are in the books.
    pub(crate) async fn counted(&self) -> u64 {
        let sql = "SELECT coalesce(sum(landed + duplicates + dead_lettered), 0)::bigint FROM pipeline.consumer_offset";
        let counted: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap();
        counted.cast_unsigned()
    }

    /// From here on the database notes which worker inserts events.
    async fn watch_who_lands(&self) {
        let sql = "
            CREATE TABLE public.landed_by (worker text, number bigint);
            CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO public.landed_by SELECT current_setting('application_name'), count(*) FROM fresh;
                RETURN NULL;
            END $$;
            CREATE TRIGGER note AFTER INSERT ON pipeline.event REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION public.note();";
        sqlx::raw_sql(sql).execute(&self.pool()).await.unwrap();
    }

    /// Where deliveries go, and who signs them.
    #[cfg(feature = "otel")]
    pub(crate) fn webhook(&self) -> (String, Signer) {
        let url = format!("http://127.0.0.1:{}/webhooks/instagram", self.webhook_port);
        (url, Signer::new(self.simulator.app_secret()))
    }

    pub(crate) fn graph_calls(&self) -> u64 {
        self.simulator.total_cost()
    }

    /// Calls that were answered.
    pub(crate) fn answered_calls(&self) -> usize {
        self.simulator.calls().iter().filter(|call| call.status.is_some()).count()
    }

    pub(crate) fn costs(&self) -> String {
        format!("{:?}", self.simulator.costs())
    }

    /// Calls that the workers wait for, or whose outcome they may not have committed yet.
    pub(crate) fn calls_in_flight(&self) -> u64 {
        let recent = SystemClock.now() - Duration::from_secs(2);
        self.simulator.calls().iter().filter(|call| call.status.is_none() || call.at > recent).count() as u64
    }
}

/// A worker process and the directory it runs in.
pub(crate) struct Worker {
    role: Role,
    _directory: Cekbrand,
}

impl Worker {
    pub(crate) fn kill(&mut self) {
        self.role.kill();
    }

    pub(crate) fn log(&self) -> String {
        self.role.log()
    }
}
