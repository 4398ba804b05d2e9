//! The trained artefact: one file of little-endian sections, closed by a checksum.
//!
//! magic, version, hash bits, weight scale, int8 weights, dense weights, calibration, lexicon, checksum.

use std::borrow::Cow;

use crate::cursor::{ArtefactError, Cursor};
use crate::features::dense::DENSE;
use crate::hash;
use crate::lexicon::Lexicon;

const MAGIC: [u8; 4] = *b"CBS1";
/// The widest table that is read: 3 bytes times 2^20.
const MAX_BITS: u32 = 20;

/// How the raw sums become probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Divides the sums of comments with at most eight words.
    pub short_temperature: f32,
    /// Divides the sums of longer comments.
    pub long_temperature: f32,
    /// Below this probability of the label a comment is `uncertain`.
    pub certain_from: f32,
}

/// All that training found.
#[derive(Debug)]
pub struct Artefact<'a> {
    /// The model's name, kept with every scored row.
    pub version: Cow<'a, str>,
    /// The hashed table has two to this power rows.
    pub bits: u32,
    /// One int8 step is worth this much.
    pub scale: f32,
    /// Three weights a row, for pos, neu, neg.
    pub weights: Cow<'a, [u8]>,
    /// Three weights for each dense feature.
    pub dense: [[f32; 3]; DENSE],
    /// From sums to probabilities.
    pub calibration: Calibration,
    /// The word table.
    pub lexicon: Lexicon,
}

impl<'a> Artefact<'a> {
    /// Reads an artefact; the weights stay where they are.
    ///
    /// # Errors
    /// When it is cut short, damaged, or of another layout.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ArtefactError> {
        let (content, checksum) = bytes.split_last_chunk::<8>().ok_or(ArtefactError::CutShort)?;
        if hash::bytes(0, content) != u64::from_le_bytes(*checksum) {
            return Err(ArtefactError::Damaged);
        }
        let mut cursor = Cursor::new(content);
        if cursor.array::<4>()? != MAGIC {
            return Err(ArtefactError::Malformed);
        }
        let version = Cow::Borrowed(cursor.text()?);
        let bits = cursor.u32()?;
        if bits > MAX_BITS {
            return Err(ArtefactError::Malformed);
        }
        let scale = cursor.f32()?;
        let weights = Cow::Borrowed(cursor.take(3 << bits)?);
        if cursor.u32()? as usize != DENSE {
            return Err(ArtefactError::Malformed);
        }
        let mut dense = [[0.0; 3]; DENSE];
        for weight in dense.as_flattened_mut() {
            *weight = cursor.f32()?;
        }
        let calibration = Calibration {
            short_temperature: cursor.f32()?,
            long_temperature: cursor.f32()?,
            certain_from: cursor.f32()?,
        };
        let lexicon = Lexicon::read(&mut cursor)?;
        Ok(Self { version, bits, scale, weights, dense, calibration, lexicon })
    }

    /// The bytes that `read` reads.
    pub fn write(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(u8::try_from(self.version.len()).unwrap_or(u8::MAX));
        out.extend_from_slice(self.version.as_bytes());
        out.extend_from_slice(&self.bits.to_le_bytes());
        out.extend_from_slice(&self.scale.to_le_bytes());
        out.extend_from_slice(&self.weights);
        out.extend_from_slice(&u32::try_from(DENSE).unwrap_or(u32::MAX).to_le_bytes());
        for weight in self.dense.as_flattened() {
            out.extend_from_slice(&weight.to_le_bytes());
        }
        let Calibration { short_temperature, long_temperature, certain_from } = self.calibration;
        for value in [short_temperature, long_temperature, certain_from] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        self.lexicon.write(&mut out);
        let checksum = hash::bytes(0, &out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Artefact<'static> {
        Artefact {
            version: "test-1".into(),
            bits: 2,
            scale: 0.5,
            weights: vec![1; 12].into(),
            dense: [[0.25; 3]; DENSE],
            calibration: Calibration { short_temperature: 1.0, long_temperature: 2.0, certain_from: 0.5 },
            lexicon: Lexicon::new(vec![("enak".into(), crate::lexicon::Entry::default())]),
        }
    }

    #[test]
    fn an_artefact_is_the_same_after_writing_and_reading() {
        let bytes = small().write();
        let read = Artefact::read(&bytes).unwrap();
        assert_eq!(read.write(), bytes);
        assert_eq!(read.version, "test-1");
        assert_eq!(read.calibration, small().calibration);
    }

    #[test]
    fn a_damaged_or_shortened_artefact_is_refused() {
        let bytes = small().write();
        let mut damaged = bytes.clone();
        damaged[20] ^= 1;
        assert_eq!(Artefact::read(&damaged).unwrap_err(), ArtefactError::Damaged);
        for end in [0, 7, 8, 40, bytes.len() - 1] {
            assert!(Artefact::read(&bytes[..end]).is_err());
        }
    }
}
