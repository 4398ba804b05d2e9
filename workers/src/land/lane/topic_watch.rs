//! Keeps an eye on the topic's id: another topic under the same name must not go on in the same books, whatever its offsets.

use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::client::Client;

use crate::land::Halt;

/// How often a running lane looks. Taking a partition compares as well; this is for a topic that is made again under a running worker.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long Kafka may take to tell an id. A lane goes on without: an id that is not known stops nobody.
const PATIENCE: Duration = Duration::from_secs(3);

/// The id of a lane's topic, as last told.
pub(super) struct TopicWatch {
    topic: String,
    id: Option<String>,
    look_at: Instant,
}

impl TopicWatch {
    pub(super) fn new(topic: &str) -> Self {
        Self { topic: topic.to_owned(), id: None, look_at: Instant::now() }
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
        self.look_at = Instant::now() + LOOK_EVERY;
        let found = cekbrand_topic_id::topic_id(client, &self.topic, PATIENCE).unwrap_or_else(|error| {
            tracing::debug!(kafka.topic = self.topic, error = %error, "the topic's id is not known for now");
            None
        });
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
