//! How much may be under way, and how long things wait.

use std::time::Duration;

use crate::tasks::backoff::Backoff;

/// Settings of [`super::Enricher`].
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Tasks under way in this worker.
    pub concurrency: usize,
    /// Of them, tasks of one account.
    pub per_account: i32,
    /// How long a claim lasts; longer than a call's time-out.
    pub lease: Duration,
    /// How often to look for work when there was none.
    pub poll: Duration,
    /// How often the queue's gauges are refreshed.
    pub gauges: Duration,
    /// Waits after passing failures.
    pub backoff: Backoff,
    /// At this usage only the two most urgent lanes are served.
    pub pause_percent: i32,
    /// For how long a usage that was seen counts.
    pub usage_counts_for: Duration,
    /// The first block where Meta does not say how long it lasts; each further one is twice as long.
    pub first_block: Duration,
    /// The longest such block.
    pub longest_block: Duration,
    /// Wait of an account without a token.
    pub no_token: Duration,
    /// Wait of an account whose token is dead; a new token ends it.
    pub token_dead: Duration,
    /// Wait of a kind of read that the token may not do.
    pub permission: Duration,
    /// Wait of a read that Meta refuses as such.
    pub unsupported: Duration,
    /// Wait after a policy block.
    pub policy_block: Duration,
    /// Wait before something that seems gone is asked for a second and last time.
    pub confirm_gone: Duration,
    /// For how long after publication an empty answer means "not yet".
    pub data_lag: Duration,
    /// How long a story and its figures exist.
    pub story_life: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 16,
            per_account: 4,
            lease: Duration::from_mins(1),
            poll: Duration::from_millis(250),
            gauges: Duration::from_secs(15),
            backoff: Backoff::default(),
            pause_percent: 90,
            usage_counts_for: Duration::from_mins(15),
            first_block: Duration::from_mins(5),
            longest_block: Duration::from_hours(1),
            no_token: Duration::from_hours(1),
            token_dead: Duration::from_hours(24),
            permission: Duration::from_hours(1),
            unsupported: Duration::from_hours(24),
            policy_block: Duration::from_hours(24),
            confirm_gone: Duration::from_secs(15),
            data_lag: Duration::from_hours(48),
            story_life: Duration::from_hours(24),
        }
    }
}
