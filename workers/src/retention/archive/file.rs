//! One Parquet file: rows as the database gives them go to a thread that writes them, in groups.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff_sqlx::ToSqlx;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::ArchiveError;
use super::table::{Column, Kind, Table};

/// A group is handed on when it holds so many rows or bytes.
const GROUP_ROWS: u64 = 20_000;
const GROUP_BYTES: usize = 16 * 1024 * 1024;
/// Groups read ahead.
const AHEAD: usize = 1;

const NO_LIMIT: &str = "SELECT set_config('statement_timeout', '0', true)";

/// Rows, column by column.
type Group = Vec<Values>;

/// The values of a column, and where there is none.
#[derive(Debug)]
struct Values {
    /// 1 where there is a value, 0 where there is none.
    levels: Vec<i16>,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Bytes(Vec<ByteArray>),
    Bool(Vec<bool>),
    Int(Vec<i32>),
    Long(Vec<i64>),
}

/// Writes the rows of a day; returns how many they were.
pub(super) async fn write(
    conn: &mut PgConnection,
    table: &'static Table,
    day: Date,
    path: &Path,
) -> Result<u64, ArchiveError> {
    let (sender, groups) = mpsc::channel(AHEAD);
    let target = path.to_owned();
    let writing = tokio::task::spawn_blocking(move || write_file(table, &target, groups));
    // Where the writer fails it says why; that nobody takes the rows any more says less.
    let read = send(conn, table, day, sender).await;
    let written = writing.await.map_err(|_| ArchiveError::Writer(path.to_owned()))?;
    let (rows, is_whole) = read?;
    written?;
    if is_whole { Ok(rows) } else { Err(ArchiveError::Writer(path.to_owned())) }
}

/// Hands on the rows; how many they were, and whether all of them were taken. The last message says that it
/// is the last: without it the file is not kept.
async fn send(
    conn: &mut PgConnection,
    table: &'static Table,
    day: Date,
    sender: Sender<Option<Group>>,
) -> Result<(u64, bool), ArchiveError> {
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp());
    let (from, to) = (midnight(day), midnight(day.tomorrow().unwrap_or(Date::MAX)));
    sqlx::query(NO_LIMIT).execute(&mut *conn).await?;
    let mut rows = sqlx::query(table.statement).bind(from.to_sqlx()).bind(to.to_sqlx()).fetch(conn);
    let (mut group, mut bytes, mut held, mut all) = (empty(table), 0, 0, 0);
    while let Some(row) = rows.try_next().await? {
        for (column, values) in table.columns.iter().zip(&mut group) {
            bytes += values.push(*column, &row)?;
        }
        held += 1;
        all += 1;
        if held >= GROUP_ROWS || bytes >= GROUP_BYTES {
            (bytes, held) = (0, 0);
            if sender.send(Some(std::mem::replace(&mut group, empty(table)))).await.is_err() {
                return Ok((all, false));
            }
        }
    }
    let is_whole = sender.send(Some(group)).await.is_ok() && sender.send(None).await.is_ok();
    Ok((all, is_whole))
}

fn empty(table: &Table) -> Group {
    let held = |column: &Column| match column.kind {
        Kind::Text | Kind::Bytes => Held::Bytes(Vec::new()),
        Kind::Bool => Held::Bool(Vec::new()),
        Kind::Int => Held::Int(Vec::new()),
        Kind::Long | Kind::Time => Held::Long(Vec::new()),
    };
    table.columns.iter().map(|column| Values { levels: Vec::new(), held: held(column) }).collect()
}

impl Values {
    /// Adds a row's value; about how many bytes that is.
    fn push(&mut self, column: Column, row: &PgRow) -> Result<usize, sqlx::Error> {
        let name = column.name;
        let bytes = match &mut self.held {
            Held::Bytes(held) => {
                let value = match column.kind {
                    Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(name)?,
                    _ => row.try_get::<Option<String>, _>(name)?.map(String::into_bytes),
                };
                let bytes = value.as_ref().map_or(0, Vec::len);
                self.levels.push(i16::from(value.is_some()));
                held.extend(value.map(ByteArray::from));
                bytes
            }
            Held::Bool(held) => take(&mut self.levels, held, row.try_get(name)?),
            Held::Int(held) => take(&mut self.levels, held, row.try_get(name)?),
            Held::Long(held) if column.kind == Kind::Time => {
                let at: Option<jiff_sqlx::Timestamp> = row.try_get(name)?;
                take(&mut self.levels, held, at.map(|at| at.to_jiff().as_microsecond()))
            }
            Held::Long(held) => take(&mut self.levels, held, row.try_get(name)?),
        };
        Ok(bytes)
    }
}

fn take<T>(levels: &mut Vec<i16>, held: &mut Vec<T>, value: Option<T>) -> usize {
    levels.push(i16::from(value.is_some()));
    held.extend(value);
    size_of::<T>()
}

/// Writes a file beside its place, and puts it there once it is safe.
fn write_file(
    table: &'static Table,
    path: &Path,
    mut groups: Receiver<Option<Group>>,
) -> Result<(), ArchiveError> {
    let disk = |error| ArchiveError::Disk(path.to_owned(), error);
    let broken = |error| ArchiveError::File(path.to_owned(), error);
    let Some(folder) = path.parent() else { return Err(ArchiveError::Writer(path.to_owned())) };
    let part = PathBuf::from(format!("{}.part", path.display()));
    fs::create_dir_all(folder).map_err(disk)?;
    let file = File::create(&part).map_err(disk)?;
    let schema = Arc::new(parse_message_type(&message(table)).map_err(broken)?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties.build())).map_err(broken)?;
    loop {
        match groups.blocking_recv() {
            Some(Some(group)) => write_group(&mut writer, table, &group).map_err(broken)?,
            Some(None) => break,
            // The rows broke off: what is there is not the whole day.
            None => return fs::remove_file(&part).map_err(disk),
        }
    }
    let file = writer.into_inner().map_err(broken)?;
    file.sync_all().and_then(|()| fs::rename(&part, path)).and_then(|()| sync_folders(folder)).map_err(disk)
}

/// The name of a new file is safe when its directory is, and a new directory's when the one above is.
fn sync_folders(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()?;
    folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

/// The file's schema in Parquet's own words.
fn message(table: &Table) -> String {
    let field = |column: &Column| {
        let kind = match column.kind {
            Kind::Text | Kind::Bytes => "binary",
            Kind::Bool => "boolean",
            Kind::Int => "int32",
            Kind::Long | Kind::Time => "int64",
        };
        let means = match column.kind {
            Kind::Text => " (UTF8)",
            Kind::Time => " (TIMESTAMP(MICROS,true))",
            Kind::Bytes | Kind::Bool | Kind::Int | Kind::Long => "",
        };
        let repeated = if column.may_be_null { "optional" } else { "required" };
        format!("{repeated} {kind} {}{means};", column.name)
    };
    let fields: Vec<String> = table.columns.iter().map(field).collect();
    format!("message {} {{ {} }}", table.name, fields.join(" "))
}

fn write_group(
    writer: &mut SerializedFileWriter<File>,
    table: &Table,
    group: &Group,
) -> Result<(), ParquetError> {
    let mut rows = writer.next_row_group()?;
    for (column, values) in table.columns.iter().zip(group) {
        let levels = column.may_be_null.then_some(&values.levels[..]);
        match &values.held {
            Held::Bytes(held) => write_column::<ByteArrayType>(&mut rows, held, levels)?,
            Held::Bool(held) => write_column::<BoolType>(&mut rows, held, levels)?,
            Held::Int(held) => write_column::<Int32Type>(&mut rows, held, levels)?,
            Held::Long(held) => write_column::<Int64Type>(&mut rows, held, levels)?,
        }
    }
    rows.close()?;
    Ok(())
}

fn write_column<T: DataType>(
    rows: &mut SerializedRowGroupWriter<'_, File>,
    held: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let Some(mut column) = rows.next_column()? else {
        return Err(ParquetError::General("a column more than the schema has".to_owned()));
    };
    column.typed::<T>().write_batch(held, levels, None)?;
    column.close()
}
