//! Creating topics: through Kafka's admin API, or through the mock cluster, which has none.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use cekbrand_schema::Topics;
use cekbrand_schema::kafka::KafkaSettings;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A record's age counts from its arrival at the broker: retention then keeps what a receiver with a slow
/// clock wrote for as long as everything else, and takes what one with a fast clock writes.
const TIMESTAMP_TYPE: &str = "message.timestamp.type";
const FROM_ARRIVAL: &str = "LogAppendTime";

/// What every topic shall be.
#[derive(Debug, Clone)]
pub(crate) struct TopicPlan {
    /// Their names.
    pub(crate) topics: Topics,
    /// Partitions of each.
    pub(crate) partitions: i32,
    /// Copies of each partition.
    pub(crate) replication: i32,
    /// How long records are kept.
    pub(crate) retention: Duration,
}

/// What became of one topic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was created.
    Created,
    /// It was there, as planned.
    Unchanged,
    /// It was there, and differs from the plan, which changes no topic that exists. One sentence says how.
    Differs(String),
}

/// A topic of the plan, and what became of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    /// Its name.
    pub(crate) topic: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

/// Creates what is lacking; leaves what exists.
pub(crate) trait TopicAdmin {
    /// Makes sure that every topic of the plan exists.
    async fn create(&self, plan: &TopicPlan) -> Result<Vec<Planned>>;
}

/// Real brokers.
pub(crate) struct KafkaTopicAdmin {
    client: AdminClient<DefaultClientContext>,
    brokers: String,
}

impl KafkaTopicAdmin {
    /// A client of these brokers, not yet connected.
    pub(crate) fn new(settings: &KafkaSettings) -> Result<Self> {
        let mut config = ClientConfig::new();
        for (name, value) in settings.properties() {
            config.set(name, value);
        }
        let client =
            config.create().context("the Kafka client refuses its settings: check CEKBRAND__KAFKA__*")?;
        Ok(Self { client, brokers: settings.brokers.clone() })
    }

    /// What [`TopicAdmin::create`] would find, without making anything: `Created` are those that it would make.
    pub(crate) async fn look(&self, plan: &TopicPlan) -> Result<Vec<Planned>> {
        // All of them: a broker may make a topic that is asked for by its name.
        let metadata = self.client.inner().fetch_metadata(None, TIMEOUT).with_context(|| {
            format!("Kafka at {} does not answer: check CEKBRAND__KAFKA__BROKERS", self.brokers)
        })?;
        let mut found = Vec::new();
        for (_, topic) in plan.topics.iter() {
            let is_there = metadata.topics().iter().any(|held| held.name() == topic);
            let outcome = if is_there { self.compare(topic, plan).await? } else { Outcome::Created };
            found.push(Planned { topic: topic.to_owned(), outcome });
        }
        Ok(found)
    }

    async fn compare(&self, topic: &str, plan: &TopicPlan) -> Result<Outcome> {
        let metadata = self.client.inner().fetch_metadata(Some(topic), TIMEOUT).context("no metadata")?;
        let partitions = metadata.topics().first().map_or(0, |found| found.partitions().len());
        let resource = ResourceSpecifier::Topic(topic);
        let answers = self.client.describe_configs([&resource], &AdminOptions::new()).await;
        let config = answers.context("topics cannot be described")?.into_iter().next();
        let config = config.with_context(|| format!("{topic} has no configuration"))?;
        let config = config.map_err(|code| anyhow::anyhow!("{topic} cannot be described: {code}"))?;
        let held = |name| config.get(name).and_then(|entry| entry.value.clone()).unwrap_or_default();
        let (retention, timestamps) = (held("retention.ms"), held(TIMESTAMP_TYPE));
        let mut differences = Vec::new();
        if i32::try_from(partitions) != Ok(plan.partitions) {
            differences.push(format!("has {partitions} partitions, not {}", plan.partitions));
        }
        if retention != plan.retention.as_millis().to_string() {
            differences.push(format!("has retention.ms {retention}, not {}", plan.retention.as_millis()));
        }
        if timestamps != FROM_ARRIVAL {
            differences.push(format!(
                "has {TIMESTAMP_TYPE} {timestamps}, not {FROM_ARRIVAL}, so that a receiver with a wrong clock loses records or cannot \
                 write them"
            ));
        }
        if differences.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        Ok(Outcome::Differs(differences.join(" and ")))
    }
}

impl TopicAdmin for KafkaTopicAdmin {
    async fn create(&self, plan: &TopicPlan) -> Result<Vec<Planned>> {
        let retention = plan.retention.as_millis().to_string();
        let wanted: Vec<NewTopic<'_>> = plan
            .topics
            .iter()
            .map(|(_, topic)| {
                NewTopic::new(topic, plan.partitions, TopicReplication::Fixed(plan.replication))
                    .set("retention.ms", &retention)
                    .set(TIMESTAMP_TYPE, FROM_ARRIVAL)
            })
            .collect();
        let options = AdminOptions::new().operation_timeout(Some(TIMEOUT)).request_timeout(Some(TIMEOUT));
        let results = self.client.create_topics(&wanted, &options).await.with_context(|| {
            format!("Kafka at {} does not answer: check CEKBRAND__KAFKA__BROKERS", self.brokers)
        })?;
        let mut outcomes = Vec::new();
        for result in results {
            match result {
                Ok(topic) => outcomes.push(Planned { topic, outcome: Outcome::Created }),
                Err((topic, RDKafkaErrorCode::TopicAlreadyExists)) => {
                    let outcome = self.compare(&topic, plan).await?;
                    outcomes.push(Planned { topic, outcome });
                }
                Err((topic, code)) => bail!("Kafka does not create {topic}: {code}"),
            }
        }
        Ok(outcomes)
    }
}

/// librdkafka's cluster inside this process, for the demo.
pub(crate) struct MockTopicAdmin<'a>(pub(crate) &'a MockCluster<'static, DefaultProducerContext>);

impl TopicAdmin for MockTopicAdmin<'_> {
    async fn create(&self, plan: &TopicPlan) -> Result<Vec<Planned>> {
        let mut outcomes = Vec::new();
        for (_, topic) in plan.topics.iter() {
            self.0
                .create_topic(topic, plan.partitions, plan.replication)
                .with_context(|| format!("the mock cluster does not create {topic}"))?;
            outcomes.push(Planned { topic: topic.to_owned(), outcome: Outcome::Created });
        }
        Ok(outcomes)
    }
}
