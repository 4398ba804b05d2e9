//! Analytics: rows of `toba_cek_insta`, computed again from `instagram` wherever a mark says that they may no
//! longer hold.
//!
//! ```text
//!  land, enrich, schedule, scoring ──▶ dirty_mark (account, day)
//!                                              │
//!                Analyser: the account's lock ─▶ marks deleted ─▶ days widened ─▶ each table in turn
//! ```
//!
//! - [`marks`]: how others say that a day changed.
//! - [`days`]: which days a change reaches.
//! - [`sentiment`]: what each comment feels, scored in process.
//! - [`rebuild`]: days computed again although nothing marked them.
//! - [`tables`]: the list of tables, one SQL file each. `store`: the statements around them.
//!
//! Invariants: rows are a pure function of the raw tables and the account's present day, whatever order
//! writes and ticks came in; computing twice changes no row; a mark set while its account is being computed
//! stays for the next time.

pub mod days;
pub mod marks;
pub mod rebuild;
pub mod sentiment;
mod store;
pub mod tables;

use std::time::Duration;

use cekbrand_schema::{SharedClock, trace};
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, info_span};

use days::Reach;
use tables::{TABLES, Table, Work};

use crate::traced;

/// Settings of the analyser.
#[derive(Debug, Clone)]
pub struct AnalyseSettings {
    /// How long to wait when nothing is marked, or after an error.
    pub idle: Duration,
    /// Accounts looked at in one tick.
    pub accounts_per_tick: i64,
    /// The zone in which Meta numbers the hours of online followers, in hours from UTC. It is not documented.
    pub online_hours_offset: i32,
}

impl Default for AnalyseSettings {
    fn default() -> Self {
        Self { idle: Duration::from_secs(1), accounts_per_tick: 100, online_hours_offset: -7 }
    }
}

/// Why a tick failed. What was marked stays marked.
#[derive(Debug, thiserror::Error)]
pub enum AnalyseError {
    /// The marks could not be read.
    #[error("cannot read the dirty marks")]
    Marks(#[source] sqlx::Error),
    /// An account could not be computed; the others of the tick were.
    #[error("cannot compute the analytics of account {account_id}")]
    Account {
        /// The first account that failed.
        account_id: String,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
}

/// Computes marked accounts. Any number may run at once: an account is computed by one of them.
#[derive(Debug, Clone)]
pub struct Analyser {
    pool: PgPool,
    clock: SharedClock,
    settings: AnalyseSettings,
    tables: &'static [Table],
}

impl Analyser {
    /// An analyser of this database.
    pub fn new(pool: PgPool, clock: SharedClock, settings: AnalyseSettings) -> Self {
        Self { pool, clock, settings, tables: TABLES }
    }

    /// The same with other tables than all.
    #[must_use]
    pub fn of(self, tables: &'static [Table]) -> Self {
        Self { tables, ..self }
    }

    /// Computes until told to stop. An error is logged and what it concerns tried again.
    pub async fn run(&self, shutdown: CancellationToken) {
        describe_metrics();
        while !shutdown.is_cancelled() {
            let idle = match self.tick().await {
                Ok(computed) => computed == 0,
                Err(error) => {
                    metrics::counter!("cekbrand_worker_analyse_failures_total").increment(1);
                    tracing::error!(error = ?error, "analytics could not be computed and will be tried again");
                    true
                }
            };
            if idle {
                tokio::select! {
                    () = self.clock.sleep(self.settings.idle) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
    }

    /// Computes the accounts that are marked, those that have waited longest first. Returns how many it
    /// computed; one that another analyser is at is left to it.
    ///
    /// # Errors
    ///
    /// [`AnalyseError`]; an account that fails keeps its marks and does not keep others from being computed.
    pub async fn tick(&self) -> Result<usize, AnalyseError> {
        let accounts = store::marked_accounts(&self.pool, self.settings.accounts_per_tick)
            .await
            .map_err(AnalyseError::Marks)?;
        let (mut computed, mut failure) = (0, None);
        for account_id in accounts {
            let span = info_span!("store.analyse", account.id = account_id);
            self.follow(&span, &account_id).await;
            match self.compute(&account_id).instrument(span).await {
                Ok(true) => computed += 1,
                Ok(false) => {}
                Err(source) => failure = failure.or(Some(AnalyseError::Account { account_id, source })),
            }
        }
        metrics::counter!("cekbrand_worker_accounts_analysed_total").increment(computed as u64);
        failure.map_or(Ok(computed), Err)
    }

    /// Where traces are on, goes on with that of the account's last delivery.
    async fn follow(&self, span: &Span, account_id: &str) {
        if trace::is_on()
            && let Ok(mut conn) = self.pool.acquire().await
        {
            traced::follow(&mut conn, span, account_id, "", self.clock.now()).await;
        }
    }

    /// Computes one account in one transaction; `false` where another analyser holds it or its marks are
    /// gone.
    async fn compute(&self, account_id: &str) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        let conn = &mut *transaction;
        if !store::try_lock(conn, account_id).await? {
            return Ok(false);
        }
        store::settle_plans(conn).await?;
        // In this order: what is read after the marks are gone includes what they were set for.
        let mut marked = store::take_marks(conn, account_id).await?;
        if marked.is_empty() {
            return Ok(false);
        }
        marked.extend(store::sync_media(conn, account_id).await?);
        let today = store::today(conn, account_id, now).await?;
        if let Some(reach) = days::reach(&marked, today) {
            let work = self.work(account_id, &reach, today, now);
            for table in self.tables {
                let written = table.write(conn, work).await?;
                tracing::debug!(table = table.name, rows.written = written, "a table is up to date");
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    fn work<'a>(&self, account_id: &'a str, reach: &'a Reach, today: Date, now: Timestamp) -> Work<'a> {
        let online_hours_offset = self.settings.online_hours_offset;
        Work { account_id, reach, today, now, online_hours_offset }
    }
}

fn describe_metrics() {
    metrics::describe_counter!(
        "cekbrand_worker_accounts_analysed_total",
        "Accounts whose marked days were computed"
    );
    metrics::describe_counter!(
        "cekbrand_worker_analyse_failures_total",
        "Rounds of analytics that failed for one account or for all; what failed is tried again"
    );
}
