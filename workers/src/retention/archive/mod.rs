//! What retention drops is written to Parquet files first, where somebody names a directory: one file for each
//! day of events and of recorded answers.
//!
//! ```text
//!  rows of a day ──▶ file.parquet.part ──fsync──▶ file.parquet ──fsync of the directory──▶ the day is dropped
//! ```
//!
//! The day is locked against writing meanwhile, so that nothing is dropped that is not in the file. A file of
//! an earlier try is replaced by the same rows again.

#[cfg(feature = "archive")]
mod file;
#[cfg_attr(not(feature = "archive"), allow(dead_code, reason = "only files are made of columns"))]
mod table;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use sqlx::PgConnection;

pub(super) use self::table::Table;

/// A directory of files.
#[derive(Debug, Clone)]
pub struct Archive {
    directory: PathBuf,
}

/// Why something could not be kept; it is not dropped then.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// This program cannot write such files.
    #[error("this program was built without the feature archive, and can keep nothing in {}", .0.display())]
    NotBuilt(PathBuf),
    /// The directory or a file in it cannot be written.
    #[error("{} cannot be written: give --archive a directory on a disk with room", .0.display())]
    Disk(PathBuf, #[source] std::io::Error),
    /// The rows do not become a file.
    #[cfg(feature = "archive")]
    #[error("{} cannot be made", .0.display())]
    File(PathBuf, #[source] parquet::errors::ParquetError),
    /// The thread that writes broke off.
    #[error("writing {} broke off", .0.display())]
    Writer(PathBuf),
    /// The database does not give the rows.
    #[error("the database does not give what is to be kept")]
    Database(#[from] sqlx::Error),
}

impl Archive {
    /// An archive in a directory, which is made where there is none; proves that it can be written.
    ///
    /// # Errors
    /// [`ArchiveError::NotBuilt`], [`ArchiveError::Disk`].
    pub fn open(directory: &Path) -> Result<Self, ArchiveError> {
        if cfg!(not(feature = "archive")) {
            return Err(ArchiveError::NotBuilt(directory.to_owned()));
        }
        let probe = directory.join(".probe");
        let proven = std::fs::create_dir_all(directory)
            .and_then(|()| std::fs::write(&probe, b"x"))
            .and_then(|()| std::fs::remove_file(&probe));
        proven.map_err(|error| ArchiveError::Disk(directory.to_owned(), error))?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// Writes all rows of a day, which the caller's transaction holds; returns how many they were. Once it
    /// returns they outlive a loss of power.
    #[cfg(feature = "archive")]
    pub(super) async fn keep(
        &self,
        conn: &mut PgConnection,
        table: &'static Table,
        day: Date,
    ) -> Result<u64, ArchiveError> {
        file::write(conn, table, day, &self.path(table, day)).await
    }

    /// Keeps nothing: this program cannot write such files.
    #[cfg(not(feature = "archive"))]
    #[expect(clippy::unused_async, reason = "it is called alike with the feature and without")]
    pub(super) async fn keep(
        &self,
        _conn: &mut PgConnection,
        table: &'static Table,
        day: Date,
    ) -> Result<u64, ArchiveError> {
        Err(ArchiveError::NotBuilt(self.path(table, day)))
    }

    fn path(&self, table: &Table, day: Date) -> PathBuf {
        self.directory.join(table.name).join(format!("{}_{}.parquet", table.name, day.strftime("%Y%m%d")))
    }
}
