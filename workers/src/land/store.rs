//! The statements of landing. Each takes a whole batch as arrays, collapsed and sorted by key.

use std::collections::{BTreeMap, HashSet};

use cekbrand_schema::EventId;
use cekbrand_schema::dead_letter::DeadPart;
use cekbrand_schema::identity::identify_body;
use cekbrand_schema::trace::TraceParent;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::books::Topic;
use super::decode::{Arrived, Incoming};

const DEDUPE: &str = "
    INSERT INTO pipeline.event_key (event_id, received_at)
    SELECT event_id, received_at FROM UNNEST($1::bytea[], $2::timestamptz[]) AS given (event_id, received_at)
    ORDER BY event_id
    ON CONFLICT (event_id) DO NOTHING
    RETURNING event_id";

/// Remembers event ids and returns those that nobody knew.
pub(super) async fn remember(
    conn: &mut PgConnection,
    ids: &BTreeMap<EventId, Timestamp>,
) -> Result<HashSet<EventId>, sqlx::Error> {
    let fresh: Vec<Vec<u8>> = sqlx::query_scalar(DEDUPE)
        .bind(ids.keys().map(|id| &id.as_bytes()[..]).collect::<Vec<_>>())
        .bind(ids.values().map(|at| at.to_sqlx()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    Ok(fresh.iter().filter_map(|id| EventId::from_slice(id)).collect())
}

const EVENTS: &str = r#"
    INSERT INTO pipeline.event
        (event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, landed_at,
         topic, partition, "offset", secret_label, schema_version, extra)
    SELECT event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, $12, $13, partition, "offset", secret_label, 1, extra
    FROM UNNEST($1::bytea[], $2::boolean[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
                $9::timestamptz[], $10::int[], $11::bigint[], $14::text[], $15::text[])
        AS given (event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, partition, "offset", secret_label, extra)"#;

/// A change that becomes a row of `pipeline.event`, and the record that it came with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event<'a> {
    pub record: &'a Incoming,
    pub change: &'a Arrived,
}

/// Writes the changes as they arrived.
pub(super) async fn insert_events(
    conn: &mut PgConnection,
    topic: Topic<'_>,
    events: &[Event<'_>],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let changes = || events.iter().map(|event| event.change);
    let records = || events.iter().map(|event| event.record);
    sqlx::query(EVENTS)
        .bind(changes().map(|c| &c.event_id.as_bytes()[..]).collect::<Vec<_>>())
        .bind(changes().map(|c| c.is_test).collect::<Vec<_>>())
        .bind(changes().map(|c| c.subject_id.as_deref()).collect::<Vec<_>>())
        .bind(changes().map(|c| c.object.as_str()).collect::<Vec<_>>())
        .bind(changes().map(|c| c.field.as_str()).collect::<Vec<_>>())
        .bind(changes().map(|c| c.account_id.as_str()).collect::<Vec<_>>())
        .bind(changes().map(|c| c.raw.as_str()).collect::<Vec<_>>())
        .bind(changes().map(|c| c.entry_time.map(Timestamp::to_sqlx)).collect::<Vec<_>>())
        .bind(changes().map(|c| c.received_at.to_sqlx()).collect::<Vec<_>>())
        .bind(records().map(|r| r.partition).collect::<Vec<_>>())
        .bind(records().map(|r| r.offset).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .bind(topic.name)
        .bind(changes().map(|c| c.secret_label.as_str()).collect::<Vec<_>>())
        .bind(changes().map(|c| c.extra.as_deref()).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

/// A record that becomes a row of `pipeline.dead_letter`.
#[derive(Debug)]
pub(super) struct DeadLetter<'a> {
    pub record: &'a Incoming,
    pub reason: &'a str,
    pub error: String,
    pub change: Option<&'a Arrived>,
    pub part: Option<&'a DeadPart>,
}

/// The place in Kafka is the key, so that landing the same record again changes nothing.
const DEAD_LETTER: &str = r#"
    INSERT INTO pipeline.dead_letter
        (event_id, topic, partition, "offset", reason, error, payload, parts, account_id, field, secret_label, received_at, landed_at,
         attempts, traceparent)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (topic, partition, "offset") DO NOTHING"#;

/// Writes a dead letter.
pub(super) async fn insert_dead_letter(
    conn: &mut PgConnection,
    topic: Topic<'_>,
    dead: &DeadLetter<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let DeadLetter { record, reason, error, change, part } = dead;
    // A record that says nothing of itself is known by its bytes.
    let event_id = change.map(|c| c.event_id).or(part.map(|p| p.event_id));
    let event_id = event_id.unwrap_or_else(|| identify_body(&record.bytes));
    let received_at = change.map(|c| c.received_at).or(part.and_then(|p| p.received_at));
    let secret = change.map(|c| c.secret_label.as_str()).or(part.and_then(|p| p.secret_label.as_deref()));
    sqlx::query(DEAD_LETTER)
        .bind(&event_id.as_bytes()[..])
        .bind(topic.name)
        .bind(record.partition)
        .bind(record.offset)
        .bind(*reason)
        .bind(error.as_str())
        .bind(record.bytes.as_slice())
        .bind(part.map_or(1, |p| p.parts))
        .bind(change.map(|c| c.account_id.as_str()))
        .bind(change.map(|c| c.field.as_str()))
        .bind(secret)
        .bind(received_at.map(Timestamp::to_sqlx))
        .bind(now.to_sqlx())
        .bind(record.attempt.max(0))
        .bind(record.trace.as_ref().map(TraceParent::as_str))
        .execute(conn)
        .await?;
    Ok(())
}

const DEAD_PART: &str = "
    INSERT INTO pipeline.dead_letter_part (event_id, part, payload) VALUES ($1, $2, $3)
    ON CONFLICT (event_id, part) DO NOTHING";

/// A further part of a body that nobody could parse.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeadBytes<'a> {
    pub part: &'a DeadPart,
    pub bytes: &'a [u8],
}

/// Writes a further part of a dead letter.
pub(super) async fn insert_dead_part(
    conn: &mut PgConnection,
    dead: &DeadBytes<'_>,
) -> Result<(), sqlx::Error> {
    let DeadBytes { part, bytes } = dead;
    sqlx::query(DEAD_PART)
        .bind(&part.event_id.as_bytes()[..])
        .bind(part.part)
        .bind(*bytes)
        .execute(conn)
        .await?;
    Ok(())
}
