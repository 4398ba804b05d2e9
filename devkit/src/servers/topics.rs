//! Topics of a test's own on the shared broker.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cekbrand_schema::Topics;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Creates every topic of `topics` and waits until each partition has a leader.
pub(super) async fn create(brokers: &str, topics: &Topics, partitions: i32) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .create()
        .context("cannot create a Kafka admin client")?;
    let wanted: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|(_, topic)| NewTopic::new(topic, partitions, TopicReplication::Fixed(1)))
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(TIMEOUT));
    for result in admin.create_topics(&wanted, &options).await.context("cannot create topics")? {
        if let Err((topic, code)) = result {
            bail!("the broker does not create {topic}: {code}");
        }
    }
    wait_for_leaders(&admin, topics, partitions).await
}

async fn wait_for_leaders(
    admin: &AdminClient<DefaultClientContext>,
    topics: &Topics,
    partitions: i32,
) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    for (_, topic) in topics.iter() {
        loop {
            let metadata = admin.inner().fetch_metadata(Some(topic), TIMEOUT).context("no metadata")?;
            let led = metadata
                .topics()
                .iter()
                .flat_map(rdkafka::metadata::MetadataTopic::partitions)
                .filter(|partition| partition.leader() >= 0)
                .count();
            if i32::try_from(led) == Ok(partitions) {
                break;
            }
            if Instant::now() > deadline {
                bail!("{topic} has {led} of {partitions} leaders after {} s", TIMEOUT.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}
