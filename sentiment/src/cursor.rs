//! Reading bytes in order: numbers and texts, each checked before it is used.

/// Why an artefact cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArtefactError {
    /// The file ends too early.
    #[error("the model artefact is cut short")]
    CutShort,
    /// The checksum does not match.
    #[error("the model artefact is damaged: its checksum does not match")]
    Damaged,
    /// It is no artefact, or of another layout than this build reads.
    #[error("the model artefact is not of the layout this build reads")]
    Malformed,
}

/// Reads sections one after the other.
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], ArtefactError> {
        let (head, rest) = self.0.split_at_checked(length).ok_or(ArtefactError::CutShort)?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ArtefactError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(ArtefactError::CutShort)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, ArtefactError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn f32(&mut self) -> Result<f32, ArtefactError> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, ArtefactError> {
        let [length] = self.array::<1>()?;
        std::str::from_utf8(self.take(usize::from(length))?).map_err(|_| ArtefactError::Malformed)
    }
}
