//! Dead letters by the thousand: listed, shown, retried and dropped, and the books close.

use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::dead_letter::DeadLetter;
use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::{Clock, Lane, SystemClock, Topics, delivery, identity};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::Value;
use sqlx::PgPool;

use crate::bench::eventually;
use crate::command::{Cekbrand, Role, TOKEN_KEY, free_port, stderr};

/// Of each of five reasons.
const EACH: usize = 2000;

struct Bench {
    servers: TestServers,
    database: TestDatabase,
    topics: Topics,
    prefix: String,
}

impl Bench {
    async fn new() -> Self {
        let servers = TestServers::shared().unwrap();
        let prefix = servers.topic_prefix("dlq");
        let topics = Topics::with_prefix(&prefix);
        servers.create_topics(&topics, 2).await.unwrap();
        let database = servers.database().await.unwrap();
        Self { servers, database, topics, prefix }
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    fn command(&self) -> Cekbrand {
        Cekbrand::new()
            .with("CEKBRAND__DATABASE__URL", self.database.url())
            .with("CEKBRAND__KAFKA__BROKERS", self.servers.kafka_brokers())
            .with("CEKBRAND__KAFKA__TOPIC_PREFIX", &self.prefix)
            .with("CEKBRAND__META__APP_ID", "1")
            .with("CEKBRAND__TOKEN_KEY", TOKEN_KEY)
            .with("CEKBRAND__ADMIN__LISTEN", format!("127.0.0.1:{}", free_port()))
    }

    /// A worker that lands whatever comes, unless it has the usual limits.
    fn worker(&self, limits: (&str, &str)) -> (Cekbrand, Role) {
        let command = self
            .command()
            .with("CEKBRAND__WORK__DEAD_LETTER_PERCENT", limits.0)
            .with("CEKBRAND__WORK__DEAD_LETTER_RUN", limits.1);
        let role = command.start_with(&["work", "--only", "land"]);
        (command, role)
    }

    async fn publish(&self, lane: Lane, records: Vec<(Vec<u8>, OwnedHeaders)>) {
        let brokers = self.servers.kafka_brokers();
        let producer: FutureProducer =
            ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
        let mut sent = Vec::new();
        for (value, headers) in &records {
            let record =
                FutureRecord::to(self.topics.topic(lane)).key("1").payload(value).headers(headers.clone());
            sent.push(producer.send_result(record).map_err(|(error, _)| error).unwrap());
        }
        for each in sent {
            each.await.unwrap().unwrap();
        }
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap()
    }

    async fn until(&self, sql: &'static str, expected: i64) {
        eventually(Duration::from_mins(5), || async {
            let found = self.number(sql).await;
            if found == expected { Ok(()) } else { Err(format!("{found}, not {expected}: {sql}")) }
        })
        .await;
    }

    fn listed(&self, filters: &[&str]) -> Vec<Value> {
        let said = self.command().ok(&[&["dlq", "list", "--json"], filters].concat());
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What a subcommand that is refused says.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.command().run(arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        said
    }
}

const OPEN: &str = "SELECT count(*) FROM pipeline.dead_letter WHERE resolution IS NULL";
const READ: &str = "SELECT coalesce(sum(next - start), 0)::bigint FROM pipeline.consumer_offset";

fn plain(values: impl Iterator<Item = Vec<u8>>) -> Vec<(Vec<u8>, OwnedHeaders)> {
    values.map(|value| (value, OwnedHeaders::new())).collect()
}

/// A delivery with one comment, as Meta sends it.
fn body(id: usize, text: &str) -> String {
    format!(
        r#"{{"object":"instagram","entry":[{{"id":"17841400000000041","time":1,"changes":[{{"field":"comments","value":{{"id":"{id}","text":"{text}"}}}}]}}]}}"#
    )
}

fn record(id: usize, text: &str) -> Vec<u8> {
    let body = body(id, text);
    let changes = delivery::parse(body.as_bytes()).unwrap();
    let identity = identity::identify(&changes[0], &mut Vec::new());
    envelope::write(&changes[0], &identity, &Arrival::new(SystemClock.now(), "main"))
}

/// What the receiver made of a body that it could not parse.
fn dead(bytes: &[u8]) -> (Vec<u8>, OwnedHeaders) {
    let event_id = identity::identify_body(bytes);
    let received_at = SystemClock.now();
    let letter = DeadLetter { event_id, reason: "invalid_json", bytes, received_at, secret_label: "main" };
    let (part, _) = letter.parts(900_000).next().unwrap();
    let add = |headers: OwnedHeaders, (key, value): (&str, String)| {
        headers.insert(Header { key, value: Some(&value) })
    };
    (bytes.to_vec(), part.headers().fold(OwnedHeaders::new(), add))
}

/// One letter is dropped; one whose topic is gone stays as it is.
async fn drops(bench: &Bench, id: &str) {
    bench.command().ok(&["dlq", "drop", id]);
    assert_eq!(bench.listed(&["--reason", "invalid_envelope"]).len(), EACH - 1);
    let gone = r#"INSERT INTO pipeline.dead_letter (topic, partition, "offset", reason, error, payload, landed_at)
                  VALUES ('gone', 0, 0, 'invalid_envelope', 'e', 'x', 'epoch') RETURNING id"#;
    let gone = bench.number(gone).await.to_string();
    let said = bench.refused(&["dlq", "retry", &gone]);
    assert!(said.contains("Kafka has no topic gone"), "{said}");
    let kept = "SELECT count(*) FROM pipeline.dead_letter WHERE topic = 'gone' AND attempts = 0 AND resolution IS NULL";
    assert_eq!(bench.number(kept).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_by_the_thousand_are_listed_retried_and_dropped_and_the_books_close() {
    let bench = Bench::new().await;
    let check = "ALTER TABLE instagram.media_comment ADD CONSTRAINT bug CHECK (text <> 'poison')";
    sqlx::raw_sql(check).execute(&bench.pool()).await.unwrap();
    let garbage = (0..EACH).map(|id| format!("\x1b[2Jgarbage {id}").into_bytes());
    bench.publish(Lane::Comments, plain(garbage)).await;
    let newer = (0..EACH).map(|id| format!(r#"{{"schema_version":9,"number":{id}}}"#).into_bytes());
    bench.publish(Lane::Comments, plain(newer)).await;
    bench.publish(Lane::Comments, plain((0..EACH).map(|id| record(id, "poison")))).await;
    // A mended parser reads half of the bodies.
    let broken =
        |id: usize| if id.is_multiple_of(2) { body(1_000_000 + id, "later") } else { format!("{{{id}") };
    bench.publish(Lane::DeadLetter, (0..EACH).map(|id| dead(broken(id).as_bytes())).collect()).await;
    bench.publish(Lane::DeadLetter, plain((0..EACH).map(|id| format!("lost {id}").into_bytes()))).await;
    let all = i64::try_from(5 * EACH).unwrap();
    let worker = bench.worker(("100", "1000000"));
    bench.until(OPEN, all).await;

    // Listed and shown.
    assert_eq!(bench.listed(&[]).len(), 5 * EACH);
    for reason in
        ["invalid_envelope", "unknown_envelope_version", "data_error", "invalid_json", "invalid_dead_letter"]
    {
        assert_eq!(bench.listed(&["--reason", reason]).len(), EACH, "{reason}");
    }
    let garbage = bench.listed(&["--reason", "invalid_envelope", "--limit", "1"]);
    let id = garbage[0]["id"].to_string();
    let shown = bench.command().ok(&["dlq", "show", &id]);
    assert!(shown.contains("\\u{1b}[2Jgarbage") && !shown.contains('\x1b'), "{shown}");
    assert!(bench.listed(&["--until", "2020-01-01"]).is_empty());
    assert!(bench.refused(&["dlq", "show", "999999"]).contains("no open dead letter 999999"));

    // Retried: what is mended lands.
    let said = bench.refused(&["dlq", "retry", "--reason", "data_error"]);
    assert!(said.contains("2000 dead letters are meant") && said.contains("--yes"), "{said}");
    sqlx::raw_sql("ALTER TABLE instagram.media_comment DROP CONSTRAINT bug")
        .execute(&bench.pool())
        .await
        .unwrap();
    let said = bench.command().ok(&["dlq", "retry", "--reason", "data_error", "--limit", "1000", "--yes"]);
    assert!(said.contains("1000 published again"), "{said}");
    bench.until("SELECT count(*) FROM instagram.media_comment", 1000).await;
    assert_eq!(bench.listed(&["--reason", "data_error"]).len(), EACH - 1000);
    let said = bench.command().ok(&["dlq", "retry", "--reason", "invalid_json", "--yes"]);
    assert!(said.contains("1000 published again") && said.contains("still is no delivery"), "{said}");
    bench.until("SELECT count(*) FROM instagram.media_comment", 2000).await;
    // Twice the same is known the second time.
    let events = "SELECT count(*) FROM pipeline.event";
    assert_eq!(bench.number(events).await, 2000);

    // What is not mended comes back, three times at most, and stops no worker with the usual limits.
    drop(worker);
    let worker = bench.worker(("5", "100"));
    for attempt in 1..=3 {
        let said = bench.command().ok(&["dlq", "retry", "--reason", "unknown_envelope_version", "--yes"]);
        assert!(said.contains("2000 published again"), "{attempt}: {said}");
        let sql = "SELECT count(*) FROM pipeline.dead_letter WHERE reason = 'unknown_envelope_version' AND resolution IS NULL";
        bench.until(sql, i64::try_from(EACH).unwrap()).await;
        let open = bench.listed(&["--reason", "unknown_envelope_version"]);
        assert!(open.iter().all(|row| row["attempts"] == attempt), "{attempt}: {}", open[0]);
    }
    let said = bench.command().ok(&["dlq", "retry", "--reason", "unknown_envelope_version", "--yes"]);
    assert!(said.contains("0 published again") && said.contains("2000 were tried 3 times"), "{said}");
    let ids =
        "SELECT count(DISTINCT event_id) FROM pipeline.dead_letter WHERE reason = 'unknown_envelope_version'";
    assert_eq!(bench.number(ids).await, i64::try_from(EACH).unwrap(), "a retry keeps the event id");

    drops(&bench, &id).await;
    let audited =
        "SELECT count(DISTINCT action) FROM pipeline.audit WHERE action IN ('dlq.retry', 'dlq.drop')";
    assert_eq!(bench.number(audited).await, 2);
    bench.until(READ, all + 2000 + 3 * i64::try_from(EACH).unwrap()).await;
    drop(worker);

    // The books of all that, by their counters and by their rows.
    let said = bench.command().ok(&["ledger", "--deep"]);
    assert!(said.contains("the books close") && said.contains("has its row"), "{said}");
    let parked = said.lines().any(|line| line.contains("waiting: "));
    assert!(parked, "tasks are told by their state: {said}");
    for (fault, told) in [
        ("DELETE FROM pipeline.event WHERE raw LIKE '%\"7\"%'", "1 fewer are"),
        (
            "UPDATE pipeline.consumer_offset SET topic_id = 'former' WHERE topic LIKE '%comments%'",
            "another one than",
        ),
    ] {
        sqlx::query(fault).execute(&bench.pool()).await.unwrap();
        let output = bench.command().run(&["ledger", "--deep"]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(told) && said.contains("THE BOOKS DO NOT CLOSE"), "{said}");
    }
}

/// A dead letter has the trace that it came with, its retry has it again, and one without has none.
#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_through_the_dead_letters_and_comes_back_with_a_retry() {
    const PLACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let bench = Bench::new().await;
    let followed = |headers: OwnedHeaders| headers.insert(Header { key: "traceparent", value: Some(PLACE) });
    let (body, headers) = dead(body(7, "later").as_bytes());
    bench.publish(Lane::DeadLetter, vec![(body, followed(headers))]).await;
    bench.publish(Lane::Comments, vec![(b"garbage".to_vec(), followed(OwnedHeaders::new()))]).await;
    bench.publish(Lane::Comments, plain([b"rubbish".to_vec()].into_iter())).await;
    let worker = bench.worker(("100", "1000000"));
    bench.until(OPEN, 3).await;
    let traced = "SELECT count(*) FROM pipeline.dead_letter WHERE traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'";
    assert_eq!(bench.number(traced).await, 2);
    bench.command().ok(&["dlq", "retry", "--yes"]);
    // The body lands; the others come back, one with its trace.
    bench.until("SELECT count(*) FROM pipeline.event", 1).await;
    bench
        .until("SELECT count(*) FROM pipeline.dead_letter WHERE attempts = 1 AND resolution IS NULL", 2)
        .await;
    assert_eq!(bench.number(traced).await, 3);
    drop(worker);
}
