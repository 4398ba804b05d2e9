//! The spool's writer: one thread, one write and one sync for everything that waits.

use std::io;
use std::sync::Arc;

use cekbrand_schema::Lane;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use super::log::frame_bytes;
use super::shared::Shared;
use super::stored;
use crate::publish::{PublishError, Unpublished};
use crate::record::Record;

/// Deliveries that share a sync. Requests have a limit of their own, which is not far above it.
const AT_ONCE: usize = 1024;

/// A delivery's records on their way to the disk.
pub(super) struct Append {
    pub(super) records: Vec<Record>,
    pub(super) done: oneshot::Sender<Result<(), Unpublished>>,
}

/// A delivery as bytes: whether it fits is decided for all of it.
struct Written {
    append: Append,
    error: Option<PublishError>,
}

/// Starts the writer. It ends when the last sender is gone.
pub(super) fn start(shared: Arc<Shared>) -> io::Result<UnboundedSender<Append>> {
    let (sender, inbox) = unbounded_channel();
    std::thread::Builder::new().name("spool-writer".to_owned()).spawn(move || write(&shared, inbox))?;
    Ok(sender)
}

fn write(shared: &Shared, mut inbox: UnboundedReceiver<Append>) {
    while let Some(first) = inbox.blocking_recv() {
        let mut group = vec![first];
        while group.len() < AT_ONCE
            && let Ok(next) = inbox.try_recv()
        {
            group.push(next);
        }
        write_group(shared, group);
    }
}

fn write_group(shared: &Shared, group: Vec<Append>) {
    let mut lanes: [Vec<Vec<u8>>; Lane::ALL.len()] = Default::default();
    let mut room = shared.room();
    let mut written: Vec<Written> = Vec::with_capacity(group.len());
    for append in group {
        let error = add(&append.records, &mut lanes, &mut room).err();
        written.push(Written { append, error });
    }
    let failures = Lane::ALL.map(|lane| append(shared, lane, &lanes[lane.index()]));
    for Written { append, error } in written {
        let failed = |record: &Record| failures[record.lane.index()].clone();
        let error = error.or_else(|| append.records.iter().find_map(failed));
        let outcome = match error {
            None => {
                shared.stats.spooled.increment(append.records.len() as u64);
                Ok(())
            }
            Some(error) => Err(Unpublished { error, records: append.records }),
        };
        // Whoever hung up meanwhile is not answered: the records are published all the same.
        drop(append.done.send(outcome));
    }
}

/// Adds a delivery's records to what is written for their lanes, or none of them.
fn add(
    records: &[Record],
    lanes: &mut [Vec<Vec<u8>>; Lane::ALL.len()],
    room: &mut u64,
) -> Result<(), PublishError> {
    let bytes: Option<Vec<_>> = records.iter().map(stored::write).collect();
    let bytes = bytes.ok_or_else(|| PublishError::SpoolFailed("a record cannot be written".to_owned()))?;
    let needed = bytes.iter().map(|record| frame_bytes(record)).sum();
    *room = room.checked_sub(needed).ok_or(PublishError::SpoolFull)?;
    for (record, bytes) in records.iter().zip(bytes) {
        lanes[record.lane.index()].push(bytes);
    }
    Ok(())
}

fn append(shared: &Shared, lane: Lane, records: &[Vec<u8>]) -> Option<PublishError> {
    if records.is_empty() {
        return None;
    }
    let appended = shared.with_log(lane, |log| log.append(records));
    shared.note_disk(appended.as_ref().err());
    shared.wake[lane.index()].notify_one();
    let error = appended.err()?;
    tracing::error!(error = %error, lane = %lane, "the spool cannot be written to");
    Some(PublishError::SpoolFailed(error.to_string()))
}
