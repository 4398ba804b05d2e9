//! Retention: what is older than its knob says is taken away, so that the database grows no further.
//!
//! Partitions of events and recorded answers are dropped whole; rows of other tables go in small batches. The
//! books' counters stay, and say how many of what they counted was pruned. What happened to an account's data
//! by law (deletion requests, suppressions) and dead letters that are open stay for ever.
//!
//! - [`settings`]: how long what is kept. [`archive`]: files of what is dropped. [`store`]: the statements.

pub mod archive;
pub mod settings;
mod store;

use std::collections::BTreeMap;
use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use metrics::counter;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

pub use self::archive::{Archive, ArchiveError};
pub use self::settings::RetentionSettings;
use self::store::Pruning;

/// How often old rows are looked for.
const PERIOD: Duration = Duration::from_hours(1);

const PRUNED: &str = "cekbrand_worker_pruned_total";
const FAILURES: &str = "cekbrand_worker_retention_failures_total";

/// What a round took away: rows by table, and partitions by their table's name.
pub type Pruned = BTreeMap<&'static str, u64>;

/// Something refused; the next round tries again.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The database.
    #[error("cannot take away what is old")]
    Database(#[from] sqlx::Error),
    /// The archive. What it did not take is still there.
    #[error("cannot keep what is old, and so did not take it away")]
    Archive(#[from] ArchiveError),
}

/// Takes away what is old. Any number may run at once; one at a time gets through.
#[derive(Debug, Clone)]
pub struct Retention {
    pool: PgPool,
    clock: SharedClock,
    settings: RetentionSettings,
    archive: Option<Archive>,
    stop: CancellationToken,
}

impl Retention {
    /// Retention of this database, until `stop`.
    pub fn new(
        pool: PgPool,
        clock: SharedClock,
        settings: RetentionSettings,
        stop: CancellationToken,
    ) -> Self {
        describe();
        Self { pool, clock, settings, archive: None, stop }
    }

    /// The same, which keeps in files what it drops by days.
    #[must_use]
    pub fn with_archive(self, archive: Option<Archive>) -> Self {
        Self { archive, ..self }
    }

    /// Looks every hour until told to stop. An error is logged; the next round tries again.
    pub async fn run(&self) {
        while !self.stop.is_cancelled() {
            match self.round().await {
                Ok(pruned) => {
                    for (table, rows) in pruned {
                        counter!(PRUNED, "table" => table).increment(rows);
                        tracing::info!(sql.table = table, pruned = rows, "what was old was taken away");
                    }
                }
                Err(error) => {
                    counter!(FAILURES).increment(1);
                    tracing::error!(error = ?error, "what is old could not be taken away and will be tried again");
                }
            }
            tokio::select! {
                () = self.clock.sleep(PERIOD) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// Takes away what is old now, unless another worker is at it.
    ///
    /// # Errors
    ///
    /// The first that the database refused; the rest is tried all the same.
    pub async fn round(&self) -> Result<Pruned, RetentionError> {
        let mut conn = self.pool.acquire().await?;
        if !store::try_lock(&mut conn).await? {
            return Ok(Pruned::new());
        }
        // However this ends, the lock ends with the session.
        conn.close_on_drop();
        self.prune().await
    }

    async fn prune(&self) -> Result<Pruned, RetentionError> {
        let now = self.clock.now();
        let mut pruned = Pruned::new();
        let mut failed = None;
        let RetentionSettings { events, answers, .. } = self.settings;
        for (parent, age) in [("event", events), ("graph_response", answers)] {
            match self.drop_partitions(parent, before(now, age)).await {
                Ok(0) => {}
                Ok(dropped) => drop(pruned.insert(parent, dropped)),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        for (pruning, age) in self.settings.by_rows() {
            match self.prune_rows(pruning, before(now, age)).await {
                Ok(0) => {}
                Ok(rows) => drop(pruned.insert(pruning.table, rows)),
                Err(error) => drop(failed.get_or_insert(error.into())),
            }
        }
        failed.map_or(Ok(pruned), Err)
    }

    /// Drops partitions of days that ended before the instant, each after its file where files are kept.
    async fn drop_partitions(&self, parent: &'static str, until: Timestamp) -> Result<u64, RetentionError> {
        let last = until.to_zoned(TimeZone::UTC).date();
        let mut dropped = 0;
        for day in store::days_before(&self.pool, parent, last).await? {
            if self.stop.is_cancelled() {
                break;
            }
            dropped += u64::from(self.drop_day(parent, day).await?);
        }
        Ok(dropped)
    }

    async fn drop_day(&self, parent: &'static str, day: Date) -> Result<bool, RetentionError> {
        let mut tx = store::hold_day(&self.pool, parent, day).await?;
        if let Some(archive) = &self.archive
            && let Some(table) = archive::Table::find(parent)
        {
            let rows = archive.keep(&mut tx, table, day).await?;
            tracing::info!(sql.table = parent, %day, rows, "the rows of a day are in the archive");
        }
        let dropped = store::drop_day(&mut tx, parent, day).await?;
        tx.commit().await?;
        Ok(dropped)
    }

    async fn prune_rows(&self, pruning: Pruning, until: Timestamp) -> Result<u64, sqlx::Error> {
        let mut pruned = 0;
        while !self.stop.is_cancelled() {
            let rows = store::prune(&self.pool, pruning, until).await?;
            pruned += rows;
            if rows < store::BATCH {
                break;
            }
        }
        Ok(pruned)
    }
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}

fn describe() {
    metrics::describe_counter!(
        PRUNED,
        "Rows that retention took away, and for event and graph_response days, by table"
    );
    metrics::describe_counter!(FAILURES, "Rounds of retention that failed and are tried again");
}
