//! Asks Kafka for the id of a topic: what tells a topic from another one that was made later under the same
//! name.
//!
//! librdkafka knows how to ask (`DescribeTopics`, over the client's own TLS and login), its safe wrapper does
//! not. A connection of our own would have to bring TLS and SASL again, and what the client's debug log says
//! is no interface. So this crate holds the one call that needs `unsafe`, and the rest of the workspace goes
//! on to forbid it.

use std::ffi::CString;
use std::fmt;
use std::ptr::{self, NonNull};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rdkafka::ClientContext;
use rdkafka::bindings as c;
use rdkafka::client::Client;
use rdkafka::error::KafkaError;

/// Kafka did not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered {
    /// librdkafka's number of the error; 0 where it said nothing at all.
    pub code: i32,
}

/// What the name of librdkafka's mock cluster begins with. Kafka's own clusters have ids of 22 characters of
/// Base64.
const MOCK: &str = "mockCluster";

const SILENT: Unanswered = Unanswered { code: 0 };

impl Unanswered {
    #[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
    fn of(error: KafkaError) -> Self {
        Self { code: error.rdkafka_error_code().map_or(0, |code| code as i32) }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kafka did not say what the topic's id is (error {})", self.code)
    }
}

impl std::error::Error for Unanswered {}

/// The id of a topic in the form that Kafka's own tools print; `None` where the topic or its id is not known,
/// as with brokers before Kafka 2.8 and librdkafka's mock cluster. Waits for `patience` at most.
///
/// # Errors
///
/// [`Unanswered`] where no broker answered in time.
pub fn topic_id<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    patience: Duration,
) -> Result<Option<String>, Unanswered> {
    let Ok(name) = CString::new(topic) else { return Ok(None) };
    // While a broker that was known is away, a question for ids makes librdkafka connect to it again and again
    // without a pause, for as long as it waits. Metadata are asked for with the usual pauses.
    client.fetch_metadata(Some(topic), patience).map_err(Unanswered::of)?;
    // The mock cluster has no controller, and would be waited for in vain.
    if client.fetch_cluster_id(patience).is_some_and(|cluster| cluster.starts_with(MOCK)) {
        return Ok(None);
    }
    let limit = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    let native = client.native_ptr();
    // SAFETY: `native` lives as long as `client`, which is borrowed until the end.
    let queue = Owned::new(unsafe { c::rd_kafka_queue_new(native) }, c::rd_kafka_queue_destroy)?;
    let operation = c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
    // SAFETY: as above.
    let options = unsafe { c::rd_kafka_AdminOptions_new(native, operation) };
    let options = Owned::new(options, c::rd_kafka_AdminOptions_destroy)?;
    // SAFETY: the options are owned and alive; an error text of no length is allowed, and then not written.
    unsafe { c::rd_kafka_AdminOptions_set_request_timeout(options.get(), limit, ptr::null_mut(), 0) };
    let mut names = [name.as_ptr()];
    // SAFETY: one name, terminated by `CString`; the collection copies it.
    let topics = unsafe { c::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), names.len()) };
    let topics = Owned::new(topics, c::rd_kafka_TopicCollection_destroy)?;
    // SAFETY: all four are alive; the request keeps copies of topics and options, and a reference to the
    // queue.
    unsafe { c::rd_kafka_DescribeTopics(native, topics.get(), options.get(), queue.get()) };
    // SAFETY: the queue is owned and alive.
    let event = unsafe { c::rd_kafka_queue_poll(queue.get(), limit) };
    let event = Owned::new(event, c::rd_kafka_event_destroy)?;
    described(&event)
}

/// Reads the id out of the answer, which owns all that is read here.
fn described(event: &Owned<c::rd_kafka_event_t>) -> Result<Option<String>, Unanswered> {
    // SAFETY: the event is owned and alive.
    let error = unsafe { c::rd_kafka_event_error(event.get()) };
    if error != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Err(Unanswered { code: error as i32 });
    }
    // SAFETY: the event is owned and alive; an event of another kind gives null.
    let result = unsafe { c::rd_kafka_event_DescribeTopics_result(event.get()) };
    if result.is_null() {
        return Err(SILENT);
    }
    let mut count = 0;
    // SAFETY: the result is not null and belongs to the event.
    let topics = unsafe { c::rd_kafka_DescribeTopics_result_topics(result, &raw mut count) };
    if topics.is_null() || count == 0 {
        return Ok(None);
    }
    // SAFETY: the array holds `count` descriptions, which is at least one.
    let topic = unsafe { *topics };
    // SAFETY: the description belongs to the event; a topic that does not exist has the id 0.
    let id = unsafe { c::rd_kafka_TopicDescription_topic_id(topic) };
    if id.is_null() {
        return Ok(None);
    }
    // SAFETY: the id is not null and belongs to the description.
    let high = unsafe { c::rd_kafka_Uuid_most_significant_bits(id) };
    // SAFETY: as above.
    let low = unsafe { c::rd_kafka_Uuid_least_significant_bits(id) };
    let bits = u128::from(high.cast_unsigned()) << 64 | u128::from(low.cast_unsigned());
    Ok((bits != 0).then(|| URL_SAFE_NO_PAD.encode(bits.to_be_bytes())))
}

/// Something of librdkafka's that is destroyed when it is no longer needed.
struct Owned<T> {
    held: NonNull<T>,
    destroy: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    fn new(made: *mut T, destroy: unsafe extern "C" fn(*mut T)) -> Result<Self, Unanswered> {
        NonNull::new(made).map(|held| Self { held, destroy }).ok_or(SILENT)
    }

    fn get(&self) -> *mut T {
        self.held.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it was made by librdkafka, is owned here alone, and `destroy` is the function for its kind.
        unsafe { (self.destroy)(self.held.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::ClientConfig;
    use rdkafka::consumer::{BaseConsumer, Consumer};
    use rdkafka::mocking::MockCluster;

    use super::*;

    fn consumer(brokers: &str) -> BaseConsumer {
        ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap()
    }

    #[test]
    fn a_topic_that_does_not_exist_has_no_id_and_the_mock_cluster_answers() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("there", 1, 1).unwrap();
        let consumer = consumer(&cluster.bootstrap_servers());
        let patience = Duration::from_secs(10);
        assert_eq!(topic_id(consumer.client(), "a\0b", patience), Ok(None), "no topic can have this name");
        assert_eq!(topic_id(consumer.client(), "nowhere", patience), Ok(None));
        let there = topic_id(consumer.client(), "there", patience);
        assert!(there.is_ok(), "{there:?}");
    }

    #[test]
    fn a_broker_that_is_away_tells_nothing_and_is_waited_for_no_longer_than_asked() {
        let consumer = consumer("127.0.0.1:1");
        assert!(topic_id(consumer.client(), "a", Duration::from_millis(200)).is_err());
    }
}
