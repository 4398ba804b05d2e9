//! How much may be under way, and how long things wait.

use std::time::Duration;

use crate::reads::Ageing;
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
    /// At this usage nothing is called until Meta would allow it again: before it has to refuse.
    pub stop_percent: u32,
    /// For how long a usage that was seen counts.
    pub usage_counts_for: Duration,
    /// The first block where Meta does not say how long it lasts; each further one is twice as long.
    pub first_block: Duration,
    /// The longest such block.
    pub longest_block: Duration,
    /// Wait of an account without a token; a token ends it.
    pub no_token: Duration,
    /// Wait of an account whose token the keys at hand do not open.
    pub sealed_token: Duration,
    /// Wait of an account whose token is dead; a new token ends it.
    pub token_dead: Duration,
    /// Wait of a read that the token may not do.
    pub permission: Duration,
    /// The same when it was refused before.
    pub permission_again: Duration,
    /// Wait of a read that Meta refuses as such.
    pub unsupported: Duration,
    /// Wait after a policy block.
    pub policy_block: Duration,
    /// First wait before something that seems gone is asked for again.
    pub gone_again_after: Duration,
    /// Something that has seemed gone for this long is gone.
    pub gone_believed_after: Duration,
    /// When it is asked for once more, counted from when it first seemed gone.
    pub gone_again_after_belief: [Duration; 2],
    /// For how long a refusal that concerns the object for ever is not tried again.
    pub final_refusal: Duration,
    /// Waits between the tries of a read whose id or request Meta calls wrong.
    pub wrong_request: [Duration; 3],
    /// For how long it is then not tried again.
    pub wrong_request_stands: Duration,
    /// Wait of everybody while the app's own settings are wrong.
    pub app_settings: Duration,
    /// For how long the last count of an account's followers tells whether it has a hundred.
    pub followers_known: Duration,
    /// For how long a refused metric of a medium or an account is not asked for.
    pub refused_metric: Duration,
    /// How often media are read as they grow older.
    pub ageing: Ageing,
    /// Where so many calls are spared, an account's list is read instead of its media one by one; `None`: never.
    pub sweep_from: Option<i64>,
    /// How far back is looked for media that are wanted.
    pub wanted_lately: Duration,
    /// How long a read waits before it looks again whether the list was read.
    pub list_wait: Duration,
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
            stop_percent: 95,
            usage_counts_for: Duration::from_mins(15),
            first_block: Duration::from_mins(5),
            longest_block: Duration::from_hours(1),
            no_token: Duration::from_hours(24 * 30),
            sealed_token: Duration::from_hours(1),
            token_dead: Duration::from_hours(24),
            permission: Duration::from_hours(1),
            permission_again: Duration::from_hours(24),
            unsupported: Duration::from_hours(24),
            policy_block: Duration::from_hours(24),
            gone_again_after: Duration::from_mins(2),
            gone_believed_after: Duration::from_hours(1),
            gone_again_after_belief: [Duration::from_hours(24), Duration::from_hours(24 * 7)],
            final_refusal: Duration::from_hours(24 * 30),
            wrong_request: [Duration::from_mins(1), Duration::from_mins(10), Duration::from_hours(1)],
            wrong_request_stands: Duration::from_hours(24 * 7),
            app_settings: Duration::from_mins(5),
            followers_known: Duration::from_hours(24 * 3),
            refused_metric: Duration::from_hours(24 * 7),
            ageing: Ageing::default(),
            sweep_from: Some(2),
            wanted_lately: Duration::from_hours(1),
            list_wait: Duration::from_secs(5),
        }
    }
}
