//! The spool before a Kafka client whose broker goes away and comes back.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_ingest::publish::Publisher;
use cekbrand_ingest::publish::kafka::KafkaPublisher;
use cekbrand_ingest::publish::spool::SpoolPublisher;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::{Lane, SystemClock, Topics};
use rdkafka::mocking::MockCluster;
use tempfile::tempdir;

use super::{comment, in_directory};
use crate::kafka::read;

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_while_the_broker_is_down_is_in_the_topic_when_it_is_up_again() {
    let cluster = MockCluster::new(1).unwrap();
    let topics = Topics::with_prefix("");
    for lane in Lane::ALL {
        cluster.create_topic(topics.topic(lane), 3, 1).unwrap();
    }
    let brokers = cluster.bootstrap_servers();
    let (timeout, clock) = (Duration::from_millis(300), Arc::new(SystemClock));
    let kafka = KafkaSettings::plaintext(&brokers);
    let kafka = KafkaPublisher::new(&kafka, topics.clone(), timeout, clock).unwrap();
    let directory = tempdir().unwrap();
    let spool = Arc::new(SpoolPublisher::open(Arc::new(kafka), &in_directory(directory.path())).unwrap());
    spool.publish(vec![comment("before")]).await.unwrap();

    cluster.broker_down(1).unwrap();
    for number in 0..100 {
        spool.publish(vec![comment(&number.to_string())]).await.unwrap();
    }
    assert!(*spool.waiting().borrow() >= 100, "none of them is in kafka");
    assert_eq!(spool.ready(), Ok(()));
    cluster.broker_up(1).unwrap();

    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    let mut waiting = spool.waiting();
    while *waiting.borrow_and_update() > 0 {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", spool.remark());
        let checked = Arc::clone(&spool);
        tokio::task::spawn_blocking(move || checked.check(Duration::from_secs(1))).await.unwrap();
        let _changed = tokio::time::timeout(Duration::from_millis(50), waiting.changed()).await;
    }
    let topic = topics.topic(Lane::Comments).to_owned();
    let records = tokio::task::spawn_blocking(move || read(&brokers, &topic)).await.unwrap();
    let mut keys: Vec<_> = records.iter().map(record_key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 101, "every record, whatever came twice");
}

fn record_key(record: &rdkafka::message::OwnedMessage) -> String {
    use rdkafka::Message;
    String::from_utf8(record.key().unwrap().to_vec()).unwrap()
}
