//! Who owns a partition and where it stands. PostgreSQL decides both: taking a partition raises its epoch, which waits for a
//! former owner's open transaction and makes that owner's next one void.

use cekbrand_schema::Lane;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;

use super::{Halt, Position};

/// The first and the next offset that Kafka holds of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// The oldest offset still there.
    pub low: i64,
    /// The offset that the next record will get.
    pub high: i64,
}

/// Where a partition is, by name.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The lane, for messages.
    pub lane: Lane,
    /// The consumer group.
    pub group: &'a str,
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
}

/// Why a partition was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The database did not answer; worth another try.
    #[error("the books could not be opened")]
    Database(#[from] sqlx::Error),
    /// A person has to look.
    #[error(transparent)]
    Halt(#[from] Halt),
}

/// A partition that nobody has read starts at the oldest record that Kafka still has. One that lost records to retention goes on at the oldest, and the lost ones are
/// counted as expired.
const TAKE: &str = r#"
    INSERT INTO pipeline.consumer_offset AS held ("group", topic, partition, start, next, epoch, updated_at)
    VALUES ($1, $2, $3, $4, $4, 1, $5)
    ON CONFLICT ("group", topic, partition) DO UPDATE SET
        epoch = held.epoch + 1,
        expired = held.expired + greatest($4 - held.next, 0),
        next = greatest(held.next, $4),
        updated_at = $5
    RETURNING next, epoch, expired"#;

/// Takes a partition: raises its epoch and says where to start.
///
/// # Errors
///
/// [`TakeError`]
pub async fn take(
    pool: &PgPool,
    place: Place<'_>,
    watermarks: Watermarks,
    now: Timestamp,
) -> Result<Position, TakeError> {
    let mut tx = pool.begin().await?;
    let before: Option<i64> = sqlx::query_scalar(EXPIRED)
        .bind(place.group)
        .bind(place.topic)
        .bind(place.partition)
        .fetch_optional(&mut *tx)
        .await?;
    let (next, epoch, expired): (i64, i64, i64) = sqlx::query_as(TAKE)
        .bind(place.group)
        .bind(place.topic)
        .bind(place.partition)
        .bind(watermarks.low)
        .bind(now.to_sqlx())
        .fetch_one(&mut *tx)
        .await?;
    if next > watermarks.high {
        let (topic, partition) = (place.topic.to_owned(), place.partition);
        return Err(Halt::BeyondEnd { topic, partition, end: watermarks.high, next }.into());
    }
    tx.commit().await?;
    let lost = expired - before.unwrap_or(0);
    if lost > 0 {
        metrics::counter!("cekbrand_worker_expired_total", "lane" => place.lane.as_str())
            .increment(lost.unsigned_abs());
        tracing::error!(
            kafka.topic = place.topic,
            kafka.partition = place.partition,
            changes.expired = lost,
            "records were deleted by retention before anybody read them"
        );
    }
    Ok(Position { epoch, next })
}

/// Locks the row, so that the difference that [`TAKE`] makes is this worker's own.
const EXPIRED: &str = r#"
    SELECT expired FROM pipeline.consumer_offset WHERE "group" = $1 AND topic = $2 AND partition = $3 FOR UPDATE"#;
