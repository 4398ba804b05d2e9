//! The statements of replays: runs and how far they got, what landed, and the recorded answers of a range.

use std::collections::{BTreeMap, HashMap};

use cekbrand_schema::{EventId, Topics};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection, PgPool};

use super::order::{self, Enrich, Order, Source};
use super::range::Share;
use super::source::Portion;
use super::{Progress, Run};
use crate::land::decode::Arrived;

const BEGIN: &str = "
    INSERT INTO pipeline.replay_run
        (source, topic, from_time, to_time, account_id, enrich, dry_run, state, total, started_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', $8, $9, $9)
    RETURNING id";

const SHARES: &str = "
    INSERT INTO pipeline.replay_partition (run_id, partition, next, until)
    SELECT $1, partition, next, until
    FROM UNNEST($2::int[], $3::bigint[], $4::bigint[]) AS given (partition, next, until)";

/// Notes a new run; returns its number.
pub(super) async fn begin(
    pool: &PgPool,
    order: &Order,
    shares: &BTreeMap<i32, Share>,
    total: u64,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let id: i64 = sqlx::query_scalar(BEGIN)
        .bind(order.source.as_str())
        .bind(&order.topic)
        .bind(order.from.to_sqlx())
        .bind(order.to.to_sqlx())
        .bind(&order.account)
        .bind(order.enrich.as_str())
        .bind(order.dry_run)
        .bind(total.cast_signed())
        .bind(now.to_sqlx())
        .fetch_one(&mut *tx)
        .await?;
    sqlx::query(SHARES)
        .bind(id)
        .bind(shares.keys().copied().collect::<Vec<_>>())
        .bind(shares.values().map(|share| share.next).collect::<Vec<_>>())
        .bind(shares.values().map(|share| share.until).collect::<Vec<_>>())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(id)
}

const FIND: &str = "
    SELECT source, topic, from_time, to_time, account_id, enrich, dry_run, total, seen, events_until, answers_until
    FROM pipeline.replay_run
    WHERE id = $1";

const FIND_SHARES: &str =
    "SELECT partition, next, until FROM pipeline.replay_partition WHERE run_id = $1 ORDER BY partition";

#[derive(FromRow)]
struct Found {
    source: String,
    topic: String,
    from_time: jiff_sqlx::Timestamp,
    to_time: Option<jiff_sqlx::Timestamp>,
    account_id: Option<String>,
    enrich: String,
    dry_run: bool,
    total: i64,
    seen: i64,
    events_until: Option<jiff_sqlx::Timestamp>,
    answers_until: i64,
}

/// A run, if there is one of a topic that is known.
pub(super) async fn find(pool: &PgPool, id: i64, topics: &Topics) -> Result<Option<Run>, sqlx::Error> {
    let found: Option<Found> = sqlx::query_as(FIND).bind(id).fetch_optional(pool).await?;
    let Some(found) = found else { return Ok(None) };
    let Ok(lane) = order::lane(topics, &found.topic) else { return Ok(None) };
    let shares: Vec<(i32, i64, i64)> = sqlx::query_as(FIND_SHARES).bind(id).fetch_all(pool).await?;
    let share = |(partition, next, until)| (partition, Share { next, until });
    let progress = Progress {
        total: found.total.unsigned_abs(),
        seen: found.seen.unsigned_abs(),
        ..Progress::default()
    };
    let order = Order {
        lane,
        topic: found.topic,
        source: Source::of(&found.source),
        from: found.from_time.to_jiff(),
        to: found.to_time.map_or(Timestamp::MAX, jiff_sqlx::Timestamp::to_jiff),
        account: found.account_id,
        enrich: Enrich::of(&found.enrich),
        dry_run: found.dry_run,
    };
    let events_until = found.events_until.map(jiff_sqlx::Timestamp::to_jiff);
    let shares = shares.into_iter().map(share).collect();
    Ok(Some(Run { id, order, shares, events_until, answers_until: found.answers_until, progress }))
}

const REOPEN: &str = "
    UPDATE pipeline.replay_run SET state = 'running', finished_at = NULL, error = NULL, updated_at = $2
    WHERE id = $1 AND state <> 'done'";

/// Sets an interrupted run going again; `false` where it is done.
pub(super) async fn reopen(pool: &PgPool, id: i64, now: Timestamp) -> Result<bool, sqlx::Error> {
    let reopened = sqlx::query(REOPEN).bind(id).bind(now.to_sqlx()).execute(pool).await?;
    Ok(reopened.rows_affected() == 1)
}

const END: &str = "
    UPDATE pipeline.replay_run SET
        state = CASE WHEN $2 THEN 'done' WHEN $3::text IS NULL THEN 'stopped' ELSE 'failed' END,
        error = $3, finished_at = $4, updated_at = $4
    WHERE id = $1";

/// Notes how a run ended.
pub(super) async fn end(
    pool: &PgPool,
    id: i64,
    is_done: bool,
    failure: Option<&str>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(END).bind(id).bind(is_done).bind(failure).bind(now.to_sqlx()).execute(pool).await?;
    Ok(())
}

const HOLD: &str = "SELECT pg_try_advisory_lock(hashtextextended('cekbrand.replay.' || $1::bigint, 0))";

/// Takes a run for this session, unless another process has it. A session that ends gives it back.
pub(super) async fn hold(conn: &mut PgConnection, id: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(HOLD).bind(id).fetch_one(conn).await
}

const ADVANCE: &str = "
    UPDATE pipeline.replay_run SET
        seen = seen + $2, changed = changed + $3, events_until = coalesce($4, events_until), updated_at = $5
    WHERE id = $1";

const ADVANCE_SHARES: &str = "
    UPDATE pipeline.replay_partition AS held SET next = given.next
    FROM UNNEST($2::int[], $3::bigint[]) AS given (partition, next)
    WHERE held.run_id = $1 AND held.partition = given.partition";

/// A portion that is written.
pub(super) struct Done<'a> {
    pub(super) run: i64,
    pub(super) portion: &'a Portion,
    pub(super) changed: u64,
}

/// Notes how far a run is.
pub(super) async fn advance(
    conn: &mut PgConnection,
    done: Done<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let portion = done.portion;
    sqlx::query(ADVANCE)
        .bind(done.run)
        .bind(portion.records.cast_signed())
        .bind(done.changed.cast_signed())
        .bind(portion.events_until.map(Timestamp::to_sqlx))
        .bind(now.to_sqlx())
        .execute(&mut *conn)
        .await?;
    sqlx::query(ADVANCE_SHARES)
        .bind(done.run)
        .bind(portion.reached.keys().copied().collect::<Vec<_>>())
        .bind(portion.reached.values().copied().collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}

const ADVANCE_ANSWERS: &str = "
    UPDATE pipeline.replay_run SET
        seen = seen + $2, changed = changed + $3, answers_until = $4, updated_at = $5
    WHERE id = $1";

/// Recorded answers that are written.
pub(super) struct Answered {
    pub(super) run: i64,
    pub(super) seen: usize,
    pub(super) changed: u64,
    pub(super) until: i64,
}

/// Notes how far a run is with its answers.
pub(super) async fn advance_answers(
    conn: &mut PgConnection,
    done: Answered,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(ADVANCE_ANSWERS)
        .bind(done.run)
        .bind(i64::try_from(done.seen).unwrap_or(i64::MAX))
        .bind(done.changed.cast_signed())
        .bind(done.until)
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

const LANDED: &str = "SELECT event_id, received_at FROM pipeline.event_key WHERE event_id = ANY($1)";

/// Which of the changes landed, each with the time of arrival in microseconds of the record that did.
pub(super) async fn landed(pool: &PgPool, changes: &[Arrived]) -> Result<HashMap<EventId, i64>, sqlx::Error> {
    let ids: Vec<&[u8]> = changes.iter().map(|change| &change.event_id.as_bytes()[..]).collect();
    let rows: Vec<(Vec<u8>, jiff_sqlx::Timestamp)> = sqlx::query_as(LANDED).bind(ids).fetch_all(pool).await?;
    let entry = |(id, at): &(Vec<u8>, jiff_sqlx::Timestamp)| {
        Some((EventId::from_slice(id)?, at.to_jiff().as_microsecond()))
    };
    Ok(rows.iter().filter_map(entry).collect())
}

const IS_WATCHED: &str = r#"
    SELECT EXISTS (SELECT 1 FROM pipeline.account WHERE account_id = $1)
        OR EXISTS (SELECT 1 FROM instagram."user" WHERE id = $1)"#;

const HAS_EVENTS: &str = "SELECT EXISTS (SELECT 1 FROM pipeline.event WHERE account_id = $1)";

/// Whether anything was ever heard of an account. Only one that nobody watches costs a look at all events.
pub(super) async fn is_known(pool: &PgPool, account: &str) -> Result<bool, sqlx::Error> {
    let is_watched: bool = sqlx::query_scalar(IS_WATCHED).bind(account).fetch_one(pool).await?;
    if is_watched {
        return Ok(true);
    }
    sqlx::query_scalar(HAS_EVENTS).bind(account).fetch_one(pool).await
}

const COUNT_EVENTS: &str = "
    SELECT count(*) FROM pipeline.event
    WHERE received_at >= $1 AND received_at < $2 AND topic = $3 AND ($4::text IS NULL OR account_id = $4)";

/// How many events lie in the range.
pub(super) async fn count_events(pool: &PgPool, order: &Order) -> Result<u64, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(COUNT_EVENTS)
        .bind(order.from.to_sqlx())
        .bind(order.to.to_sqlx())
        .bind(&order.topic)
        .bind(&order.account)
        .fetch_one(pool)
        .await?;
    Ok(count.unsigned_abs())
}

const COUNT_ANSWERS: &str = "
    SELECT count(*) FROM pipeline.graph_response
    WHERE observed_at >= $1 AND observed_at < $2 AND ($3::text IS NULL OR account_id = $3)";

/// How many recorded answers lie in the range.
pub(super) async fn count_answers(pool: &PgPool, order: &Order) -> Result<u64, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(COUNT_ANSWERS)
        .bind(order.from.to_sqlx())
        .bind(order.to.to_sqlx())
        .bind(&order.account)
        .fetch_one(pool)
        .await?;
    Ok(count.unsigned_abs())
}

/// In the order in which they were recorded, along the key of each day.
const ANSWERS: &str = "
    SELECT id, fetch_id, account_id, target_id, request, status, body, api_version, observed_at
    FROM pipeline.graph_response
    WHERE observed_at >= $1 AND observed_at < $2 AND ($3::text IS NULL OR account_id = $3) AND id > $4
    ORDER BY id
    LIMIT $5";

/// A recorded answer.
#[derive(Debug, FromRow)]
pub(super) struct Answer {
    pub(super) id: i64,
    pub(super) fetch_id: String,
    pub(super) account_id: String,
    pub(super) target_id: String,
    pub(super) request: String,
    pub(super) status: i32,
    pub(super) body: String,
    pub(super) api_version: String,
    pub(super) observed_at: jiff_sqlx::Timestamp,
}

/// The next recorded answers of the range.
pub(super) async fn answers(
    pool: &PgPool,
    order: &Order,
    after: i64,
    limit: i64,
) -> Result<Vec<Answer>, sqlx::Error> {
    sqlx::query_as(ANSWERS)
        .bind(order.from.to_sqlx())
        .bind(order.to.to_sqlx())
        .bind(&order.account)
        .bind(after)
        .bind(limit)
        .fetch_all(pool)
        .await
}
