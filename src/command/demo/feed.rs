//! Sends invented changes like Meta, not faster than the small Kafka of the demo can keep them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use cekbrand_devkit::meta::{Generator, GeneratorConfig, Pace, Sender, SenderConfig, Signer};
use sqlx::PgPool;

use super::parts::Parts;
use crate::progress;
use crate::store::books;

/// The in-process Kafka keeps about 5 MB of a partition. In the worst case all changes go to one.
const MOST_UNREAD_BYTES: u64 = 2 << 20;
/// A record takes about twice the bytes of its change: the envelope is around it.
const RECORD_PER_CHANGE: u64 = 2;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What was sent.
#[derive(Debug)]
pub(super) struct Sent {
    /// Changes in all deliveries.
    pub(super) changes: u64,
    /// Changes that were answered with 200.
    pub(super) accepted: u64,
    /// Changes that may have arrived without an answer.
    pub(super) retried: u64,
}

/// Sends so many changes; each is accepted in the end.
pub(super) async fn run(parts: &Parts, seed: u64, events: u64) -> Result<Sent> {
    let bar = progress::bar(events, "changes accepted");
    let url = format!("http://{}/webhooks/instagram", parts.ingest);
    let mut config = SenderConfig::new(url, Signer::new(parts.secret.clone()));
    let unread = Unread::default();
    if parts.is_mock {
        config.pace = Some(unread.pace(parts.pool.clone()));
    }
    let generator = Generator::new(Arc::clone(parts.simulator.world()), GeneratorConfig::new(seed, events));
    let log = Sender::new(config)?
        .send_all(generator, |reached| {
            unread.accepted.store(reached.accepted, Ordering::Relaxed);
            bar.set_position(reached.accepted);
        })
        .await?;
    bar.finish_and_clear();
    let given_up = log.given_up().count();
    if given_up > 0 {
        bail!("the receiver did not accept {given_up} deliveries");
    }
    let changes = log.deliveries.iter().map(|delivery| delivery.changes).sum();
    Ok(Sent { changes, accepted: log.accepted(), retried: log.retried() })
}

/// How far sending is ahead of reading.
#[derive(Debug, Default, Clone)]
struct Unread {
    bytes_sent: Arc<AtomicU64>,
    accepted: Arc<AtomicU64>,
    read: Arc<AtomicI64>,
}

impl Unread {
    /// Holds each delivery back until so much has been read that it fits.
    fn pace(&self, pool: PgPool) -> Pace {
        let unread = self.clone();
        Arc::new(move |bytes| {
            let (unread, pool) = (unread.clone(), pool.clone());
            Box::pin(async move {
                unread.bytes_sent.fetch_add(bytes as u64, Ordering::Relaxed);
                while unread.bytes_ahead() > MOST_UNREAD_BYTES {
                    unread.look(&pool).await;
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            })
        })
    }

    /// What has been accepted and not read, in bytes of records; changes count with their mean size.
    fn bytes_ahead(&self) -> u64 {
        let accepted = self.accepted.load(Ordering::Relaxed);
        let unread = accepted.saturating_sub(self.read.load(Ordering::Relaxed).unsigned_abs());
        let bytes = self.bytes_sent.load(Ordering::Relaxed) * RECORD_PER_CHANGE;
        bytes.checked_div(accepted).unwrap_or(0) * unread
    }

    async fn look(&self, pool: &PgPool) {
        match books::totals(pool).await {
            Ok(totals) => self.read.store(totals.read, Ordering::Relaxed),
            Err(error) => tracing::warn!(error = %error, "the books cannot be read; sending waits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_no_longer_ahead() {
        let unread = Unread::default();
        assert_eq!(unread.bytes_ahead(), 0);
        unread.bytes_sent.store(1_000_000, Ordering::Relaxed);
        assert_eq!(unread.bytes_ahead(), 0, "nothing is accepted yet");
        unread.accepted.store(1000, Ordering::Relaxed);
        assert_eq!(unread.bytes_ahead(), 2_000_000);
        unread.read.store(750, Ordering::Relaxed);
        assert_eq!(unread.bytes_ahead(), 500_000);
        unread.read.store(1001, Ordering::Relaxed);
        assert_eq!(unread.bytes_ahead(), 0, "the parts of a large dead letter are more records than changes");
    }
}
