//! Reads a segment record by record, and says where it cannot.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::frame::{self, Found, Place};

/// How much is read at once: more than the largest record.
const CHUNK_BYTES: u64 = 2 * frame::MAX_BYTES as u64;

/// What was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// A record in between.
    Record,
    /// The end of a segment: mostly a write that was cut off and therefore never answered 200.
    Tail,
}

/// A place that could not be read.
#[derive(Debug)]
pub(super) struct DamagedPlace {
    pub(super) damage: Damage,
    pub(super) place: Place,
}

/// What a segment holds next.
pub(super) enum Next {
    Record { bytes: Vec<u8>, place: Place },
    Damaged(DamagedPlace),
}

/// Reads a segment from a place on, as far as it is durable.
pub(super) struct Reader {
    file: File,
    end: u64,
    /// What comes next.
    pub(super) at: Place,
    /// Bytes of the file from `chunk_at` on.
    chunk: Vec<u8>,
    chunk_at: u64,
}

impl Reader {
    /// Opens a segment to be read from a place to its durable end.
    pub(super) fn open(path: &Path, at: Place, end: u64) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, end, at, chunk: Vec::new(), chunk_at: at.offset })
    }

    /// The next record, or the next place that could not be read. `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Next>> {
        loop {
            if self.at.offset >= self.end {
                return Ok(None);
            }
            let place = self.at;
            let from = usize::try_from(place.offset - self.chunk_at).unwrap_or(usize::MAX);
            let rest = self.chunk.get(from..).unwrap_or_default();
            match frame::read(rest, place) {
                Found::Whole { bytes, end } => {
                    self.at.offset += end as u64;
                    return Ok(Some(Next::Record { bytes: bytes.to_vec(), place }));
                }
                Found::Damaged { end } => {
                    self.at.offset += end as u64;
                    return Ok(Some(Next::Damaged(DamagedPlace { damage: Damage::Record, place })));
                }
                Found::Cut if place.offset + (rest.len() as u64) < self.end => {
                    let wanted = if rest.len() as u64 >= CHUNK_BYTES { self.end } else { CHUNK_BYTES };
                    self.read_on(wanted)?;
                }
                Found::Cut => {
                    self.at.offset = self.end;
                    return Ok(Some(Next::Damaged(DamagedPlace { damage: Damage::Tail, place })));
                }
            }
        }
    }

    /// Reads about `wanted` bytes from the present place on.
    fn read_on(&mut self, wanted: u64) -> io::Result<()> {
        self.chunk.clear();
        self.chunk_at = self.at.offset;
        self.file.seek(SeekFrom::Start(self.at.offset))?;
        let left = self.end - self.at.offset;
        let read = (&self.file).take(wanted.min(left)).read_to_end(&mut self.chunk)?;
        if read as u64 == wanted.min(left) {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a segment of the spool has become shorter"))
        }
    }
}
