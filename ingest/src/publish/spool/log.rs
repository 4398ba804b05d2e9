//! One lane's log: appended to at its end, drained at its beginning, and removed segment by segment.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cekbrand_schema::Lane;

use super::SpoolError;
use super::frame::{self, Place};
use super::position::{Position, PositionFile};
use super::reader::{Damage, DamagedPlace, Next, Reader};
use super::segment;
use super::stored;
use crate::record::Record;

/// Records that are to be published next.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    /// What could not be read on the way.
    pub(super) damaged: Vec<DamagedPlace>,
    /// How many of them Kafka may have already.
    pub(super) repeated: usize,
    /// What follows them.
    end: Place,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    /// What is durable of it.
    bytes: u64,
}

/// A lane's log.
#[derive(Debug)]
pub(super) struct Log {
    lane: Lane,
    directory: PathBuf,
    segment_bytes: u64,
    /// The oldest first.
    segments: VecDeque<Segment>,
    /// The last segment, while it is written to.
    active: Option<File>,
    next_number: u64,
    position: Position,
    position_file: PositionFile,
    /// Records that are still to be published; damaged ones are not counted.
    waiting: usize,
}

impl Log {
    /// Opens the log below a spool's directory, and counts what it holds.
    pub(super) fn open(directory: &Path, lane: Lane, segment_bytes: u64) -> Result<Self, SpoolError> {
        let unreadable = |error| SpoolError::Directory { directory: directory.to_owned(), error };
        std::fs::create_dir_all(directory).map_err(unreadable)?;
        let (position_file, position) = PositionFile::open(directory).map_err(unreadable)?;
        let mut segments = VecDeque::new();
        for number in segment::list(directory).map_err(unreadable)? {
            let path = segment::path(directory, number);
            segment::check_version(&path)?;
            let bytes = std::fs::metadata(&path).map_err(unreadable)?.len();
            segments.push_back(Segment { number, bytes });
        }
        let last = segments.back().map_or(0, |segment| segment.number).max(position.next.segment);
        let next_number = last + 1;
        let mut log = Self {
            lane,
            directory: directory.to_owned(),
            segment_bytes,
            segments,
            active: None,
            next_number,
            position,
            position_file,
            waiting: 0,
        };
        log.waiting = log.count().map_err(unreadable)?;
        Ok(log)
    }

    /// Records that are still to be published.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Bytes on disk.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Appends records and waits until they are on disk. Where that fails none of them is kept: what cannot
    /// be taken back would be published twice, no more.
    pub(super) fn append(&mut self, records: &[Vec<u8>]) -> io::Result<()> {
        let appended = self.try_append(records);
        if appended.is_err() {
            // Nobody can say what a file holds whose write failed, so that nothing is added to it.
            let durable = self.segments.back().map_or(0, |segment| segment.bytes);
            if let Some(Err(error)) = self.active.take().map(|file| file.set_len(durable)) {
                tracing::warn!(error = %error, lane = %self.lane, "a spool's write cannot be taken back");
            }
        }
        appended
    }

    fn try_append(&mut self, records: &[Vec<u8>]) -> io::Result<()> {
        let needed: u64 = records.iter().map(|record| frame_bytes(record)).sum();
        if self.segments.back().is_some_and(|segment| segment.bytes + needed > self.segment_bytes) {
            self.active = None;
        }
        let mut file = match self.active.take() {
            Some(file) => file,
            None => self.create()?,
        };
        let last = self.segments.back_mut().ok_or_else(|| io::Error::other("no segment was made"))?;
        let mut bytes = Vec::with_capacity(usize::try_from(needed).unwrap_or(0));
        for record in records {
            let offset = last.bytes + bytes.len() as u64;
            frame::write(&mut bytes, Place { segment: last.number, offset }, record);
        }
        let written = file.write_all(&bytes).and_then(|()| file.sync_data());
        self.active = Some(file);
        written?;
        last.bytes += bytes.len() as u64;
        self.waiting += records.len();
        Ok(())
    }

    fn create(&mut self) -> io::Result<File> {
        let number = self.next_number;
        // Also where it fails: the name may be taken by what was made of it.
        self.next_number += 1;
        let file = segment::create(&self.directory, number)?;
        self.segments.push_back(Segment { number, bytes: segment::HEADER_BYTES });
        Ok(file)
    }

    /// The next records, at most `most` and about `bytes` of them. `None` where nothing is left; then the log
    /// is empty on disk as well. What they are is remembered, so that whoever comes after a crash knows which
    /// of them may have been published.
    pub(super) fn next_batch(&mut self, most: usize, bytes: usize) -> io::Result<Option<Batch>> {
        let mut batch = Batch { end: self.position.next, ..Batch::default() };
        self.gather(&mut batch, most, bytes)?;
        if batch.records.is_empty() {
            let is_done = self.segments.is_empty();
            self.finish(&batch)?;
            return Ok(if is_done && batch.damaged.is_empty() { None } else { Some(batch) });
        }
        if batch.end > self.position.under_way {
            self.position.under_way = batch.end;
        }
        self.position_file.write(self.position)?;
        Ok(Some(batch))
    }

    /// A batch's records are published, so that they need not be kept any longer.
    pub(super) fn finish(&mut self, batch: &Batch) -> io::Result<()> {
        self.position.next = batch.end;
        self.waiting = self.waiting.saturating_sub(batch.records.len());
        while let Some(first) = self.segments.front() {
            let is_drained = batch.end >= Place { segment: first.number, offset: first.bytes };
            if !is_drained {
                break;
            }
            if self.segments.len() == 1 {
                self.active = None;
            }
            std::fs::remove_file(segment::path(&self.directory, first.number))?;
            self.segments.pop_front();
        }
        if self.segments.is_empty() {
            self.waiting = 0;
            self.position.under_way = self.position.next;
        }
        Ok(())
    }

    /// Adds records to a batch until it is full or no record is left.
    fn gather(&self, batch: &mut Batch, most: usize, bytes: usize) -> io::Result<()> {
        let (mut taken, first) = (0, batch.end.segment);
        for segment in self.segments.iter().filter(|segment| segment.number >= first) {
            if segment.number > batch.end.segment {
                batch.end = Place { segment: segment.number, offset: 0 };
            }
            let mut reader = self.reader(segment, batch.end)?;
            while batch.records.len() < most && taken < bytes {
                let Some(next) = reader.next()? else { break };
                match next {
                    Next::Record { bytes, place } => match stored::read(self.lane, &bytes) {
                        Some(record) => {
                            taken += bytes.len();
                            batch.repeated += usize::from(place < self.position.under_way);
                            batch.records.push(record);
                        }
                        None => batch.damaged.push(DamagedPlace { damage: Damage::Record, place }),
                    },
                    Next::Damaged(place) => batch.damaged.push(place),
                }
            }
            batch.end = reader.at;
            if batch.records.len() >= most || taken >= bytes {
                break;
            }
        }
        Ok(())
    }

    fn reader(&self, segment: &Segment, from: Place) -> io::Result<Reader> {
        let offset = if segment.number == from.segment { from.offset } else { 0 };
        let at = Place { segment: segment.number, offset: offset.max(segment::HEADER_BYTES) };
        Reader::open(&segment::path(&self.directory, segment.number), at, segment.bytes)
    }

    /// How many records are to be published.
    fn count(&self) -> io::Result<usize> {
        let mut records = 0;
        for segment in self.segments.iter().filter(|segment| segment.number >= self.position.next.segment) {
            let mut reader = self.reader(segment, self.position.next)?;
            while let Some(next) = reader.next()? {
                records += usize::from(matches!(next, Next::Record { .. }));
            }
        }
        Ok(records)
    }
}

/// Bytes that a record takes in a segment.
pub(super) fn frame_bytes(record: &[u8]) -> u64 {
    (frame::HEADER_BYTES + record.len()) as u64
}
