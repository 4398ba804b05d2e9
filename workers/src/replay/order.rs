//! What a replay is asked to do, and why that is refused before anything is changed.

use cekbrand_schema::{Lane, Topics};
use jiff::Timestamp;
use sqlx::PgPool;

use super::store;

/// What to go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The lane whose topic is gone through.
    pub lane: Lane,
    /// The topic.
    pub topic: String,
    /// Where the changes come from.
    pub source: Source,
    /// Start of the range, inclusive.
    pub from: Timestamp,
    /// End of the range, exclusive.
    pub to: Timestamp,
    /// Only this account.
    pub account: Option<String>,
    /// What becomes of reads.
    pub enrich: Enrich,
    /// Whether each portion is rolled back.
    pub dry_run: bool,
}

/// Where changes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Kafka, as far back as it keeps records.
    Kafka,
    /// `pipeline.event`.
    Events,
}

/// What becomes of reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrich {
    /// Recorded answers of the range make their rows again.
    Recorded,
    /// What the changes make wanted is read anew, in the last lane.
    Fresh,
    /// Nothing.
    None,
}

impl Source {
    /// The name in the `source` column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Events => "events",
        }
    }

    /// The source of a name in the column.
    pub(super) fn of(name: &str) -> Self {
        if name == "events" { Self::Events } else { Self::Kafka }
    }
}

impl Enrich {
    /// The name in the `enrich` column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Fresh => "fresh",
            Self::None => "none",
        }
    }

    /// What a name in the column stands for.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "recorded" => Self::Recorded,
            "fresh" => Self::Fresh,
            _ => Self::None,
        }
    }
}

/// Why something is not gone through. Nothing was changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No topic of ours has this name.
    #[error("{topic} is no topic of this installation: there are {known}")]
    UnknownTopic {
        /// What was given.
        topic: String,
        /// The topics there are.
        known: String,
    },
    /// Dead letters make no rows.
    #[error("dead letters make no rows: `cekbrand dlq retry` publishes them again")]
    DeadLetters,
    /// The topic is not in Kafka.
    #[error("Kafka has no topic {topic}: `cekbrand migrate` makes it, --source events goes without it")]
    MissingTopic {
        /// The topic.
        topic: String,
    },
    /// The range ends before it begins.
    #[error(
        "the range ends at {to}, which is not after its start at {from}: give --to a later time than --from"
    )]
    Inverted {
        /// Start.
        from: Timestamp,
        /// End.
        to: Timestamp,
    },
    /// The range begins in the future.
    #[error("the range begins at {from}, which is still to come: give --from a time before {now}")]
    Future {
        /// Start.
        from: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// Nothing was ever heard of the account.
    #[error("no change of account {account} ever landed: `cekbrand account list` shows who is known")]
    UnknownAccount {
        /// The account.
        account: String,
    },
    /// Kafka no longer has the start of the range.
    #[error(
        "Kafka keeps records of {topic} from {since} on, and the range begins at {from}: give --from {since}, or --source events"
    )]
    Expired {
        /// The topic.
        topic: String,
        /// From when every partition has its records, as far as is known.
        since: Timestamp,
        /// Start.
        from: Timestamp,
    },
    /// Everything that Kafka had of a partition is deleted.
    #[error("Kafka has deleted all records of {topic} in partition {partition}: replay with --source events")]
    AllExpired {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// There is no such run.
    #[error("there is no replay {id}: leave --resume out to begin one")]
    UnknownRun {
        /// What was given.
        id: i64,
    },
    /// The run is done.
    #[error("replay {id} is done: leave --resume out to begin another")]
    Done {
        /// The run.
        id: i64,
    },
    /// A dry run changes nothing that could be gone on with.
    #[error("replay {id} is a dry run, which changed nothing: begin it anew")]
    DryRun {
        /// The run.
        id: i64,
    },
    /// Another process is at it.
    #[error("replay {id} is under way in another process: wait for it, or stop it first")]
    Busy {
        /// The run.
        id: i64,
    },
}

/// Finds the lane that a topic's name, with or without the installation's prefix, or a lane's name means.
///
/// # Errors
/// [`Refusal::UnknownTopic`], [`Refusal::DeadLetters`]
pub fn lane(topics: &Topics, name: &str) -> Result<Lane, Refusal> {
    let of_plain = || Lane::ALL.into_iter().find(|lane| lane.topic() == name || lane.as_str() == name);
    let found = topics.lane(name).or_else(of_plain).ok_or_else(|| {
        let known = topics.iter().filter(|(lane, _)| *lane != Lane::DeadLetter).map(|(_, topic)| topic);
        Refusal::UnknownTopic { topic: name.to_owned(), known: known.collect::<Vec<_>>().join(", ") }
    })?;
    if found == Lane::DeadLetter { Err(Refusal::DeadLetters) } else { Ok(found) }
}

/// Refuses what makes no sense.
pub(super) async fn check(pool: &PgPool, order: &Order, now: Timestamp) -> Result<(), super::ReplayError> {
    let Order { from, to, account, .. } = order;
    if *from > now {
        return Err(Refusal::Future { from: *from, now }.into());
    }
    if to <= from {
        return Err(Refusal::Inverted { from: *from, to: *to }.into());
    }
    if let Some(account) = account
        && !store::is_known(pool, account).await?
    {
        return Err(Refusal::UnknownAccount { account: account.clone() }.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_found_by_its_name_with_and_without_prefix_and_by_its_lane() {
        let topics = Topics::with_prefix("test.");
        for name in ["test.instagram.comments.v1", "instagram.comments.v1", "comments"] {
            assert_eq!(lane(&topics, name), Ok(Lane::Comments), "{name}");
        }
        assert_eq!(lane(&topics, "dead-letter"), Err(Refusal::DeadLetters));
        let refusal = lane(&topics, "test.instagram.podcasts.v1").unwrap_err().to_string();
        assert!(
            refusal.contains("test.instagram.comments.v1") && !refusal.contains("dead-letter"),
            "{refusal}"
        );
    }
}
