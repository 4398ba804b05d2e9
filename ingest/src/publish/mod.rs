//! Where records go: a [`Publisher`] answers only when every record is durable.
//!
//! - [`kafka`]: the producer. `outbox` gathers what arrives together before it, `countdown` says after it when a delivery is through.
//! - [`memory`]: remembers, for tests.

mod countdown;
pub mod kafka;
pub mod memory;
mod outbox;

use std::future::Future;
use std::pin::Pin;

use crate::record::Record;

/// The outcome of publishing, when it comes.
pub type Published<'a> = Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send + 'a>>;

/// Takes the records of one delivery and says when all of them are durable.
pub trait Publisher: Send + Sync + 'static {
    /// Publishes `records`, which share the trace context `traceparent`. Some of them may have become durable even
    /// where the outcome is an error: whoever asks again produces duplicates, which landing tells apart.
    fn publish(&self, records: Vec<Record>, traceparent: String) -> Published<'_>;
}

/// Why records are not known to be durable. To the sender each is a 503: it keeps the delivery and tries again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The producer's own queue is full.
    #[error("the producer's queue is full")]
    QueueFull,
    /// No acknowledgement in time.
    #[error("kafka did not acknowledge in time")]
    TimedOut,
    /// Kafka, or the client, refused a record.
    #[error("a record was refused: {0}")]
    Refused(String),
}

impl PublishError {
    /// The name used as a metric label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::TimedOut => "timed_out",
            Self::Refused(_) => "refused",
        }
    }
}
