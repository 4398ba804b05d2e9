//! The spool: a publisher around another one. What Kafka does not take is written to this machine's disk,
//! answered 200, and published when Kafka is back, also after a restart.
//!
//! ```text
//!  publish ─▶ inner ─▶ taken ─▶ 200            SPOOL_DIR/lock
//!     │         └ came back                              <lane>/position
//!     └ lane known to be away ─┬▶ writer ─▶ append, sync ─▶ <lane>/00…7.spool ─▶ 200
//!                              └ full, or the disk fails ─▶ 503       │
//!                                            inner ◀─── drain ◀───────┘
//! ```
//!
//! - `writer`: one thread that writes and syncs for all deliveries that wait. `drain`: a task for each lane.
//! - `log`: a lane's records. `segment`, `position`: its files. `frame`: a record in a segment, `reader`: one
//!   after the other; `stored`: its bytes. `settings`, `stats`.
//!
//! **A log of its own for each lane**, so that a lane that Kafka refuses (a topic that is missing, a right
//! that is lacking) keeps no other from draining. A lane's records are drained in the order in which they
//! were spooled; live deliveries do not wait for them once Kafka takes records again, since a story's figures
//! are not to be late because of yesterday's comments, and no reader relies on order.
//!
//! **A file format of our own**, small enough to be read in ten minutes. Libraries (fjall, redb, yaque) were
//! weighed by what they promise, and not tried: none promises the one thing that matters here, that damage
//! costs the record it hits and no other.
//!
//! **The books.** Every record that was answered 200 is in Kafka or waits here: since the directory was
//! empty `spooled = drained + waiting + damaged`. Kafka may get a record twice: where it did not acknowledge
//! in time and had taken it all the same, and where the receiver was killed between an acknowledgement and
//! remembering it. All such are counted as `repeated`, so that what was landed, a duplicate or dead-lettered
//! is at least `accepted + retried` and at most `accepted + retried + repeated`; landing tells them apart by
//! their ids.

mod drain;
mod error;
mod frame;
mod log;
mod position;
mod reader;
mod segment;
mod settings;
mod shared;
mod stats;
mod stored;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use cekbrand_schema::Lane;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

pub use self::error::SpoolError;
pub use self::settings::SpoolSettings;
use self::shared::Shared;
use self::writer::Append;
use super::{PublishError, Published, Publisher, Unflushed, Unpublished};
use crate::record::Record;

/// Publishes, and spools what comes back.
pub struct SpoolPublisher {
    inner: Arc<dyn Publisher>,
    shared: Arc<Shared>,
    writer: UnboundedSender<Append>,
    drains: Vec<JoinHandle<()>>,
}

impl SpoolPublisher {
    /// Opens the spool, and begins to drain what it holds. To be called on a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`SpoolError`] where the directory cannot be used, or not by this process.
    pub fn open(inner: Arc<dyn Publisher>, settings: &SpoolSettings) -> Result<Self, SpoolError> {
        let shared = Arc::new(Shared::open(settings)?);
        let writer = writer::start(Arc::clone(&shared));
        let unusable = |error| SpoolError::Directory { directory: settings.directory.clone(), error };
        let writer = writer.map_err(unusable)?;
        let drain = |lane| tokio::spawn(drain::drain(lane, Arc::clone(&shared), Arc::clone(&inner)));
        let drains = Lane::ALL.into_iter().map(drain).collect();
        let found = *shared.waiting().borrow();
        if found > 0 {
            tracing::info!(spool.records = found, "records wait in the spool and are published");
        }
        Ok(Self { inner, shared, writer, drains })
    }

    /// The number of records that wait in the spool, as it changes.
    pub fn waiting(&self) -> watch::Receiver<usize> {
        self.shared.waiting()
    }

    /// Publishes what may be, spools the rest and what came back.
    async fn publish_or_spool(&self, records: Vec<Record>) -> Result<(), Unpublished> {
        let (mut to_spool, to_publish) = self.shared.partition(records);
        if !to_publish.is_empty()
            && let Err(Unpublished { error, records }) = self.inner.publish(to_publish).await
        {
            self.shared.came_back(&error, &records);
            to_spool.extend(records);
        }
        if to_spool.is_empty() {
            return Ok(());
        }
        let spooled = self.spool(to_spool).await;
        if let Err(unpublished) = &spooled {
            // A lane that has nothing in the spool either is tried again with the next delivery.
            for record in &unpublished.records {
                self.shared.wake[record.lane.index()].notify_one();
            }
        }
        spooled
    }

    async fn spool(&self, records: Vec<Record>) -> Result<(), Unpublished> {
        let (done, written) = oneshot::channel();
        let ended = || PublishError::SpoolFailed("its writer has ended".to_owned());
        if let Err(lost) = self.writer.send(Append { records, done }) {
            return Err(Unpublished { error: ended(), records: lost.0.records });
        }
        // The writer answers for as long as it lives; without it no 200 is given.
        written.await.unwrap_or_else(|_| Err(Unpublished { error: ended(), records: Vec::new() }))
    }
}

impl Publisher for SpoolPublisher {
    fn publish(&self, records: Vec<Record>) -> Published<'_> {
        Box::pin(self.publish_or_spool(records))
    }

    fn ready(&self) -> Result<(), String> {
        let Err(reason) = self.inner.ready() else { return Ok(()) };
        match self.shared.full_or_failing() {
            None => Ok(()),
            Some(spool) => Err(format!("{reason}, and {spool}")),
        }
    }

    fn remark(&self) -> Option<String> {
        self.shared.remark(&self.inner.ready())
    }

    fn check(&self, timeout: Duration) {
        for retry in &self.shared.retry {
            retry.notify_waiters();
        }
        self.inner.check(timeout);
    }

    fn flush(&self, timeout: Duration) -> Result<(), Unflushed> {
        // What they have under way stays in the spool.
        self.drains.iter().for_each(JoinHandle::abort);
        self.inner.flush(timeout)
    }
}

impl Drop for SpoolPublisher {
    fn drop(&mut self) {
        self.drains.iter().for_each(JoinHandle::abort);
    }
}

impl std::fmt::Debug for SpoolPublisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpoolPublisher").finish_non_exhaustive()
    }
}
