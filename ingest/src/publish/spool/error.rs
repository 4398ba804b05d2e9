//! Why a spool cannot be used.

use std::io;
use std::path::PathBuf;

/// The version of everything in a spool's directory: what another one wrote is not read.
pub(super) const VERSION: u32 = 1;

/// What names the directory.
const SETTING: &str = "CEKBRAND__INGEST__SPOOL_DIR";

/// Why a spool cannot be opened. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The directory cannot be made, read or written to.
    #[error("the spool's directory {} cannot be used: check {SETTING}", .directory.display())]
    Directory {
        /// The directory, or what is wrong in it.
        directory: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// Another process has it.
    #[error(
        "the spool's directory {} is in use by another process: give each receiver its own with {SETTING}",
        .0.display()
    )]
    InUse(PathBuf),
    /// Another version of the program wrote what is in it.
    #[error(
        "{} is of another version of the spool ({found}; this program reads {VERSION}): let the program that \
         wrote it drain it, or move it away",
        .path.display()
    )]
    Version {
        /// What is of another version.
        path: PathBuf,
        /// Which.
        found: String,
    },
}
