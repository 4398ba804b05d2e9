//! Looks at the rules and at the calendar. Any number of workers may; each rule and each receiver is one
//! worker's at a time.

use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::{SignedDuration, Timestamp};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use super::store::{self, Due, Firing};
use super::{TellSettings, body, queue};

const FIRED: &str = "cekbrand_worker_alerts_fired_total";
const FAILURES: &str = "cekbrand_worker_alert_failures_total";

/// How often it is asked what is due.
const PERIOD: Duration = Duration::from_secs(30);
/// How often each rule is looked at.
const EACH_RULE: SignedDuration = SignedDuration::from_mins(2);
/// Rules in one transaction, and digests.
const AT_ONCE: i64 = 50;

/// Looks at rules and at the calendar. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Watch {
    pool: PgPool,
    clock: SharedClock,
    settings: TellSettings,
}

impl Watch {
    /// A watch over this database's rules.
    pub fn new(pool: PgPool, clock: SharedClock, settings: TellSettings) -> Self {
        Self { pool, clock, settings }
    }

    /// Looks until told to stop. An error is logged; the next round tries again.
    pub async fn run(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let pause = match self.round().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => PERIOD,
                Err(error) => {
                    metrics::counter!(FAILURES).increment(1);
                    tracing::error!(error = ?error, "nobody could find out what is to be told; it is tried again");
                    PERIOD
                }
            };
            // Cut short by the end of the process, which the condition sees.
            let _slept = shutdown.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Looks at the rules and digests that are due; says whether there may be more.
    ///
    /// # Errors
    /// The database's.
    pub async fn round(&self) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let rules = self.rules(now).await?;
        let digests = self.digests(now).await?;
        Ok(rules == AT_ONCE || digests == AT_ONCE)
    }

    /// What came to hold is noted and told in one transaction.
    async fn rules(&self, now: Timestamp) -> Result<i64, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let before = now.checked_sub(EACH_RULE).unwrap_or(Timestamp::MIN);
        let judged = store::judge(&mut transaction, Due { now, before, limit: AT_ONCE }).await?;
        for firing in &judged.fired {
            self.tell(&mut transaction, firing, now).await?;
        }
        transaction.commit().await?;
        for firing in &judged.fired {
            metrics::counter!(FIRED).increment(1);
            tracing::info!(account.id = firing.account_id, rule.id = firing.rule_id, "a rule came to hold");
        }
        Ok(judged.checked)
    }

    async fn tell(
        &self,
        conn: &mut PgConnection,
        firing: &Firing,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        for channel in store::channels_for_alerts(conn, &firing.account_id).await? {
            let told = queue::NewDelivery {
                channel_id: channel.id,
                account_id: &firing.account_id,
                kind: "alert",
                occasion: &format!("firing:{}", firing.id),
                body: &|id| body::alert(id, firing, channel.lang, &self.settings.public_url),
            };
            queue::put(conn, told, now).await?;
        }
        Ok(())
    }

    async fn digests(&self, now: Timestamp) -> Result<i64, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let due = store::digests_due(&mut transaction, now, AT_ONCE).await?;
        for digest in &due {
            let week = store::week(&mut transaction, digest, now).await?;
            let told = queue::NewDelivery {
                channel_id: digest.channel.id,
                account_id: &digest.account_id,
                kind: "digest",
                occasion: &format!("digest:{}", digest.monday),
                body: &|id| body::digest(id, digest, &week, &self.settings.public_url),
            };
            queue::put(&mut transaction, told, now).await?;
        }
        transaction.commit().await?;
        Ok(i64::try_from(due.len()).unwrap_or(AT_ONCE))
    }
}

pub(super) fn describe() {
    metrics::describe_counter!(FIRED, "Times that a rule which people made came to hold");
    metrics::describe_counter!(FAILURES, "Rounds of alerts and digests that failed and are tried again");
}
