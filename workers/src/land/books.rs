//! The statements of the books: who owns a partition, how far it was read, and what became of its records.
//! All of `pipeline.consumer_offset` that is ever written is written here.

use std::collections::{BTreeMap, BTreeSet};

use cekbrand_schema::Lane;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection};

use super::decode::Incoming;
use super::{Position, Positions, Tally};

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
    /// Kafka's id of the topic; `None` where the broker tells none.
    pub topic_id: Option<&'a str>,
    /// The partition.
    pub partition: i32,
}

/// Which topic, read by which group.
#[derive(Debug, Clone, Copy)]
pub struct Topic<'a> {
    /// The consumer group.
    pub group: &'a str,
    /// The topic.
    pub name: &'a str,
}

/// In the order of the key, so that two workers cannot wait for each other.
const LOCK: &str = r#"
    SELECT partition, epoch, next FROM pipeline.consumer_offset
    WHERE "group" = $1 AND topic = $2 AND partition = ANY($3)
    ORDER BY partition FOR UPDATE"#;

#[derive(FromRow)]
struct Locked {
    partition: i32,
    epoch: i64,
    next: i64,
}

/// Locks the rows of the partitions and returns where they stand.
pub(super) async fn lock(
    conn: &mut PgConnection,
    topic: Topic<'_>,
    partitions: &[i32],
) -> Result<Positions, sqlx::Error> {
    let rows: Vec<Locked> =
        sqlx::query_as(LOCK).bind(topic.group).bind(topic.name).bind(partitions).fetch_all(conn).await?;
    let position = |row: &Locked| Position { epoch: row.epoch, next: row.next };
    Ok(rows.iter().map(|row| (row.partition, position(row))).collect())
}

const ADVANCE: &str = r#"
    UPDATE pipeline.consumer_offset AS held SET
        next = given.next,
        landed = held.landed + given.landed,
        duplicates = held.duplicates + given.duplicates,
        dead_lettered = held.dead_lettered + given.dead_lettered,
        continued = held.continued + given.continued,
        expired = held.expired + given.expired,
        updated_at = $10
    FROM UNNEST($3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
        AS given (partition, next, landed, duplicates, dead_lettered, continued, expired)
    WHERE held."group" = $1 AND held.topic = $2 AND held.partition = given.partition"#;

/// What one partition's share of a batch adds to the books.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Advance {
    pub next: i64,
    pub tally: Tally,
    /// Offsets that were skipped because Kafka had deleted them.
    pub expired: i64,
}

/// Moves the books forward. The caller holds the rows' locks.
pub(super) async fn advance(
    conn: &mut PgConnection,
    topic: Topic<'_>,
    partitions: &BTreeMap<i32, Advance>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let column = |of: fn(&Advance) -> i64| partitions.values().map(of).collect::<Vec<_>>();
    sqlx::query(ADVANCE)
        .bind(topic.group)
        .bind(topic.name)
        .bind(partitions.keys().copied().collect::<Vec<_>>())
        .bind(column(|a| a.next))
        .bind(column(|a| a.tally.landed.cast_signed()))
        .bind(column(|a| a.tally.duplicates.cast_signed()))
        .bind(column(|a| a.tally.dead_lettered.cast_signed()))
        .bind(column(|a| a.tally.continued.cast_signed()))
        .bind(column(|a| a.expired))
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// Waits for a former owner's open transaction, so that the difference that [`TAKE`] makes is this worker's
/// own.
const EXPIRED: &str = r#"
    SELECT expired FROM pipeline.consumer_offset
    WHERE "group" = $1 AND topic = $2 AND partition = $3 FOR UPDATE"#;

/// The group is responsible for every offset of a topic: what was gone before the first worker came, and what
/// retention took since, is counted as expired. A topic's id that is not known yet is learnt.
const TAKE: &str = r#"
    INSERT INTO pipeline.consumer_offset AS held
        ("group", topic, partition, topic_id, start, next, epoch, expired, updated_at)
    VALUES ($1, $2, $3, $4, 0, $5, 1, $5, $6)
    ON CONFLICT ("group", topic, partition) DO UPDATE SET
        topic_id = coalesce(held.topic_id, excluded.topic_id),
        epoch = held.epoch + 1,
        expired = held.expired + greatest($5 - held.next, 0),
        next = greatest(held.next, $5),
        updated_at = $6
    RETURNING topic_id, next, epoch, expired"#;

/// What the books say of a partition that was just taken.
#[derive(Debug, FromRow)]
pub(super) struct Taken {
    /// The id of the topic that the books are of; unknown where no broker ever told one.
    pub topic_id: Option<String>,
    pub next: i64,
    pub epoch: i64,
    pub expired: i64,
}

/// How many records of a partition have expired so far.
pub(super) async fn expired(conn: &mut PgConnection, place: Place<'_>) -> Result<i64, sqlx::Error> {
    let expired: Option<i64> = sqlx::query_scalar(EXPIRED)
        .bind(place.group)
        .bind(place.topic)
        .bind(place.partition)
        .fetch_optional(conn)
        .await?;
    Ok(expired.unwrap_or(0))
}

/// Raises a partition's epoch and moves it to the oldest record that is still there.
pub(super) async fn take(
    conn: &mut PgConnection,
    place: Place<'_>,
    watermarks: Watermarks,
    now: Timestamp,
) -> Result<Taken, sqlx::Error> {
    sqlx::query_as(TAKE)
        .bind(place.group)
        .bind(place.topic)
        .bind(place.partition)
        .bind(place.topic_id)
        .bind(watermarks.low)
        .bind(now.to_sqlx())
        .fetch_one(conn)
        .await
}

const OPEN: &str = "SELECT count(*) FROM pipeline.ledger WHERE NOT closed";

/// How many partitions have books that do not close.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn open(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(OPEN).fetch_one(conn).await
}

/// The distinct partitions of records, sorted.
pub(super) fn partitions(records: &[Incoming]) -> Vec<i32> {
    records.iter().map(|record| record.partition).collect::<BTreeSet<_>>().into_iter().collect()
}
