//! What retention drops is written to Parquet files first, where somebody names a directory: one file for each
//! day of events and of recorded answers.
//!
//! ```text
//!  rows of a day ──▶ file.parquet.part ──fsync──▶ file.parquet ──fsync of the directory──▶ the day is dropped
//! ```
//!
//! The day is locked against writing meanwhile, so that nothing is dropped that is not in the file. A file
//! that is there is left alone, for its rows may be gone from the database: what comes later for the same day
//! gets a file with the next number. A try that broke off after its file leaves rows that stand in two files.

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
        let path = self.free_path(table, day)?;
        file::write(conn, table, day, &path).await
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
        let _named = (table.name, day);
        Err(ArchiveError::NotBuilt(self.directory.clone()))
    }

    /// Where no file is yet: `event_20250102.parquet`, then `event_20250102_2.parquet`.
    #[cfg(feature = "archive")]
    fn free_path(&self, table: &Table, day: Date) -> Result<PathBuf, ArchiveError> {
        let folder = self.directory.join(table.name);
        let stem = format!("{}_{}", table.name, day.strftime("%Y%m%d"));
        let mut path = folder.join(format!("{stem}.parquet"));
        let mut number = 1;
        while path.try_exists().map_err(|error| ArchiveError::Disk(path.clone(), error))? {
            number += 1;
            path = folder.join(format!("{stem}_{number}.parquet"));
        }
        Ok(path)
    }
}
