//! The name of a kind of read.

use std::fmt;
use std::str::FromStr;

/// The name of a kind of read: the `kind` of a task and its label in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(&'static str);

impl Kind {
    /// The kind of a read in [`super::ALL`]; each read's file has the only one of its name.
    pub(super) const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A word that names no read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of read")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let kinds = super::ALL.iter().map(|read| read.about().kind);
        kinds.into_iter().find(|kind| kind.0 == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}
