//! What this worker does with the queue as a whole: claims, parks what nobody may work on, shows how it
//! stands.

use jiff::Timestamp;
use metrics::{Unit, describe_gauge};

use super::inner::Inner;
use super::policy;
use crate::tasks::{self, Blocked, Busy, ParkReason, Picking, Task};

/// How many tasks of blocked accounts are parked at once.
const PARK_AT_ONCE: i64 = 1000;

pub(super) const TASKS: &str = "cekbrand_worker_tasks";

pub(super) fn describe() {
    describe_gauge!(TASKS, Unit::Count, "Open Graph reads, by state and by the reason why they wait");
}

impl Inner {
    pub(super) async fn claim(&self, room: usize, busy: Vec<Busy>) -> Result<Vec<Task>, sqlx::Error> {
        let now = self.clock.now();
        let tasks = i64::try_from(room).unwrap_or(i64::MAX);
        let picking = Picking {
            app_id: &self.app_id,
            accounts: tasks,
            tasks,
            per_account: self.settings.per_account,
            busy,
            usage_since: self.usage_since(now),
            pause_percent: self.settings.pause_percent,
            lease: self.settings.lease,
        };
        let mut tx = self.pool.begin().await?;
        let claimed = tasks::claim(&mut tx, &picking, now).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    pub(super) async fn claim_or_log(&self, room: usize, busy: Vec<Busy>) -> Vec<Task> {
        self.claim(room, busy).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "no tasks can be claimed");
            Vec::new()
        })
    }

    pub(super) async fn park_blocked(&self) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let blocked = Blocked {
            app_id: &self.app_id,
            usage_since: self.usage_since(now),
            pause_percent: self.settings.pause_percent,
            limit: PARK_AT_ONCE,
        };
        let mut conn = self.pool.acquire().await?;
        while tasks::park_blocked(&mut conn, blocked, now).await? > 0 {}
        Ok(())
    }

    /// Every now and then: parks what is blocked. Says when that last was.
    pub(super) async fn park_blocked_since(&self, last: Timestamp) -> Timestamp {
        let now = self.clock.now();
        if now < policy::after(last, self.settings.poll * 4) {
            return last;
        }
        if let Err(error) = self.park_blocked().await {
            tracing::warn!(%error, "tasks of blocked accounts cannot be parked");
        }
        now
    }

    /// Every now and then: shows how the queue stands. Says when that last was.
    pub(super) async fn show_queue_since(&self, last: Timestamp) -> Timestamp {
        let now = self.clock.now();
        if now < policy::after(last, self.settings.gauges) {
            return last;
        }
        if let Err(error) = self.show_queue().await {
            tracing::warn!(%error, "the queue cannot be counted");
        }
        now
    }

    async fn show_queue(&self) -> Result<(), sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        let counts = tasks::counts(&mut conn).await?;
        let number = |state: &str, reason: Option<&str>| -> i64 {
            let same =
                counts.iter().filter(|count| count.state == state && count.reason.as_deref() == reason);
            same.map(|count| count.number).sum()
        };
        let show = |state: &'static str, reason: &'static str, number: i64| {
            #[expect(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!(TASKS, "state" => state, "reason" => reason).set(number as f64);
        };
        show("waiting", "", number("waiting", None));
        show("running", "", number("running", None));
        for reason in ParkReason::ALL {
            show("parked", reason.as_str(), number("parked", Some(reason.as_str())));
        }
        Ok(())
    }

    fn usage_since(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.settings.usage_counts_for).unwrap_or(Timestamp::MIN)
    }
}
