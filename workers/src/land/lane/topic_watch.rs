//! Keeps an eye on the topic's id: another topic under the same name must not go on in the same books,
//! whatever its offsets.

use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::client::Client;

use crate::land::Halt;

/// How often a running lane looks. Taking a partition compares as well; this is for a topic that is made
/// again under a running worker.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// When Kafka is asked again that did not answer.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long Kafka may take to tell an id.
const PATIENCE: Duration = Duration::from_secs(3);

/// The id of a lane's topic, as last told.
pub(super) struct TopicWatch {
    topic: String,
    id: Option<String>,
    is_answered: bool,
    look_at: Instant,
}

impl TopicWatch {
    pub(super) fn new(topic: &str) -> Self {
        Self { topic: topic.to_owned(), id: None, is_answered: false, look_at: Instant::now() }
    }

    /// Whether Kafka has answered at all. It may have said that it knows no ids, which stops nobody.
    pub(super) fn is_answered(&self) -> bool {
        self.is_answered
    }

    /// The id, where it is known.
    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Looks whether the topic is still the one it was, if it is time to.
    ///
    /// # Errors
    ///
    /// [`Halt::AnotherTopic`]
    pub(super) fn look<C: ClientContext>(&mut self, client: &Client<C>) -> Result<(), Halt> {
        if Instant::now() < self.look_at {
            return Ok(());
        }
        let found = match cekbrand_topic_id::topic_id(client, &self.topic, PATIENCE) {
            Ok(found) => found,
            Err(error) => {
                self.look_at = Instant::now() + AGAIN_AFTER;
                tracing::warn!(kafka.topic = self.topic, error = %error, "the topic's id is not known for now");
                return Ok(());
            }
        };
        self.look_at = Instant::now() + LOOK_EVERY;
        self.is_answered = true;
        let Some(found) = found else { return Ok(()) };
        match &self.id {
            Some(held) if *held != found => {
                Err(Halt::AnotherTopic { topic: self.topic.clone(), held: held.clone(), found })
            }
            Some(_) => Ok(()),
            None => {
                self.id = Some(found);
                Ok(())
            }
        }
    }
}
