//! The receiver before a real Kafka: what was answered 200 lies in the topics.

use std::time::Duration;

use cekbrand_devkit::meta::{Sender, SenderConfig, Signer};
use cekbrand_devkit::servers::TestServers;
use cekbrand_ingest::{Ingest, Settings};
use cekbrand_schema::envelope::Envelope;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::topic::{Topics, header};
use cekbrand_schema::{Lane, SystemClock};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::{SECRET, one_comment, settings, sign};

const PARTITIONS: i32 = 3;

/// A running receiver.
struct Running {
    url: String,
    address: std::net::SocketAddr,
    readiness: cekbrand_schema::health::Readiness,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), cekbrand_ingest::RunError>>,
}

async fn start(settings: Settings) -> Running {
    let listen = "127.0.0.1:0".parse().unwrap();
    let ingest = Ingest::bind(Settings { listen, ..settings }, Arc::new(SystemClock)).await.unwrap();
    let (address, readiness, shutdown) = (ingest.local_addr(), ingest.readiness(), CancellationToken::new());
    let task = tokio::spawn(ingest.run(shutdown.clone()));
    Running { url: format!("http://{address}/webhooks/instagram"), address, readiness, shutdown, task }
}

async fn post(url: &str, body: Vec<u8>) -> u16 {
    let sender = Sender::new(SenderConfig::new(url, Signer::new(SECRET.into()))).unwrap();
    sender.post(body).await.unwrap()
}

/// Everything in a topic, in the order of partition and offset.
pub(crate) fn read(brokers: &str, topic: &str) -> Vec<OwnedMessage> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "test-reader")
        .create()
        .unwrap();
    let mut wanted = TopicPartitionList::new();
    let mut left = 0;
    for partition in 0..PARTITIONS {
        let (low, high) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(10)).unwrap();
        wanted.add_partition_offset(topic, partition, Offset::Offset(low)).unwrap();
        left += high - low;
    }
    consumer.assign(&wanted).unwrap();
    let mut messages = Vec::new();
    while left > 0 {
        let message = consumer.poll(Duration::from_secs(10)).expect("the records are there").unwrap();
        messages.push(message.detach());
        left -= 1;
    }
    messages.sort_by_key(|m| (m.partition(), m.offset()));
    messages
}

fn text_header(message: &OwnedMessage, name: &str) -> String {
    let headers = message.headers().unwrap();
    let value =
        headers.iter().find(|h| h.key == name).unwrap_or_else(|| panic!("no header {name}")).value.unwrap();
    String::from_utf8(value.to_vec()).unwrap()
}

async fn with_kafka(name: &str) -> (TestServers, Settings) {
    let servers = TestServers::shared().unwrap();
    let topics = Topics::with_prefix(&servers.topic_prefix(name));
    servers.create_topics(&topics, PARTITIONS).await.unwrap();
    let kafka = KafkaSettings::plaintext(servers.kafka_brokers());
    (servers, Settings { kafka, topics, ..settings() })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_change_lies_in_its_topic_with_its_key_and_headers() {
    let (servers, settings) = with_kafka("record").await;
    let topics = settings.topics.clone();
    let running = start(settings).await;
    assert_eq!(post(&running.url, one_comment("1", "halo").into_bytes()).await, 200);
    assert_eq!(post(&running.url, b"not json".to_vec()).await, 200);

    let comments = read(servers.kafka_brokers(), topics.topic(Lane::Comments));
    let [comment] = &comments[..] else { panic!("one record, not {}", comments.len()) };
    let envelope = Envelope::parse(comment.payload().unwrap()).unwrap();
    assert_eq!(comment.key(), Some(&b"17841400000000001"[..]));
    assert_eq!(text_header(comment, header::EVENT_ID), envelope.event_id.to_string());
    assert_eq!(text_header(comment, header::SCHEMA_VERSION), "1");
    assert_eq!(comment.headers().unwrap().count(), 2, "nobody follows it");

    let dead = read(servers.kafka_brokers(), topics.topic(Lane::DeadLetter));
    let [dead] = &dead[..] else { panic!("one dead letter, not {}", dead.len()) };
    assert_eq!(dead.payload(), Some(&b"not json"[..]));
    let names = [header::REASON, header::PART, header::PARTS, header::SECRET_LABEL];
    assert_eq!(names.map(|name| text_header(dead, name)), ["invalid_json", "0", "1", "main"]);
    assert!((running.readiness)().is_ok(), "a record was acknowledged just now");

    running.shutdown.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_of_thirty_mebibytes_is_accepted_whole() {
    let (servers, settings) = with_kafka("large").await;
    let topics = settings.topics.clone();
    let running = start(settings).await;
    let text = r"\u0041".repeat(5300);
    let changes: Vec<String> = (0..1000)
        .map(|i| format!(r#"{{"field":"comments","value":{{"id":"{i}","text":"{text}"}}}}"#))
        .collect();
    let body = format!(
        r#"{{"object":"instagram","entry":[{{"id":"1","time":1,"changes":[{}]}}]}}"#,
        changes.join(",")
    );
    assert!((30 << 20..33_554_432).contains(&body.len()), "{}", body.len());
    assert_eq!(post(&running.url, body.into_bytes()).await, 200);
    assert_eq!(read(servers.kafka_brokers(), topics.topic(Lane::Comments)).len(), 1000);

    // The same size without a single readable change travels in parts that no broker limit minds.
    let noise = vec![0xfe_u8; 30 << 20];
    assert_eq!(post(&running.url, noise.clone()).await, 200);
    let parts = read(servers.kafka_brokers(), topics.topic(Lane::DeadLetter));
    let whole: Vec<u8> = parts.iter().flat_map(|part| part.payload().unwrap().to_vec()).collect();
    assert!(whole == noise, "the parts put together are the body");
    running.shutdown.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_kafka_is_away_nothing_is_answered_200_and_readiness_says_so() {
    let nobody = KafkaSettings::plaintext("127.0.0.1:9");
    let timeout = Duration::from_millis(500);
    let running = start(Settings { kafka: nobody, produce_timeout: timeout, ..settings() }).await;
    assert_eq!(post(&running.url, one_comment("1", "halo").into_bytes()).await, 503);
    assert!((running.readiness)().is_err());
    running.shutdown.cancel();
    running.task.await.unwrap().unwrap();
}

/// Whoever may not have a producer id never sends again: KIP-360's fatal errors, from a broker that can be
/// told to make one.
#[tokio::test(flavor = "multi_thread")]
async fn a_producer_that_failed_for_good_is_built_anew() {
    let cluster = MockCluster::new(1).unwrap();
    let settings = settings();
    for lane in Lane::ALL {
        cluster.create_topic(settings.topics.topic(lane), PARTITIONS, 1).unwrap();
    }
    cluster.request_errors(
        RDKafkaApiKey::InitProducerId,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED],
    );
    let kafka = KafkaSettings::plaintext(&cluster.bootstrap_servers());
    let topics = settings.topics.clone();
    let running = start(Settings { kafka, ..settings }).await;
    assert_eq!(post(&running.url, one_comment("1", "halo").into_bytes()).await, 503);

    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while post(&running.url, one_comment("1", "halo").into_bytes()).await != 200 {
        assert!(tokio::time::Instant::now() < deadline, "the producer was not built anew");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!((running.readiness)().is_ok(), "a record was acknowledged just now");
    let landed = read(&cluster.bootstrap_servers(), topics.topic(Lane::Comments));
    assert_eq!(landed.len(), 1, "what was refused is not in the topic");
    running.shutdown.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_does_not_end_in_time_ends_the_connection() {
    let nobody = KafkaSettings::plaintext("127.0.0.1:9");
    let running =
        start(Settings { kafka: nobody, header_timeout: Duration::from_millis(200), ..settings() }).await;
    let mut stream = tokio::net::TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    let mut answer = Vec::new();
    // Reads to the end of the connection, which only the receiver can bring about.
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    running.shutdown.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_under_way_at_the_end_is_finished() {
    let (servers, settings) = with_kafka("graceful").await;
    let topics = settings.topics.clone();
    let running = start(settings).await;
    let body = one_comment("1", "halo");
    let head = format!(
        "POST /webhooks/instagram HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {}\r\ncontent-length: {}\r\n\r\n",
        sign(body.as_bytes()),
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(running.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..10]).await.unwrap();
    stream.flush().await.unwrap();
    // Another delivery on a connection of its own shows that the first one's header has been taken in.
    assert_eq!(post(&running.url, one_comment("2", "halo").into_bytes()).await, 200);
    running.shutdown.cancel();
    stream.write_all(&body.as_bytes()[10..]).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    running.task.await.unwrap().unwrap();
    assert_eq!(read(servers.kafka_brokers(), topics.topic(Lane::Comments)).len(), 2);
}
