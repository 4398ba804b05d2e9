//! The Kafka publisher before a broker that can be told to refuse: what comes back, and when it is ready.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_ingest::publish::Publisher;
use cekbrand_ingest::publish::kafka::KafkaPublisher;
use cekbrand_ingest::record::Record;
use cekbrand_schema::dead_letter::DeadLetter;
use cekbrand_schema::identity::identify_body;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::trace::TraceParent;
use cekbrand_schema::{Lane, SystemClock, Topics};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

type Cluster = MockCluster<'static, DefaultProducerContext>;

fn topics() -> Topics {
    Topics::with_prefix("")
}

fn cluster(lanes: impl IntoIterator<Item = Lane>) -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    for lane in lanes {
        cluster.create_topic(topics().topic(lane), 3, 1).unwrap();
    }
    cluster
}

fn publisher(cluster: &Cluster) -> Arc<KafkaPublisher> {
    let kafka = KafkaSettings::plaintext(&cluster.bootstrap_servers());
    let timeout = Duration::from_millis(700);
    Arc::new(KafkaPublisher::new(&kafka, topics(), timeout, Arc::new(SystemClock)).unwrap())
}

/// Asks as the receiver does every few seconds.
async fn check(publisher: &Arc<KafkaPublisher>) {
    let publisher = Arc::clone(publisher);
    tokio::task::spawn_blocking(move || publisher.check(Duration::from_secs(5))).await.unwrap();
}

/// A span, as the header names it.
fn place() -> Option<TraceParent> {
    TraceParent::read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
}

fn comment(id: &str) -> Record {
    let event_id = identify_body(id.as_bytes());
    let value = id.as_bytes().to_vec();
    Record { lane: Lane::Comments, key: id.to_owned(), event_id, value, dead: None, trace: None }
}

fn dead_letter() -> Vec<Record> {
    let letter = DeadLetter {
        event_id: identify_body(b"not json"),
        reason: "invalid_json",
        bytes: b"not json",
        received_at: "2026-11-21T10:00:00.123456Z".parse().unwrap(),
        secret_label: "main",
    };
    let record = |(part, bytes): (_, &[u8])| Record {
        lane: Lane::DeadLetter,
        key: letter.event_id.to_string(),
        event_id: letter.event_id,
        value: bytes.to_vec(),
        dead: Some(part),
        trace: place(),
    };
    letter.parts(5).map(record).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kafka_does_not_take_comes_back_as_it_was() {
    let cluster = cluster(Lane::ALL);
    let refusals = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 40];
    cluster.request_errors(RDKafkaApiKey::Produce, &refusals);
    let followed = Record { trace: place(), ..comment("2") };
    let sent: Vec<Record> = [comment("1"), followed].into_iter().chain(dead_letter()).collect();
    let mut back = publisher(&cluster).publish(sent.clone()).await.unwrap_err().records;
    let order = |record: &Record| sent.iter().position(|sent| sent == record);
    back.sort_by_key(order);
    assert_eq!(back, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_kafka_refuses_is_not_ready_until_it_takes_a_record_whatever_a_probe_says() {
    for refusal in [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    ] {
        let cluster = cluster(Lane::ALL);
        let publisher = publisher(&cluster);
        check(&publisher).await;
        assert_eq!(publisher.ready(), Ok(()), "every topic is there");

        cluster.request_errors(RDKafkaApiKey::Produce, &[refusal; 200]);
        publisher.publish(vec![comment("1")]).await.unwrap_err();
        check(&publisher).await;
        let reason = publisher.ready().unwrap_err();
        assert!(reason.contains("comments"), "{reason}");

        // Nobody sends anything to a receiver that is not ready, so it has to find out by itself.
        cluster.clear_request_errors(RDKafkaApiKey::Produce);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        while publisher.ready().is_err() {
            assert!(tokio::time::Instant::now() < deadline, "{refusal:?}: {:?}", publisher.ready());
            check(&publisher).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_missing_is_not_made_and_nothing_is_ready_without_it() {
    let others = Lane::ALL.into_iter().filter(|lane| *lane != Lane::Control);
    let cluster = cluster(others);
    let publisher = publisher(&cluster);
    check(&publisher).await;
    assert!(publisher.ready().is_err(), "one topic is missing");
    assert_eq!(publisher.remark(), None, "nothing to be said beside that");
    publisher.publish(vec![Record { lane: Lane::Control, ..comment("1") }]).await.unwrap_err();
    publisher.publish(vec![comment("2")]).await.unwrap();
    let reason = publisher.ready().unwrap_err();
    assert!(reason.contains("control"), "{reason}");
    cluster.create_topic(topics().topic(Lane::Control), 3, 1).unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while publisher.ready().is_err() {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", publisher.ready());
        check(&publisher).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
