//! Landing: from Kafka's records to rows, each change exactly once.
//!
//! ```text
//!  lane (a thread, a consumer) ─▶ decode ─▶ batch ─▶ transaction: positions locked ─▶ dedupe
//!     │                                        │     ─▶ event, rows, tasks, marks ─▶ next offset, counters
//!     │ in the group while the database answers└ data error: bisect to the record, which is dead-lettered
//!     │ assigned: raise the epoch, start at the stored offset
//!     └ lost by the books: taken again, and nothing of the partition is committed meanwhile
//! ```
//!
//! - [`landing`]: the lanes as loops. [`lane`]: one consumer for each lane, on a thread of its own.
//! - [`position`]: epochs and offsets, from PostgreSQL.
//! - [`decode`]: what a record is. [`batch`]: one transaction, and what to do when it fails.
//!   `sort`: what each record of a batch is. `suppressed`: those that are about erased subjects.
//!   `followed`: the spans of a batch, where traces are on.
//! - [`limit`]: when to stop rather than drain a topic into dead letters. [`made`]: which rows and reads a
//!   payload makes.
//! - [`books`]: the statements of the books. [`store`]: the other statements.
//!
//! Invariants: landed rows, dedupe key, tasks, counters and the partition's next offset commit together or
//! not at all; a worker that lost a partition commits nothing of it; Kafka's committed offset is a copy that
//! nothing reads; no lock of a Graph call is waited for; nothing waits inside the rebalance callback.

pub mod batch;
pub mod books;
pub mod decode;
mod followed;
pub mod landing;
pub mod lane;
pub mod limit;
pub mod made;
pub mod position;
mod sort;
pub mod store;
mod suppressed;

use std::collections::BTreeMap;

use cekbrand_schema::Lane;

/// A partition that this worker owns, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The ownership: whoever takes the partition raises it.
    pub epoch: i64,
    /// The next offset to land.
    pub next: i64,
}

/// The partitions of one topic that this worker owns.
pub type Positions = BTreeMap<i32, Position>;

/// What happened to the records of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// New changes whose rows were written.
    pub landed: u64,
    /// Changes that had landed before.
    pub duplicates: u64,
    /// Changes and bodies that went into `pipeline.dead_letter`.
    pub dead_lettered: u64,
    /// Further parts of a body that was counted with its first part.
    pub continued: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.landed += other.landed;
        self.duplicates += other.duplicates;
        self.dead_lettered += other.dead_lettered;
        self.continued += other.continued;
    }

    fn total(self) -> u64 {
        self.landed + self.duplicates + self.dead_lettered + self.continued
    }
}

/// Why a worker stops. Each needs a person; everything else is retried.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// The topic has another id than the books': it was deleted and made again, or the database belongs to
    /// another cluster.
    #[error(
        "the topic {topic} is another one than the books are of (its id is {found}, theirs is {held}): it was deleted and made again, or the database \
         belongs to another cluster; start with a new topic prefix, or delete the topic's rows from pipeline.consumer_offset to land it from its start"
    )]
    AnotherTopic {
        /// The topic.
        topic: String,
        /// The id in the books.
        held: String,
        /// The id that Kafka tells.
        found: String,
    },
    /// The stored offset lies beyond the log's end: the topic was deleted and created again, or the books
    /// belong to another cluster.
    #[error(
        "partition {partition} of {topic} ends at offset {end}, but the books stand at {next}: the topic was recreated or the database belongs to \
         another cluster; start with a new topic prefix, or delete the topic's rows from pipeline.consumer_offset to land it from its start"
    )]
    BeyondEnd {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Kafka's next offset.
        end: i64,
        /// The stored next offset.
        next: i64,
    },
    /// Too many dead letters: a bug or a wrong topic is likelier than so many bad changes.
    #[error(
        "{dead} of the last {of} records of lane {lane} could not be landed, the last because: {reason}; the worker stops rather than drain the topic"
    )]
    TooManyDeadLetters {
        /// The lane.
        lane: Lane,
        /// How many.
        dead: u32,
        /// Of how many.
        of: u32,
        /// The last error.
        reason: String,
    },
    /// The consumer cannot be built or cannot subscribe.
    #[error("the consumer of lane {lane} cannot start: check CEKBRAND__KAFKA__*")]
    Consumer {
        /// The lane.
        lane: Lane,
        /// What the client says.
        #[source]
        source: rdkafka::error::KafkaError,
    },
    /// A loop of the worker that must not end has ended.
    #[error("the loop {name} has ended: {reason}")]
    Loop {
        /// Its name.
        name: &'static str,
        /// How.
        reason: String,
    },
}
