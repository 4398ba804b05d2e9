//! Lanes on a real Kafka: every record lands once, whoever owns its partition, and starts where PostgreSQL says.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_ingest::publish::Publisher;
use cekbrand_ingest::publish::kafka::KafkaPublisher;
use cekbrand_ingest::record::Record;
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{Lane, SharedClock, SystemClock, Topics, delivery, identity};
use cekbrand_workers::LandSettings;
use cekbrand_workers::land::Halt;
use cekbrand_workers::worker::Landing;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Topics and a database of their own.
struct Bench {
    servers: TestServers,
    database: TestDatabase,
    topics: Topics,
    clock: SharedClock,
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), Halt>>,
}

impl Running {
    async fn stop(self) -> Result<(), Halt> {
        self.stop.cancel();
        self.task.await.unwrap()
    }
}

impl Bench {
    async fn new(name: &str) -> Self {
        let servers = TestServers::shared().unwrap();
        let topics = Topics::with_prefix(&servers.topic_prefix(name));
        servers.create_topics(&topics, 4).await.unwrap();
        let database = servers.database().await.unwrap();
        Self { servers, database, topics, clock: Arc::new(SystemClock) }
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    fn start(&self) -> Running {
        let kafka = KafkaSettings::plaintext(self.servers.kafka_brokers());
        let settings = LandSettings { kafka, topics: self.topics.clone(), ..LandSettings::default() };
        let stop = CancellationToken::new();
        let landing = Landing::subscribe(&settings, &self.pool(), &self.clock, stop.clone()).unwrap();
        Running { stop, task: tokio::spawn(landing.run()) }
    }

    /// Publishes comments `from..to`, each for an account of its own, so that they spread over the partitions.
    async fn publish(&self, ids: std::ops::Range<usize>) {
        let kafka = KafkaSettings::plaintext(self.servers.kafka_brokers());
        let publisher = KafkaPublisher::new(
            &kafka,
            self.topics.clone(),
            Duration::from_secs(20),
            Arc::clone(&self.clock),
        )
        .unwrap();
        let record = |id: usize| {
            let body = format!(
                r#"{{"object":"instagram","entry":[{{"id":"{id}","time":1,"changes":[{{"field":"comments","value":{{"id":"c{id}","text":"t"}}}}]}}]}}"#
            );
            let changes = delivery::parse(body.as_bytes()).unwrap();
            let identity = identity::identify(&changes[0], &mut Vec::new());
            let value = envelope::write(&changes[0], &identity, &Arrival::new(self.clock.now(), "main"));
            Record {
                lane: Lane::Comments,
                key: format!("{id}"),
                event_id: identity.event_id,
                value,
                dead: None,
            }
        };
        let records = ids.map(record).collect();
        publisher.publish(records, String::new()).await.unwrap();
    }

    /// Waits until `landed + duplicates` of the comments' lane is `count`.
    async fn wait_for(&self, count: i64) {
        let sql = "SELECT coalesce(sum(landed + duplicates), 0)::bigint FROM pipeline.consumer_offset";
        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        loop {
            let landed: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap();
            if landed >= count {
                assert_eq!(landed, count);
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{landed} of {count} have landed");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn books(&self) -> (i64, bool) {
        sqlx::query_as("SELECT sum(landed)::bigint, bool_and(closed) FROM pipeline.ledger")
            .fetch_one(&self.pool())
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_lands_once_and_a_restart_goes_on_where_it_stopped() {
    let bench = Bench::new("restart").await;
    bench.publish(0..300).await;
    let first = bench.start();
    bench.wait_for(300).await;
    first.stop().await.unwrap();
    bench.publish(300..400).await;
    let second = bench.start();
    bench.wait_for(400).await;
    second.stop().await.unwrap();
    assert_eq!(bench.books().await, (400, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_worker_takes_partitions_over_without_losing_or_doubling_a_change() {
    let bench = Bench::new("share").await;
    let first = bench.start();
    bench.publish(0..500).await;
    let second = bench.start();
    bench.publish(500..1000).await;
    bench.wait_for(1000).await;
    // The second worker owns something once epochs were raised a second time.
    let shared = "SELECT count(*) FILTER (WHERE epoch > 1) > 0 FROM pipeline.consumer_offset";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !sqlx::query_scalar::<_, bool>(shared).fetch_one(&bench.pool()).await.unwrap() {
        assert!(tokio::time::Instant::now() < deadline, "the second worker got no partition");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    first.stop().await.unwrap();
    bench.publish(1000..1200).await;
    bench.wait_for(1200).await;
    second.stop().await.unwrap();
    assert_eq!(bench.books().await, (1200, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_recreated_halts_the_worker_with_a_reason() {
    let bench = Bench::new("halt").await;
    sqlx::query(
        r#"INSERT INTO pipeline.consumer_offset ("group", topic, partition, start, next, epoch, landed, updated_at)
           VALUES ($1, $2, 0, 0, 1000, 1, 1000, '2026-11-21')"#,
    )
    .bind(bench.topics.group(Lane::Comments))
    .bind(bench.topics.topic(Lane::Comments))
    .execute(&bench.pool())
    .await
    .unwrap();
    let halt = bench.start().task.await.unwrap().unwrap_err();
    assert!(halt.to_string().contains("the books stand at 1000"), "{halt}");
}
