//! Draining: one lane's records from the spool to the publisher behind it, in order, one batch at a time.
//!
//! A batch is a single record while nobody knows whether Kafka takes any, and grows with every success. As
//! only one is under way for each lane, live deliveries never wait behind more than that; as the largest
//! holds hundreds of records, draining keeps up with them.

use std::io;
use std::sync::Arc;

use cekbrand_schema::Lane;

use super::log::{Batch, Log};
use super::shared::Shared;
use crate::publish::{Publisher, Unpublished};

const MOST_RECORDS: usize = 512;
const MOST_BYTES: usize = 1 << 20;

/// Drains a lane for as long as the task lives.
pub(super) async fn drain(lane: Lane, shared: Arc<Shared>, inner: Arc<dyn Publisher>) {
    let mut most = 1;
    loop {
        let next = ask(lane, &shared, move |log| log.next_batch(most, MOST_BYTES)).await;
        match next {
            Ok(Some(batch)) => {
                report(lane, &shared, &batch);
                let at_once = publish(lane, &shared, inner.as_ref(), &batch).await;
                most = if at_once { MOST_RECORDS.min(most * 2) } else { 1 };
                shared.stats.drained.increment(batch.records.len() as u64);
                let finished = ask(lane, &shared, move |log| log.finish(&batch)).await;
                if let Err(error) = finished {
                    tracing::error!(error = %error, lane = %lane, "what is drained cannot be removed");
                    shared.retry[lane.index()].notified().await;
                }
            }
            Ok(None) => {
                shared.set_away(lane, false);
                shared.wake[lane.index()].notified().await;
            }
            Err(error) => {
                tracing::error!(error = %error, lane = %lane, "the spool cannot be read: its records wait");
                shared.note_disk(Some(&error));
                shared.retry[lane.index()].notified().await;
            }
        }
    }
}

/// Publishes a batch, however long it takes. Whether it was taken at once.
async fn publish(lane: Lane, shared: &Shared, inner: &dyn Publisher, batch: &Batch) -> bool {
    let mut records = batch.records.clone();
    let mut at_once = true;
    while !records.is_empty() {
        let Err(Unpublished { error, records: back }) = inner.publish(records).await else { break };
        if at_once {
            tracing::debug!(error = %error, lane = %lane, "kafka does not take the spool's records yet");
        }
        at_once = false;
        shared.set_away(lane, true);
        shared.retry[lane.index()].notified().await;
        shared.count_repeated(&error, back.len());
        records = back;
    }
    shared.set_away(lane, false);
    at_once
}

fn report(lane: Lane, shared: &Shared, batch: &Batch) {
    for damaged in &batch.damaged {
        shared.stats.damaged(lane, damaged);
    }
    shared.stats.repeated.increment(batch.repeated as u64);
}

/// Works on a lane's log where blocking is allowed.
async fn ask<T: Send + 'static>(
    lane: Lane,
    shared: &Arc<Shared>,
    work: impl FnOnce(&mut Log) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let shared = Arc::clone(shared);
    let asked = tokio::task::spawn_blocking(move || shared.with_log(lane, work)).await;
    asked.unwrap_or_else(|error| Err(io::Error::other(error)))
}
