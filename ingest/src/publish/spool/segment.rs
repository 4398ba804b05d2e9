//! A segment: a file of frames behind a header that says which version wrote them. Its name is its number;
//! only the last one of a lane is written to, and one that is drained is removed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::{SpoolError, VERSION};
use super::frame::number32;

/// Where the first frame of a segment begins.
pub(super) const HEADER_BYTES: u64 = 16;

const MARK: &[u8; 8] = b"CEKSPOOL";
const ENDING: &str = "spool";

/// The file of a segment.
pub(super) fn path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:020}.{ENDING}"))
}

/// The numbers of all segments of a lane, the oldest first.
pub(super) fn list(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let is_segment = path.extension().is_some_and(|ending| ending == ENDING);
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let (true, Some(number)) = (is_segment, number) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes a segment that survives a power failure, also while it is empty.
pub(super) fn create(directory: &Path, number: u64) -> io::Result<File> {
    let mut file = OpenOptions::new().create_new(true).append(true).open(path(directory, number))?;
    let mut header = [MARK.as_slice(), &VERSION.to_le_bytes()].concat();
    let proof = crc32fast::hash(&header);
    header.extend_from_slice(&proof.to_le_bytes());
    file.write_all(&header)?;
    file.sync_all()?;
    File::open(directory)?.sync_all()?;
    Ok(file)
}

/// Refuses a segment that says of itself that another version wrote it. A header that was damaged says
/// nothing: the frames tell by themselves whether they can be read.
pub(super) fn check_version(path: &Path) -> Result<(), SpoolError> {
    let unreadable = |error| SpoolError::Directory { directory: path.to_owned(), error };
    let mut header = Vec::new();
    io::Read::read_to_end(
        &mut io::Read::take(File::open(path).map_err(unreadable)?, HEADER_BYTES),
        &mut header,
    )
    .map_err(unreadable)?;
    let is_sound = number32(&header, 12).is_some_and(|proof| proof == crc32fast::hash(&header[..12]));
    match number32(&header, 8) {
        Some(found) if is_sound && found != VERSION => {
            Err(SpoolError::Version { path: path.to_owned(), found: found.to_string() })
        }
        _ => Ok(()),
    }
}
