//! What the spool needs to know.

use std::path::PathBuf;
use std::time::Duration;

/// Where the spool is, and how large it may become.
#[derive(Debug, Clone)]
pub struct SpoolSettings {
    /// A directory for this receiver alone.
    pub directory: PathBuf,
    /// Bytes on disk; what does not fit is answered 503.
    pub max_bytes: u64,
    /// How long Kafka may take to acknowledge before records are spooled.
    pub after: Duration,
}
