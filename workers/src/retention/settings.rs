//! How long what is kept.

use std::time::Duration;

use super::store::{self, Pruning};

const fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

/// Settings of [`super::Retention`].
#[derive(Debug, Clone, Copy)]
pub struct RetentionSettings {
    /// Events, by the day of their arrival.
    pub events: Duration,
    /// Recorded answers, by the day on which they came.
    pub answers: Duration,
    /// Keys of events, by which a change that comes again is known: not under Kafka's retention.
    pub event_keys: Duration,
    /// Reads that are done.
    pub tasks: Duration,
    /// Dead letters that were retried or dropped.
    pub dead_letters: Duration,
    /// Who did what.
    pub audit: Duration,
    /// Replays that ended.
    pub replays: Duration,
    /// What fired, and what was told to whom.
    pub alerts: Duration,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            events: days(400),
            answers: days(90),
            event_keys: days(40),
            tasks: days(90),
            dead_letters: days(90),
            audit: days(400),
            replays: days(90),
            alerts: days(90),
        }
    }
}

impl RetentionSettings {
    /// What goes row by row, each with its age. A session ends by itself.
    pub(super) fn by_rows(&self) -> [(Pruning, Duration); 8] {
        [
            (store::EVENT_KEYS, self.event_keys),
            (store::TASKS, self.tasks),
            (store::DEAD_LETTERS, self.dead_letters),
            (store::AUDIT, self.audit),
            (store::REPLAYS, self.replays),
            (store::DELIVERIES, self.alerts),
            (store::FIRINGS, self.alerts),
            (store::SESSIONS, Duration::ZERO),
        ]
    }
}
