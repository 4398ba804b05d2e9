//! A wish that is not fulfilled.

/// What was asked for makes no sense or cannot be had: exit code 2, and nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refused(pub(crate) String);
