//! Where records go: a [`Publisher`] answers only when every record is durable, and hands back what it could
//! not publish.
//!
//! - [`kafka`]: the producer. `outbox` gathers what arrives together before it, `countdown` says after it
//!   when a delivery is through, `wire` is a record as a message.
//! - [`spool`]: around the producer, for when Kafka is away. [`memory`]: remembers, for tests.

mod countdown;
pub mod kafka;
pub mod memory;
mod outbox;
pub mod spool;
mod wire;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::record::Record;

/// The outcome of publishing, when it comes.
pub type Published<'a> = Pin<Box<dyn Future<Output = Result<(), Unpublished>> + Send + 'a>>;

/// Makes records durable. One may stand around another: it publishes there, and keeps what comes back.
pub trait Publisher: Send + Sync + 'static {
    /// Publishes the records of one delivery. Records that come back may have become durable all the same:
    /// whoever publishes them again produces duplicates, which landing tells apart.
    fn publish(&self, records: Vec<Record>) -> Published<'_>;

    /// Whether records are taken.
    ///
    /// # Errors
    ///
    /// One sentence saying why not.
    fn ready(&self) -> Result<(), String>;

    /// What an operator should know although records are taken, in one sentence.
    fn remark(&self) -> Option<String> {
        None
    }

    /// Looks after the publisher: mends what can be mended, and finds out what [`Publisher::ready`] answers
    /// when nothing is published. Blocks for up to `timeout`: call it every few seconds, where blocking is
    /// allowed.
    fn check(&self, timeout: Duration);

    /// Waits until everything is durable or was handed back. Blocks for up to `timeout`.
    ///
    /// # Errors
    ///
    /// [`Unflushed`] where records are still on their way after that.
    fn flush(&self, timeout: Duration) -> Result<(), Unflushed>;
}

/// Records that are not known to be durable, in no particular order.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unpublished {
    /// The first reason.
    pub error: PublishError,
    /// The records.
    pub records: Vec<Record>,
}

/// Why records are not known to be durable. To the sender each is a 503: it keeps the delivery and tries
/// again.
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
    /// Kafka is away, and the spool has no room for the records.
    #[error("the spool is full")]
    SpoolFull,
    /// Kafka is away, and the spool cannot be written to.
    #[error("the spool failed: {0}")]
    SpoolFailed(String),
}

impl PublishError {
    /// The name used as a metric label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::TimedOut => "timed_out",
            Self::Refused(_) => "refused",
            Self::SpoolFull => "spool_full",
            Self::SpoolFailed(_) => "spool_failed",
        }
    }
}

/// Records were still on their way when the time was over.
#[derive(Debug, thiserror::Error)]
#[error("records are still on their way")]
pub struct Unflushed(#[source] pub Box<dyn std::error::Error + Send + Sync>);
