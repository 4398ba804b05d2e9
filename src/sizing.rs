//! What an installation needs for so many accounts, and what binds first: arithmetic on the costs of one
//! thing each.

/// What comes in, on an average day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Accounts that are watched.
    pub(crate) accounts: f64,
    /// Comments an account gets a day.
    pub(crate) comments: f64,
    /// Stories an account publishes a day.
    pub(crate) stories: f64,
    /// Posts and reels an account publishes a day.
    pub(crate) posts: f64,
    /// How often an account's media are seen a day: Meta's quota follows it.
    pub(crate) impressions: f64,
    /// How much more than the average the busiest minute brings.
    pub(crate) peak: f64,
}

/// What one thing costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnitCosts {
    /// Bytes of a change that landed: the event, its dedupe key, the comment's row, indexes included.
    pub(crate) change_bytes: f64,
    /// Bytes of a recorded Graph answer.
    pub(crate) answer_bytes: f64,
    /// Bytes of the figures of one reading of a medium.
    pub(crate) figures_bytes: f64,
    /// Bytes of an account's day in the analytics tables.
    pub(crate) day_bytes: f64,
    /// Changes a second that one partition of a topic lands.
    pub(crate) landed_per_partition: f64,
    /// Changes a second that one core of the receiver takes, one in each delivery.
    pub(crate) received_per_core: f64,
    /// Seconds that a Graph call takes.
    pub(crate) call_seconds: f64,
    /// Calls under way in one worker.
    pub(crate) calls_at_once: f64,
}

/// Bytes as measured, rates as assumed: deploy/sizing.md says how, and how to measure your own.
pub(crate) const USUAL: UnitCosts = UnitCosts {
    change_bytes: 1_460.0,
    answer_bytes: 1_280.0,
    figures_bytes: 3_120.0,
    day_bytes: 3_000.0,
    landed_per_partition: 400.0,
    received_per_core: 10_000.0,
    call_seconds: 0.4,
    calls_at_once: 16.0,
};

/// Days that recorded answers are kept.
const ANSWERS_KEPT: f64 = 90.0;
/// Days that events are kept.
const EVENTS_KEPT: f64 = 400.0;
const DAY_SECONDS: f64 = 86_400.0;
/// Meta's quota: calls a day for each time that something of the account was seen.
const CALLS_PER_IMPRESSION: f64 = 4800.0;
/// Partitions of a topic by default.
const PARTITIONS: f64 = 12.0;
const GIGABYTE: f64 = 1e9;

/// What is needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sizing {
    /// Changes a second, in the busiest minute.
    pub(crate) changes_per_second: f64,
    /// Graph calls of an account a day.
    pub(crate) calls_per_account: f64,
    /// What Meta allows an account a day.
    pub(crate) quota_per_account: f64,
    /// Graph calls a second, all accounts together.
    pub(crate) calls_per_second: f64,
    /// Workers.
    pub(crate) workers: f64,
    /// Cores of the receiver.
    pub(crate) receiver_cores: f64,
    /// Partitions of a lane's topic.
    pub(crate) partitions: f64,
    /// Gigabytes in PostgreSQL after a year.
    pub(crate) database_gigabytes: f64,
    /// Gigabytes in Kafka, one copy.
    pub(crate) kafka_gigabytes: f64,
    /// Connections to PostgreSQL.
    pub(crate) connections: f64,
}

/// Works it out.
pub(crate) fn size(load: Load, units: UnitCosts) -> Sizing {
    let changes_per_day = load.accounts * (load.comments + load.stories);
    let changes_per_second = changes_per_day / DAY_SECONDS * load.peak;
    let calls_per_account = calls(load);
    let calls_per_second = load.accounts * calls_per_account / DAY_SECONDS;
    let reading = (calls_per_second * units.call_seconds / units.calls_at_once).ceil();
    let partitions = (changes_per_second / units.landed_per_partition).ceil().max(PARTITIONS);
    // Two at least: one may be restarted.
    let workers = reading.max((partitions / PARTITIONS).ceil()).max(2.0);
    let year = 365.0;
    let events = changes_per_day * units.change_bytes * EVENTS_KEPT.min(year);
    let answers = load.accounts * calls_per_account * units.answer_bytes * ANSWERS_KEPT;
    let figures = load.accounts * figures_per_day(load) * units.figures_bytes * year;
    let days = load.accounts * units.day_bytes * year;
    Sizing {
        changes_per_second,
        calls_per_account,
        quota_per_account: CALLS_PER_IMPRESSION * load.impressions,
        calls_per_second,
        workers,
        receiver_cores: (changes_per_second / units.received_per_core).ceil().max(1.0),
        partitions,
        database_gigabytes: (events + answers + figures + days) / GIGABYTE,
        kafka_gigabytes: changes_per_day * 14.0 * 1_000.0 / GIGABYTE,
        connections: workers * 24.0 + 16.0,
    }
}

/// An account's Graph calls a day: its node and figures, stories (listed every four hours, three readings
/// each), media on the ageing curve (hourly on their first day, daily for 28, then weekly for a year), and
/// the media with new comments, which are read hourly at most.
fn calls(load: Load) -> f64 {
    let account = 12.0;
    let stories = 6.0 + 3.0 * load.stories;
    account + stories + media_readings(load) + load.comments.min(24.0)
}

fn media_readings(load: Load) -> f64 {
    load.posts * (24.0 + 28.0 + 48.0)
}

/// Readings of which the day keeps one.
fn figures_per_day(load: Load) -> f64 {
    load.stories + load.posts * (1.0 + 28.0 + 48.0)
}

impl Sizing {
    /// What binds first, in words.
    pub(crate) fn binds(&self) -> &'static str {
        if self.calls_per_account > self.quota_per_account {
            return "Meta's quota: the account is seen too seldom for so many reads, and the less urgent ones wait";
        }
        if self.partitions > PARTITIONS {
            return "partitions: raise kafka.partitions before the first start, they cannot be taken back";
        }
        if self.connections > 400.0 {
            return "PostgreSQL's connections: put a pooler (session mode) in front, or lower database.max_connections";
        }
        if self.database_gigabytes > 1_000.0 {
            return "storage: shorten how long events and answers are kept";
        }
        "nothing: the defaults do"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(accounts: f64) -> Load {
        Load { accounts, comments: 30.0, stories: 2.0, posts: 0.5, impressions: 5_000.0, peak: 10.0 }
    }

    #[test]
    fn a_thousand_accounts_need_nothing_special() {
        let sizing = size(load(1_000.0), USUAL);
        // 32 changes a day and account, ten times that in the busiest minute.
        assert!((sizing.changes_per_second - 3.703_703).abs() < 1e-3, "{sizing:?}");
        // 12 + (6 + 6) + 50 + 24.
        assert!((sizing.calls_per_account - 98.0).abs() < 1e-9, "{sizing:?}");
        assert_eq!((sizing.workers, sizing.partitions, sizing.receiver_cores), (2.0, 12.0, 1.0));
        assert_eq!(sizing.binds(), "nothing: the defaults do");
    }

    #[test]
    fn what_binds_changes_with_the_number_of_accounts() {
        let many = size(load(1_000_000.0), USUAL);
        assert!(many.workers > 20.0 && many.calls_per_second > 1_000.0, "{many:?}");
        let wild = size(Load { peak: 100.0, ..load(1_000_000.0) }, USUAL);
        assert!(wild.partitions > 12.0 && wild.binds().starts_with("partitions"), "{wild:?}");
        let unseen = size(Load { impressions: 0.01, ..load(10.0) }, USUAL);
        assert!(unseen.binds().starts_with("Meta's quota"), "{unseen:?}");
    }

    #[test]
    fn storage_grows_with_what_arrives() {
        let (one, two) = (size(load(100.0), USUAL), size(load(200.0), USUAL));
        assert!((two.database_gigabytes / one.database_gigabytes - 2.0).abs() < 1e-9);
    }
}
