//! Dead letters: what could not be landed, until somebody retries or drops it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::{Serialize, Serializer};
use sqlx::{FromRow, PgConnection, PgExecutor};

const LIST: &str = r#"
SELECT id, event_id, topic, partition, "offset", reason, error, octet_length(payload) AS bytes, parts, account_id, field,
    secret_label, received_at, landed_at, attempts, resolution, resolved_at, traceparent
FROM pipeline.dead_letter
WHERE ($1::bigint[] IS NULL OR id = ANY($1))
    AND ($2::text IS NULL OR reason = $2)
    AND ($3::text IS NULL OR topic = $3)
    AND ($4::timestamptz IS NULL OR landed_at >= $4)
    AND ($5::timestamptz IS NULL OR landed_at < $5)
    AND ($6 OR resolution IS NULL)
    AND id > $7
ORDER BY id
LIMIT $8"#;

const COUNT: &str = "
SELECT count(*)
FROM pipeline.dead_letter
WHERE ($1::bigint[] IS NULL OR id = ANY($1))
    AND ($2::text IS NULL OR reason = $2)
    AND ($3::text IS NULL OR topic = $3)
    AND ($4::timestamptz IS NULL OR landed_at >= $4)
    AND ($5::timestamptz IS NULL OR landed_at < $5)
    AND ($6 OR resolution IS NULL)";

const PAYLOAD: &str = "
SELECT dead.payload || coalesce((
    SELECT string_agg(part.payload, ''::bytea ORDER BY part.part)
    FROM pipeline.dead_letter_part AS part
    WHERE part.event_id = dead.event_id), ''::bytea)
FROM pipeline.dead_letter AS dead
WHERE dead.id = $1";

/// Whoever is first has them; another one passes them by.
const LOCK: &str = "
SELECT id
FROM pipeline.dead_letter
WHERE id = ANY($1) AND resolution IS NULL
ORDER BY id
FOR UPDATE SKIP LOCKED";

const RESOLVE: &str = "
UPDATE pipeline.dead_letter SET resolution = $2, resolved_at = $3, attempts = attempts + $4
WHERE id = ANY($1) AND resolution IS NULL";

const FAIL: &str = "
UPDATE pipeline.dead_letter SET attempts = attempts + 1, error = $2
WHERE id = $1";

/// Which dead letters are meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// These; all where there are none.
    pub(crate) ids: Vec<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) topic: Option<String>,
    /// Landed at or after this.
    pub(crate) since: Option<Timestamp>,
    /// Landed before this.
    pub(crate) until: Option<Timestamp>,
    /// Also those that were retried or dropped.
    pub(crate) resolved: bool,
}

/// A dead letter without its payload.
#[derive(Debug, FromRow, Serialize)]
pub(crate) struct DeadLetter {
    pub(crate) id: i64,
    #[serde(serialize_with = "hexadecimal")]
    pub(crate) event_id: Option<Vec<u8>>,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) reason: String,
    pub(crate) error: String,
    /// Of the first part.
    pub(crate) bytes: i32,
    pub(crate) parts: i32,
    pub(crate) account_id: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) secret_label: Option<String>,
    #[serde(serialize_with = "instant")]
    pub(crate) received_at: Option<jiff_sqlx::Timestamp>,
    #[serde(serialize_with = "some_instant")]
    pub(crate) landed_at: jiff_sqlx::Timestamp,
    pub(crate) attempts: i32,
    pub(crate) resolution: Option<String>,
    #[serde(serialize_with = "instant")]
    pub(crate) resolved_at: Option<jiff_sqlx::Timestamp>,
    /// The trace that it came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<String>,
}

/// Dead letters after one of them, the oldest first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    sqlx::query_as(LIST)
        .bind((!filter.ids.is_empty()).then_some(&filter.ids[..]))
        .bind(&filter.reason)
        .bind(&filter.topic)
        .bind(filter.since.map(ToSqlx::to_sqlx))
        .bind(filter.until.map(ToSqlx::to_sqlx))
        .bind(filter.resolved)
        .bind(after)
        .bind(limit)
        .fetch_all(executor)
        .await
}

/// How many those are.
pub(crate) async fn count(executor: impl PgExecutor<'_>, filter: &Filter) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(COUNT)
        .bind((!filter.ids.is_empty()).then_some(&filter.ids[..]))
        .bind(&filter.reason)
        .bind(&filter.topic)
        .bind(filter.since.map(ToSqlx::to_sqlx))
        .bind(filter.until.map(ToSqlx::to_sqlx))
        .bind(filter.resolved)
        .fetch_one(executor)
        .await
}

/// The whole payload, its parts put together.
pub(crate) async fn payload(executor: impl PgExecutor<'_>, id: i64) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query_scalar(PAYLOAD).bind(id).fetch_one(executor).await
}

/// Locks those that are still open until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(LOCK).bind(ids).fetch_all(conn).await
}

/// Notes that dead letters were published again; says how many those were.
pub(crate) async fn retried(
    conn: &mut PgConnection,
    ids: &[i64],
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    resolve(conn, ids, Resolution { name: "retried", attempts: 1 }, now).await
}

/// Notes that dead letters are of no interest; says how many those were.
pub(crate) async fn dropped(
    conn: &mut PgConnection,
    ids: &[i64],
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    resolve(conn, ids, Resolution { name: "dropped", attempts: 0 }, now).await
}

struct Resolution {
    name: &'static str,
    attempts: i32,
}

async fn resolve(
    conn: &mut PgConnection,
    ids: &[i64],
    resolution: Resolution,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let resolved =
        sqlx::query(RESOLVE).bind(ids).bind(resolution.name).bind(now.to_sqlx()).bind(resolution.attempts);
    Ok(resolved.execute(conn).await?.rows_affected())
}

/// Notes a try that led nowhere.
pub(crate) async fn failed(conn: &mut PgConnection, id: i64, error: &str) -> Result<(), sqlx::Error> {
    sqlx::query(FAIL).bind(id).bind(error).execute(conn).await?;
    Ok(())
}

#[expect(clippy::ref_option, reason = "serde hands it over like this")]
fn hexadecimal<S: Serializer>(id: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    let id = id.as_deref().and_then(cekbrand_schema::EventId::from_slice);
    id.map(|id| id.to_string()).serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde hands it over like this")]
fn instant<S: Serializer>(at: &Option<jiff_sqlx::Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(|at| at.to_jiff().to_string()).serialize(serializer)
}

fn some_instant<S: Serializer>(at: &jiff_sqlx::Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    at.to_jiff().to_string().serialize(serializer)
}
