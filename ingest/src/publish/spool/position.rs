//! How far a lane was drained, in a small file beside its segments. It may be behind, never ahead: what is
//! published twice is a duplicate, what is not published is lost.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::frame::{Place, number32, number64};

const FILE: &str = "position";
const BYTES: usize = 36;

/// Up to where Kafka has acknowledged, and up to where records were being published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Position {
    /// The next record to be published.
    pub(super) next: Place,
    /// Records before it may have been published already, though none from `next` on is known to be.
    pub(super) under_way: Place,
}

/// The file that a position is kept in.
#[derive(Debug)]
pub(super) struct PositionFile(File);

impl PositionFile {
    /// Opens the file of a lane, and reads what it says. A file that cannot be read says that everything is
    /// to be published, and that all of it may have been.
    pub(super) fn open(directory: &Path) -> io::Result<(Self, Position)> {
        let path = directory.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let unreadable = Place { segment: u64::MAX, offset: u64::MAX };
        let position = match parse(&bytes) {
            Some(position) => position,
            None if bytes.is_empty() => Position::default(),
            None => Position { next: Place::default(), under_way: unreadable },
        };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        Ok((Self(file), position))
    }

    /// Remembers a position.
    pub(super) fn write(&mut self, position: Position) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(BYTES);
        for place in [position.next, position.under_way] {
            bytes.extend_from_slice(&place.segment.to_le_bytes());
            bytes.extend_from_slice(&place.offset.to_le_bytes());
        }
        let proof = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&proof.to_le_bytes());
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(&bytes)?;
        self.0.sync_data()
    }
}

fn parse(bytes: &[u8]) -> Option<Position> {
    let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
    let place = |from| Some(Place { segment: number64(bytes, from)?, offset: number64(bytes, from + 8)? });
    let is_sound = number32(bytes, 32)? == crc32fast::hash(&bytes[..32]);
    if is_sound { Some(Position { next: place(0)?, under_way: place(16)? }) } else { None }
}
