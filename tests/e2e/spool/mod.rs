//! The spool of the built receiver: Kafka away, SIGKILL, Kafka back.

mod steady;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cekbrand_devkit::meta::{Sender, SenderConfig, Signer};
use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::envelope::Envelope;
use cekbrand_schema::{Lane, Topics};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use crate::command::{Cekbrand, Role, free_port, http, stderr};

const SECRET: &str = "a-secret-for-signing";
const PARTITIONS: i32 = 2;

/// A receiver whose Kafka is at `brokers`; its spool is where it runs.
fn receiver(brokers: &str, prefix: &str, ports: [u16; 2], directory: &str) -> Cekbrand {
    let [listen, admin] = ports.map(|port| format!("127.0.0.1:{port}"));
    Cekbrand::new()
        .with("CEKBRAND__META__APP_SECRETS", SECRET)
        .with("CEKBRAND__META__VERIFY_TOKEN", "shake")
        .with("CEKBRAND__KAFKA__BROKERS", brokers)
        .with("CEKBRAND__KAFKA__TOPIC_PREFIX", prefix)
        .with("CEKBRAND__INGEST__LISTEN", listen)
        .with("CEKBRAND__ADMIN__LISTEN", admin)
        .with("CEKBRAND__INGEST__SPOOL_DIR", directory)
        .with("CEKBRAND__INGEST__SPOOL_AFTER", "200ms")
}

async fn ready(role: &mut Role, admin: u16) -> serde_json::Value {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        assert!(role.is_running() && Instant::now() < deadline, "{}", role.log());
        if let Ok(answer) = http().get(format!("http://127.0.0.1:{admin}/readyz")).send().await
            && answer.status().is_success()
        {
            return answer.json().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A delivery of a comment with this number.
fn comment(number: usize) -> Vec<u8> {
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"17841400000000001","time":1763700000,"changes":[{{"field":"comments","value":{{"id":"{number}"}}}}]}}]}}"#
    );
    body.into_bytes()
}

/// Posts comments with these numbers; each must be answered 200.
async fn send(port: u16, numbers: std::ops::Range<usize>) {
    let url = format!("http://127.0.0.1:{port}/webhooks/instagram");
    let sender = Sender::new(SenderConfig::new(&url, Signer::new(SECRET.into()))).unwrap();
    for number in numbers {
        assert_eq!(sender.post(comment(number)).await.unwrap(), 200);
    }
}

/// The comments in a topic.
fn comments(brokers: &str, topic: &str) -> Vec<usize> {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "reader").create().unwrap();
    let (mut wanted, mut left) = (TopicPartitionList::new(), 0);
    for partition in 0..PARTITIONS {
        let (low, high) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(10)).unwrap();
        wanted.add_partition_offset(topic, partition, Offset::Offset(low)).unwrap();
        left += high - low;
    }
    consumer.assign(&wanted).unwrap();
    let mut found = Vec::new();
    for _ in 0..left {
        let message = consumer.poll(Duration::from_secs(10)).expect("the records are there").unwrap();
        let envelope = Envelope::parse(message.payload().unwrap()).unwrap();
        found.push(envelope.subject_id.unwrap().parse().unwrap());
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_spooling_and_while_draining_nothing_that_was_answered_200_is_lost() {
    const RECORDS: usize = 1500;
    let servers = TestServers::shared().unwrap();
    let prefix = servers.topic_prefix("spool");
    let topics = Topics::with_prefix(&prefix);
    servers.create_topics(&topics, PARTITIONS).await.unwrap();
    let (directory, ports) = (tempfile::tempdir().unwrap(), [free_port(), free_port()]);
    let spool = directory.path().join("spool");
    let spool = spool.to_str().unwrap();

    let away = receiver("127.0.0.1:9", &prefix, ports, spool);
    let mut role = away.start("ingest");
    ready(&mut role, ports[1]).await;
    send(ports[0], 0..RECORDS / 2).await;
    role.kill();
    let mut role = away.start("ingest");
    let told = ready(&mut role, ports[1]).await.to_string();
    assert!(told.contains("750 records wait in the spool"), "{told}");
    send(ports[0], RECORDS / 2..RECORDS).await;
    role.kill();

    let back = receiver(servers.kafka_brokers(), &prefix, ports, spool);
    let (brokers, topic) = (servers.kafka_brokers().to_owned(), topics.topic(Lane::Comments).to_owned());
    let read = || {
        let (brokers, topic) = (brokers.clone(), topic.clone());
        async move { tokio::task::spawn_blocking(move || comments(&brokers, &topic)).await.unwrap() }
    };
    let mut role = back.start("ingest");
    let deadline = Instant::now() + Duration::from_mins(2);
    while read().await.is_empty() {
        assert!(Instant::now() < deadline, "{}", role.log());
    }
    role.kill();
    let mut role = back.start("ingest");
    ready(&mut role, ports[1]).await;
    send(ports[0], RECORDS..RECORDS + 1).await;
    let expected: BTreeSet<usize> = (0..=RECORDS).collect();
    loop {
        let found = read().await;
        if found.iter().copied().collect::<BTreeSet<_>>() == expected {
            assert!(found.len() - expected.len() <= 512, "only the batch under way comes twice");
            break;
        }
        assert!(Instant::now() < deadline, "{} of {}: {}", found.len(), expected.len(), role.log());
    }
    assert_eq!(role.terminate(), Some(0));
}

#[test]
fn a_directory_that_cannot_be_a_spool_ends_with_2_and_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let ports = [free_port(), free_port()];
    let output = receiver("127.0.0.1:9", "", ports, file.to_str().unwrap()).run(&["ingest"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let sentence = said.lines().last().unwrap();
    assert!(sentence.contains("CEKBRAND__INGEST__SPOOL_DIR") && sentence.contains("file"), "{said}");
}
