//! The statements of retention. Each takes a batch, in a transaction of its own.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

/// Rows taken away together.
pub(super) const BATCH: u64 = 2000;

const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended('cekbrand.retention', 0))";

/// Takes the lock for this session, unless somebody has it.
pub(super) async fn try_lock(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(TRY_LOCK).fetch_one(conn).await
}

const DAYS: &str = r"
    SELECT day FROM (
        SELECT to_date(right(part.relname, 8), 'YYYYMMDD') AS day
        FROM pg_inherits
        JOIN pg_class AS part ON part.oid = inhrelid
        WHERE inhparent = ('pipeline.' || $1)::regclass AND part.relname ~ '_\d{8}$'
    ) AS days
    WHERE day < $2
    ORDER BY day";

/// Days before one that have a partition, the oldest first.
pub(super) async fn days_before(pool: &PgPool, parent: &str, day: Date) -> Result<Vec<Date>, sqlx::Error> {
    let days: Vec<jiff_sqlx::Date> =
        sqlx::query_scalar(DAYS).bind(parent).bind(day.to_sqlx()).fetch_all(pool).await?;
    Ok(days.into_iter().map(jiff_sqlx::Date::to_jiff).collect())
}

/// Whoever writes waits while the partition goes, and it waits for them: for a moment, or not at all.
const LOCK_BRIEFLY: &str = "SELECT set_config('lock_timeout', '2s', true)";

const HOLD: &str = "SELECT pipeline.hold_partition($1, $2)";

/// Begins a transaction in which nobody else writes the partition of a day.
pub(super) async fn hold_day(
    pool: &PgPool,
    parent: &str,
    day: Date,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query(LOCK_BRIEFLY).execute(&mut *transaction).await?;
    sqlx::query(HOLD).bind(parent).bind(day.to_sqlx()).execute(&mut *transaction).await?;
    Ok(transaction)
}

const DROP: &str = "SELECT pipeline.drop_partition($1, $2)";

/// Drops the partition of a day.
pub(super) async fn drop_day(conn: &mut PgConnection, parent: &str, day: Date) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(DROP).bind(parent).bind(day.to_sqlx()).fetch_one(conn).await
}

/// Takes old rows out of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pruning {
    /// The table, for metrics.
    pub(super) table: &'static str,
    statement: &'static str,
}

/// Rows come nearly in the order of time, which the index over it knows by pages.
pub(super) const EVENT_KEYS: Pruning = Pruning {
    table: "event_key",
    statement: "
        DELETE FROM pipeline.event_key
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM pipeline.event_key WHERE received_at < $1 LIMIT $2))",
};

/// A task that is done also remembers until when its answer is fresh.
pub(super) const TASKS: Pruning = Pruning {
    table: "enrichment_task",
    statement: "
        DELETE FROM pipeline.enrichment_task
        WHERE id = ANY(ARRAY(
            SELECT id FROM pipeline.enrichment_task
            WHERE state = 'done' AND greatest(finished_at, fresh_until, wanted_at) < $1
            LIMIT $2 FOR UPDATE SKIP LOCKED))",
};

/// With their further parts; the books are told.
pub(super) const DEAD_LETTERS: Pruning = Pruning {
    table: "dead_letter",
    statement: "
        WITH gone AS (
            DELETE FROM pipeline.dead_letter
            WHERE id = ANY(ARRAY(
                SELECT id FROM pipeline.dead_letter WHERE resolved_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED))
            RETURNING event_id, topic, partition
        ),
        parts AS (
            DELETE FROM pipeline.dead_letter_part USING gone WHERE dead_letter_part.event_id = gone.event_id
        ),
        noted AS (
            UPDATE pipeline.consumer_offset AS held SET dead_letters_pruned = held.dead_letters_pruned + summed.n
            FROM (SELECT topic, partition, count(*) AS n FROM gone GROUP BY topic, partition) AS summed
            WHERE held.topic = summed.topic AND held.partition = summed.partition
        )
        SELECT event_id FROM gone",
};

pub(super) const AUDIT: Pruning = Pruning {
    table: "audit",
    statement: "
        DELETE FROM pipeline.audit
        WHERE id = ANY(ARRAY(SELECT id FROM pipeline.audit WHERE at < $1 LIMIT $2))",
};

pub(super) const REPLAYS: Pruning = Pruning {
    table: "replay_run",
    statement: "
        DELETE FROM pipeline.replay_run
        WHERE id = ANY(ARRAY(SELECT id FROM pipeline.replay_run WHERE finished_at < $1 LIMIT $2))",
};

/// With their tries. A digest is not told again for that: its week is long over.
pub(super) const DELIVERIES: Pruning = Pruning {
    table: "alert_delivery",
    statement: "
        DELETE FROM pipeline.alert_delivery
        WHERE id = ANY(ARRAY(SELECT id FROM pipeline.alert_delivery WHERE ended_at < $1 LIMIT $2))",
};

pub(super) const FIRINGS: Pruning = Pruning {
    table: "alert_firing",
    statement: "
        DELETE FROM pipeline.alert_firing
        WHERE id = ANY(ARRAY(SELECT id FROM pipeline.alert_firing WHERE fired_at < $1 ORDER BY id LIMIT $2))",
};

pub(super) const SESSIONS: Pruning = Pruning {
    table: "session",
    statement:
        "
        DELETE FROM pipeline.session
        WHERE token_hash = ANY(ARRAY(SELECT token_hash FROM pipeline.session WHERE expires_at < $1 LIMIT $2))",
};

/// Takes a batch away; says how many rows it had.
pub(super) async fn prune(pool: &PgPool, pruning: Pruning, until: Timestamp) -> Result<u64, sqlx::Error> {
    let pruned = sqlx::query(pruning.statement).bind(until.to_sqlx()).bind(BATCH.cast_signed());
    Ok(pruned.execute(pool).await?.rows_affected())
}
