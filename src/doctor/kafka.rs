//! Kafka: it lets us in, and every topic is there with the partitions that are planned.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cekbrand_schema::Topics;
use cekbrand_schema::kafka::KafkaSettings;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::finding::Finding;
use crate::config::Config;

/// How long a broker may take.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long the client is listened to for a word, and for how many.
const MOMENT: Duration = Duration::from_millis(100);
const WORDS: usize = 20;

/// Looks at the brokers and the topics.
pub(super) async fn check(config: &Config, findings: &mut Vec<Finding>) {
    let (Ok(settings), Ok(plan)) = (config.kafka(), config.topic_plan()) else { return };
    let (topics, planned) = (config.topics(), plan.partitions);
    let asked = tokio::task::spawn_blocking(move || ask(&settings, &topics, planned));
    match asked.await {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(Finding::unknown("kafka", format!("the look broke off: {error}"))),
    }
}

fn ask(settings: &KafkaSettings, topics: &Topics, planned: i32) -> Vec<Finding> {
    let said = Said::default();
    let consumer = match connect(settings, &said) {
        Ok(consumer) => consumer,
        Err(error) => {
            let mend = "mend CEKBRAND__KAFKA__* by what the client says";
            return vec![Finding::wrong("kafka", format!("the client refuses its settings: {error}"), mend)];
        }
    };
    if let Err(error) = consumer.fetch_metadata(None, PATIENCE) {
        said.listen(&consumer);
        return vec![unreachable(settings, &error, &said)];
    }
    let mut findings = vec![Finding::fine("kafka", format!("{} lets us in", settings.brokers))];
    for (_, topic) in topics.iter() {
        findings.push(look_at(&consumer, topic, planned).of(topic));
    }
    findings
}

fn connect(settings: &KafkaSettings, said: &Said) -> Result<BaseConsumer<Said>, KafkaError> {
    let mut config = ClientConfig::new();
    for (name, value) in settings.properties() {
        config.set(name, value);
    }
    config.set_log_level(RDKafkaLogLevel::Warning);
    config.create_with_context(said.clone())
}

fn unreachable(settings: &KafkaSettings, error: &KafkaError, said: &Said) -> Finding {
    let brokers = &settings.brokers;
    if let Some(words) = said.login_refusal() {
        return Finding::wrong(
            "kafka",
            format!("{brokers} does not let us in: {words}"),
            "compare CEKBRAND__KAFKA__SECURITY_PROTOCOL, __SASL_MECHANISM, __SASL_USERNAME and __SASL_PASSWORD with what the brokers want",
        );
    }
    let words = said.last().unwrap_or_else(|| error.to_string());
    let mend = "start Kafka, or mend CEKBRAND__KAFKA__BROKERS";
    Finding::wrong("kafka", format!("{brokers} does not answer: {words}"), mend)
}

fn look_at(consumer: &BaseConsumer<Said>, topic: &str, planned: i32) -> Finding {
    let metadata = match consumer.fetch_metadata(Some(topic), PATIENCE) {
        Ok(metadata) => metadata,
        Err(error) => return Finding::unknown("topic", format!("Kafka does not tell about it: {error}")),
    };
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let partitions =
        found.filter(|found| found.error().is_none()).map_or(0, |found| found.partitions().len());
    if partitions == 0 {
        return Finding::wrong("topic", "it is not there", "run `cekbrand migrate`");
    }
    if i32::try_from(partitions) == Ok(planned) {
        return Finding::fine("topic", format!("it has {partitions} partitions"));
    }
    Finding::wrong(
        "topic",
        format!("it has {partitions} partitions, and CEKBRAND__KAFKA__PARTITIONS says {planned}"),
        "set the setting to what there is, or add partitions with Kafka's own tools (they cannot be taken away)",
    )
}

/// One thing that the client said; a line of its log has no code.
#[derive(Debug, Clone)]
struct Word {
    code: Option<RDKafkaErrorCode>,
    text: String,
}

impl Word {
    /// Whether it is about being let in.
    fn is_refusal(&self) -> bool {
        match self.code {
            Some(code) => matches!(
                code,
                RDKafkaErrorCode::Authentication
                    | RDKafkaErrorCode::SaslAuthenticationFailed
                    | RDKafkaErrorCode::SSL
            ),
            None => ["SASL", "SSL", "uthentication"].iter().any(|sign| self.text.contains(sign)),
        }
    }
}

/// What the client says while it tries, which its errors leave out.
#[derive(Debug, Clone, Default)]
struct Said(Arc<Mutex<Vec<Word>>>);

impl Said {
    fn note(&self, code: Option<RDKafkaErrorCode>, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Word { code, text });
    }

    fn words(&self) -> Vec<Word> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what the client has to say: it tells nobody who does not ask.
    fn listen(&self, consumer: &BaseConsumer<Self>) {
        for _ in 0..WORDS {
            if let Some(Err(error)) = consumer.poll(MOMENT) {
                self.error(error, "");
            }
        }
    }

    fn login_refusal(&self) -> Option<String> {
        self.words().into_iter().find(Word::is_refusal).map(|word| word.text)
    }

    fn last(&self) -> Option<String> {
        self.words().pop().map(|word| word.text)
    }
}

impl ClientContext for Said {
    fn log(&self, _: RDKafkaLogLevel, _: &str, words: &str) {
        let text = words.rsplit_once("]: ").map_or(words, |(_, words)| words);
        self.note(None, text.to_owned());
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let text = if reason.is_empty() { error.to_string() } else { reason.to_owned() };
        self.note(error.rdkafka_error_code(), text);
    }
}

impl ConsumerContext for Said {}
