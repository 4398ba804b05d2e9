//! Another log under the same name, and a log whose beginning is gone: seen, said, and never passed over in
//! silence.

use std::time::Duration;

use cekbrand_schema::Lane;
use cekbrand_workers::land::Halt;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::Bench;

const TIMEOUT: Duration = Duration::from_secs(20);

impl Bench {
    fn admin(&self) -> AdminClient<DefaultClientContext> {
        ClientConfig::new().set("bootstrap.servers", self.servers.kafka_brokers()).create().unwrap()
    }

    /// Deletes the comments' topic and makes it again.
    async fn make_again(&self) {
        let (admin, topic) = (self.admin(), self.topics.topic(Lane::Comments));
        let options = AdminOptions::new().operation_timeout(Some(TIMEOUT));
        let deleted = admin.delete_topics(&[topic], &options).await.unwrap();
        assert!(deleted[0].is_ok(), "{deleted:?}");
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        // Deleting goes on for a moment after the answer.
        loop {
            let wanted = NewTopic::new(topic, 4, TopicReplication::Fixed(1));
            let made = admin.create_topics(&[wanted], &options).await.unwrap();
            if made[0].is_ok() {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{made:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Deletes every record of the comments' topic, as retention does.
    async fn expire(&self) {
        let mut offsets = TopicPartitionList::new();
        for partition in 0..4 {
            offsets.add_partition_offset(self.topics.topic(Lane::Comments), partition, Offset::End).unwrap();
        }
        let deleted = self.admin().delete_records(&offsets, &AdminOptions::new()).await.unwrap();
        assert!(deleted.elements().iter().all(|element| element.error().is_ok()), "{deleted:?}");
    }
}

/// With the larger topic its offsets say nothing: without the id the worker would pass over what lies below
/// the books' position.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_made_again_halts_the_worker_whether_smaller_or_larger() {
    let bench = Bench::new("again").await;
    let worker = bench.start();
    bench.publish(0..40).await;
    bench.wait_for(40).await;
    worker.stop().await.unwrap();
    bench.make_again().await;
    for (from, to) in [(100, 110), (110, 400)] {
        bench.publish(from..to).await;
        let halt = bench.start().halt().await;
        assert!(matches!(halt, Halt::AnotherTopic { .. }), "{halt}");
    }
    assert_eq!(bench.books().await, (40, true), "nothing of the other topic went into these books");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_again_under_a_running_worker_halts_it() {
    let bench = Bench::new("running").await;
    let worker = bench.start();
    bench.publish(0..40).await;
    bench.wait_for(40).await;
    bench.make_again().await;
    bench.publish(100..110).await;
    let halt = worker.halt().await;
    assert!(matches!(halt, Halt::AnotherTopic { .. } | Halt::BeyondEnd { .. }), "{halt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_retention_deleted_before_the_first_worker_came_are_expired() {
    let bench = Bench::new("expired").await;
    bench.publish(0..50).await;
    bench.expire().await;
    bench.publish(50..60).await;
    let worker = bench.start();
    bench.wait_for(10).await;
    worker.stop().await.unwrap();
    let expired: i64 = sqlx::query_scalar("SELECT sum(expired)::bigint FROM pipeline.ledger")
        .fetch_one(&bench.pool())
        .await
        .unwrap();
    assert_eq!((expired, bench.books().await), (50, (10, true)));
}
