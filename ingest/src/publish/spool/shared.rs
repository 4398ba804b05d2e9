//! What the spool's writer, its drains and its publisher share: the logs, which lanes are away, what is told.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use cekbrand_schema::Lane;
use tokio::sync::{Notify, watch};

use super::error::SpoolError;
use super::log::Log;
use super::segment;
use super::settings::SpoolSettings;
use super::stats::Stats;
use crate::publish::PublishError;
use crate::record::Record;

/// What a delivery may need at the end of a spool that still counts as having room.
const ROOM_BYTES: u64 = 1 << 20;

/// What writer, drains and publisher share.
pub(super) struct Shared {
    max_bytes: u64,
    lanes: [Spooled; Lane::ALL.len()],
    /// One bit for each lane whose last record came back.
    away: AtomicU8,
    /// A lane's log has something new.
    pub(super) wake: [Notify; Lane::ALL.len()],
    /// It is time to try again.
    pub(super) retry: [Notify; Lane::ALL.len()],
    waiting: watch::Sender<usize>,
    disk: Mutex<Option<String>>,
    pub(super) stats: Stats,
    /// Holds the lock; the system lets go of it when the process ends, however it does.
    _lock: File,
}

struct Spooled {
    log: Mutex<Log>,
    bytes: AtomicU64,
    waiting: AtomicU64,
}

impl Shared {
    pub(super) fn open(settings: &SpoolSettings) -> Result<Self, SpoolError> {
        let directory = &settings.directory;
        let unusable = |error| SpoolError::Directory { directory: directory.clone(), error };
        std::fs::create_dir_all(directory).map_err(unusable)?;
        let lock = lock(directory)?;
        refuse_unknown_lanes(directory)?;
        // Many enough to be freed bit by bit, few enough to be opened at once.
        let segment_bytes = (settings.max_bytes / 16).clamp(1 << 16, 16 << 20);
        let mut lanes = Vec::with_capacity(Lane::ALL.len());
        for lane in Lane::ALL {
            let log = Log::open(&directory.join(lane.as_str()), lane, segment_bytes)?;
            let (bytes, waiting) = (log.bytes().into(), (log.waiting() as u64).into());
            lanes.push(Spooled { log: Mutex::new(log), bytes, waiting });
        }
        let lanes = lanes.try_into().map_err(|_| unusable(io::Error::other("a lane is missing")))?;
        let shared = Self {
            max_bytes: settings.max_bytes,
            lanes,
            away: AtomicU8::new(0),
            wake: Default::default(),
            retry: Default::default(),
            waiting: watch::Sender::new(0),
            disk: Mutex::new(None),
            stats: Stats::new(),
            _lock: lock,
        };
        shared.tell();
        Ok(shared)
    }

    /// Works on a lane's log. Blocks.
    pub(super) fn with_log<T>(&self, lane: Lane, work: impl FnOnce(&mut Log) -> T) -> T {
        let spooled = &self.lanes[lane.index()];
        let mut log = spooled.log.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = work(&mut log);
        spooled.bytes.store(log.bytes(), Ordering::Relaxed);
        spooled.waiting.store(log.waiting() as u64, Ordering::Relaxed);
        drop(log);
        self.tell();
        outcome
    }

    /// The number of records that wait, as it changes.
    pub(super) fn waiting(&self) -> watch::Receiver<usize> {
        self.waiting.subscribe()
    }

    /// What is to be spooled at once, as its lane is known to be away, and what is to be published.
    pub(super) fn partition(&self, records: Vec<Record>) -> (Vec<Record>, Vec<Record>) {
        let away = self.away.load(Ordering::Acquire);
        if away == 0 {
            return (Vec::new(), records);
        }
        records.into_iter().partition(|record| away & bit(record.lane) != 0)
    }

    fn tell(&self) {
        let sum = |of: fn(&Spooled) -> &AtomicU64| -> u64 {
            self.lanes.iter().map(|lane| of(lane).load(Ordering::Relaxed)).sum()
        };
        let waiting = sum(|lane| &lane.waiting);
        self.stats.waiting.set(waiting as f64);
        self.stats.bytes.set(sum(|lane| &lane.bytes) as f64);
        self.waiting.send_replace(usize::try_from(waiting).unwrap_or(usize::MAX));
    }

    /// Bytes that still fit.
    pub(super) fn room(&self) -> u64 {
        let used: u64 = self.lanes.iter().map(|lane| lane.bytes.load(Ordering::Relaxed)).sum();
        self.max_bytes.saturating_sub(used)
    }

    pub(super) fn set_away(&self, lane: Lane, is_away: bool) {
        let before = if is_away {
            self.away.fetch_or(bit(lane), Ordering::AcqRel)
        } else {
            self.away.fetch_and(!bit(lane), Ordering::AcqRel)
        };
        match (before & bit(lane) != 0, is_away) {
            (false, true) => {
                tracing::warn!(lane = %lane, "kafka does not take this lane's records: they are spooled");
            }
            (true, false) => tracing::info!(lane = %lane, "kafka takes this lane's records again"),
            _ => {}
        }
    }

    /// Records were not published: their lanes are spooled from now on.
    pub(super) fn came_back(&self, error: &PublishError, records: &[Record]) {
        self.count_repeated(error, records.len());
        for record in records {
            if self.away.load(Ordering::Relaxed) & bit(record.lane) == 0 {
                self.set_away(record.lane, true);
            }
        }
    }

    /// Records that Kafka may have taken although it did not say so, and that it will get again.
    pub(super) fn count_repeated(&self, error: &PublishError, records: usize) {
        if *error != PublishError::QueueFull {
            self.stats.repeated.increment(records as u64);
        }
    }

    pub(super) fn note_disk(&self, error: Option<&io::Error>) {
        let text = error.map(ToString::to_string);
        *self.disk.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    pub(super) fn full_or_failing(&self) -> Option<String> {
        let disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &*disk {
            return Some(format!("the spool cannot be used ({error})"));
        }
        let is_full = self.room() < ROOM_BYTES.min(self.max_bytes / 16);
        is_full.then(|| format!("the spool is full ({} bytes)", self.max_bytes))
    }

    pub(super) fn remark(&self, kafka: &Result<(), String>) -> Option<String> {
        let waiting = *self.waiting.borrow();
        let spool = format!("{waiting} records wait in the spool, which has room for {} bytes", self.room());
        let away = self.away.load(Ordering::Acquire) != 0;
        match kafka {
            Err(reason) if away || waiting > 0 => Some(format!("{reason}: what arrives is spooled; {spool}")),
            Err(reason) => Some(format!("{reason}: what arrives will be spooled")),
            Ok(()) => (waiting > 0).then(|| format!("{spool}; they are being published")),
        }
    }
}

const fn bit(lane: Lane) -> u8 {
    1 << lane.index()
}

fn lock(directory: &Path) -> Result<File, SpoolError> {
    let unusable = |error| SpoolError::Directory { directory: directory.to_owned(), error };
    let path = directory.join("lock");
    let options = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let file = options.map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// A lane that this version does not know holds records that it would leave behind.
fn refuse_unknown_lanes(directory: &Path) -> Result<(), SpoolError> {
    let unusable = |error| SpoolError::Directory { directory: directory.to_owned(), error };
    for entry in std::fs::read_dir(directory).map_err(unusable)? {
        let path = entry.map_err(unusable)?.path();
        let is_lane = path.file_name().and_then(|name| name.to_str()?.parse::<Lane>().ok()).is_some();
        if path.is_dir() && !is_lane && segment::list(&path).is_ok_and(|numbers| !numbers.is_empty()) {
            return Err(SpoolError::Version { path, found: "a lane that is not known".to_owned() });
        }
    }
    Ok(())
}
