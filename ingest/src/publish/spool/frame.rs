//! One record in a segment: a header that proves itself and knows where it stands, then the record's bytes.
//!
//! Header and bytes have a checksum each. So damage to the bytes costs this record alone, and after damage to
//! the header the next record is found by its own header: only at the place that it names is it believed, and
//! its mark is no UTF-8, so that nothing inside a record passes for one.

/// Begins every frame; occurs in no text.
const MARK: [u8; 4] = [0xff, b'c', b'b', 0xfe];

/// Bytes before those of the record: mark, length, segment, offset, checksum of the bytes, and of all that.
pub(super) const HEADER_BYTES: usize = 32;

/// More than any record has: 900 kB of value and key, and what is said about them.
pub(super) const MAX_BYTES: usize = 2 << 20;

/// Where a frame stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Place {
    /// The segment's number.
    pub(super) segment: u64,
    /// Bytes from the segment's beginning.
    pub(super) offset: u64,
}

/// What stands at a place. `end` is the number of bytes up to the next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A record, whole.
    Whole { bytes: &'a [u8], end: usize },
    /// What was a record once.
    Damaged { end: usize },
    /// The bytes end before a record does, and no other begins in them.
    Cut,
}

/// Appends the frame of a record to `out`, whose end is `at`.
pub(super) fn write(out: &mut Vec<u8>, at: Place, bytes: &[u8]) {
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&MARK);
    // A record is far under the 4 GiB that a length can say.
    header[4..8].copy_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    header[8..16].copy_from_slice(&at.segment.to_le_bytes());
    header[16..24].copy_from_slice(&at.offset.to_le_bytes());
    header[24..28].copy_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    let proof = crc32fast::hash(&header[..28]);
    header[28..].copy_from_slice(&proof.to_le_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(bytes);
}

/// What `bytes`, which stand at `at`, begin with.
pub(super) fn read(bytes: &[u8], at: Place) -> Found<'_> {
    let Some(header) = Header::read(bytes, at) else { return find_next(bytes, at) };
    let end = HEADER_BYTES + header.length;
    match bytes.get(HEADER_BYTES..end) {
        None => find_next(bytes, at),
        Some(record) if crc32fast::hash(record) == header.checksum => Found::Whole { bytes: record, end },
        Some(_) => Found::Damaged { end },
    }
}

/// Looks for the next frame behind one that cannot be read.
fn find_next(bytes: &[u8], at: Place) -> Found<'_> {
    let is_frame = |from: usize| {
        let there = Place { offset: at.offset + from as u64, ..at };
        bytes[from..].starts_with(&MARK) && Header::read(&bytes[from..], there).is_some()
    };
    match (1..bytes.len()).find(|from| is_frame(*from)) {
        Some(end) => Found::Damaged { end },
        None => Found::Cut,
    }
}

struct Header {
    length: usize,
    checksum: u32,
}

impl Header {
    /// `None` where the bytes begin with no header that belongs there.
    fn read(bytes: &[u8], at: Place) -> Option<Self> {
        let header = bytes.get(..HEADER_BYTES)?;
        let length = usize::try_from(number32(header, 4)?).ok()?;
        let place = Place { segment: number64(header, 8)?, offset: number64(header, 16)? };
        let is_sound = header.starts_with(&MARK)
            && number32(header, 28)? == crc32fast::hash(&header[..28])
            && place == at
            && length <= MAX_BYTES;
        is_sound.then_some(Self { length, checksum: number32(header, 24)? })
    }
}

/// The number in four bytes from `from` on.
pub(super) fn number32(bytes: &[u8], from: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(from..from + 4)?.try_into().ok()?))
}

/// The number in eight bytes from `from` on.
pub(super) fn number64(bytes: &[u8], from: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(from..from + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT: Place = Place { segment: 3, offset: 12 };

    fn framed(records: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        for record in records {
            let offset = AT.offset + out.len() as u64;
            write(&mut out, Place { offset, ..AT }, record);
        }
        out
    }

    /// Every whole record, and how many damaged places there were between them.
    fn read_all(bytes: &[u8]) -> (Vec<Vec<u8>>, usize, bool) {
        let (mut whole, mut damaged, mut from) = (Vec::new(), 0, 0);
        while from < bytes.len() {
            match read(&bytes[from..], Place { offset: AT.offset + from as u64, ..AT }) {
                Found::Whole { bytes, end } => {
                    whole.push(bytes.to_vec());
                    from += end;
                }
                Found::Damaged { end } => {
                    damaged += 1;
                    from += end;
                }
                Found::Cut => return (whole, damaged, true),
            }
        }
        (whole, damaged, false)
    }

    fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
        // Short ones, and such as look like frames themselves.
        let disguised = Just(framed(&[b"inside".to_vec()]));
        let record = prop_oneof![prop::collection::vec(any::<u8>(), 0..60), disguised];
        prop::collection::vec(record, 1..6)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(records in records()) {
            prop_assert_eq!(read_all(&framed(&records)), (records, 0, false));
        }

        #[test]
        fn a_flipped_bit_anywhere_costs_one_record_and_is_noticed(
            records in records(), place in any::<prop::sample::Index>(), bit in 0u8..8
        ) {
            let mut bytes = framed(&records);
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
            let hit = (1..=records.len()).find(|n| place < framed(&records[..*n]).len()).unwrap() - 1;
            let mut left = records.clone();
            left.remove(hit);
            let (whole, damaged, cut) = read_all(&bytes);
            prop_assert_eq!(whole, left);
            prop_assert_eq!(damaged + usize::from(cut), 1, "one place is reported");
        }

        #[test]
        fn a_torn_tail_costs_no_record_before_it(
            records in records(), torn in any::<prop::sample::Index>()
        ) {
            let (bytes, whole) = (framed(&records), framed(&records[..records.len() - 1]));
            // Every length of the last record's frame, but not all of it.
            let length = whole.len() + torn.index(bytes.len() - whole.len());
            let expected = (records[..records.len() - 1].to_vec(), 0, length > whole.len());
            prop_assert_eq!(read_all(&bytes[..length]), expected);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            read_all(&bytes);
        }
    }
}
