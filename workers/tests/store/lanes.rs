//! Lanes on a real Kafka: every record lands once, whoever owns its partition, and starts where PostgreSQL
//! says.

mod away;
mod recreated;
mod restored;

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_ingest::publish::Publisher;
use cekbrand_ingest::publish::kafka::KafkaPublisher;
use cekbrand_ingest::record::Record;
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::health::Readiness;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{Lane, SharedClock, SystemClock, Topics, delivery, identity};
use cekbrand_workers::LandSettings;
use cekbrand_workers::land::{Halt, landing};
use cekbrand_workers::supervise::Loops;
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
    ready: Readiness,
    stop: CancellationToken,
    task: JoinHandle<Result<(), Halt>>,
}

impl Running {
    /// Why it halted by itself.
    async fn halt(self) -> Halt {
        let ended = tokio::time::timeout(Duration::from_mins(1), self.task).await;
        ended.expect("the worker goes on").unwrap().unwrap_err()
    }

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
        self.start_on(&self.pool())
    }

    /// A worker that reaches the database over connections of its own.
    fn start_on(&self, pool: &PgPool) -> Running {
        self.start_with(pool, &LandSettings::default())
    }

    fn start_with(&self, pool: &PgPool, settings: &LandSettings) -> Running {
        let kafka = KafkaSettings::plaintext(self.servers.kafka_brokers());
        let settings = LandSettings { kafka, topics: self.topics.clone(), ..settings.clone() };
        let stop = CancellationToken::new();
        let lanes = landing::lanes(&settings, pool, &self.clock, &stop).unwrap();
        let loops = Loops::new(lanes, Arc::clone(&self.clock), stop.clone());
        Running { ready: loops.readiness(), stop, task: tokio::spawn(loops.run()) }
    }

    /// Publishes comments `from..to`, each for an account of its own, so that they spread over the
    /// partitions.
    async fn publish(&self, ids: std::ops::Range<usize>) {
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
                trace: None,
            }
        };
        self.send(ids.map(record).collect()).await;
    }

    async fn send(&self, records: Vec<Record>) {
        let kafka = KafkaSettings::plaintext(self.servers.kafka_brokers());
        let limit = Duration::from_secs(20);
        let publisher =
            KafkaPublisher::new(&kafka, self.topics.clone(), limit, Arc::clone(&self.clock)).unwrap();
        publisher.publish(records).await.unwrap();
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
    let unknown = "SELECT count(*) FROM pipeline.consumer_offset WHERE topic_id IS NULL";
    assert_eq!(sqlx::query_scalar::<_, i64>(unknown).fetch_one(&bench.pool()).await.unwrap(), 0);
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
    let halt = bench.start().halt().await;
    assert!(halt.to_string().contains("the books stand at 1000"), "{halt}");
}

/// Records that are no envelopes, as if another program wrote to the topic.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_full_of_what_cannot_be_read_stops_the_worker_instead_of_draining_into_dead_letters() {
    let bench = Bench::new("garbage").await;
    let garbage = |id: usize| Record {
        lane: Lane::Comments,
        key: "1".to_owned(),
        event_id: identity::identify_body(&id.to_be_bytes()),
        value: b"{}".to_vec(),
        dead: None,
        trace: None,
    };
    bench.send((0..150).map(garbage).collect()).await;
    let halt = bench.start().halt().await;
    assert!(matches!(halt, Halt::TooManyDeadLetters { lane: Lane::Comments, .. }), "{halt}");
    // A version that can go on does so where the other stopped.
    bench.publish(1..51).await;
    let lenient = LandSettings { dead_letter_percent: 100, dead_letter_run: 1000, ..LandSettings::default() };
    let worker = bench.start_with(&bench.pool(), &lenient);
    bench.wait_for(50).await;
    let dead = "SELECT sum(dead_lettered)::bigint FROM pipeline.consumer_offset";
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while sqlx::query_scalar::<_, i64>(dead).fetch_one(&bench.pool()).await.unwrap() < 150 {
        assert!(tokio::time::Instant::now() < deadline, "the rest is not landed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    worker.stop().await.unwrap();
    assert_eq!(bench.books().await, (50, true));
}

/// As when an expelled worker took the partition's epoch after this one had taken it.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_ours_by_kafka_and_lost_by_the_books_is_taken_again() {
    let bench = Bench::new("back").await;
    let worker = bench.start();
    bench.publish(0..50).await;
    bench.wait_for(50).await;
    sqlx::query("UPDATE pipeline.consumer_offset SET epoch = epoch + 1")
        .execute(&bench.pool())
        .await
        .unwrap();
    bench.publish(50..100).await;
    bench.wait_for(100).await;
    worker.stop().await.unwrap();
    assert_eq!(bench.books().await, (100, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_under_way_is_finished_when_the_worker_stops() {
    let bench = Bench::new("finish").await;
    let mut holder = bench.pool().begin().await.unwrap();
    let block = "
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$;
        CREATE TRIGGER wait BEFORE INSERT ON instagram.media_comment FOR EACH ROW EXECUTE FUNCTION wait();";
    sqlx::raw_sql(block).execute(&bench.pool()).await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(7)").execute(&mut *holder).await.unwrap();
    let worker = bench.start();
    // Account 0 is the dashboard's, whose comments make no rows.
    bench.publish(1..2).await;
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory')";
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&bench.pool()).await.unwrap() {
        assert!(tokio::time::Instant::now() < deadline, "no transaction is held up");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    worker.stop.cancel();
    holder.rollback().await.unwrap();
    worker.task.await.unwrap().unwrap();
    assert_eq!(bench.books().await, (1, true));
}
