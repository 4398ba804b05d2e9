//! How fast the pipeline is, and what is stuck in it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

/// Of the last five minutes; the delay over the first 2,000 of them.
const PACE: &str = "
SELECT
    (SELECT count(*) FROM pipeline.event_key AS key WHERE key.received_at > $1::timestamptz - interval '5 minutes') AS events,
    (
        SELECT
            (percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM event.landed_at - event.received_at)))::float8
        FROM (
            SELECT key.event_id, key.received_at
            FROM pipeline.event_key AS key
            WHERE key.received_at > $1::timestamptz - interval '5 minutes'
            LIMIT 2000
        ) AS recent
        INNER JOIN pipeline.event AS event
            ON event.event_id = recent.event_id AND event.received_at = recent.received_at
    ) AS p99_seconds,
    (SELECT max(held.updated_at) FROM pipeline.consumer_offset AS held) AS last_step_at";

const PARKED: &str = "
SELECT reason, count(*) AS count, min(wanted_at) AS since, min(parked_until) AS until, min(account_id) AS account_id,
    count(DISTINCT account_id) AS accounts
FROM pipeline.enrichment_task
WHERE state = 'parked'
GROUP BY reason
ORDER BY count DESC, reason";

const QUOTAS: &str = "
SELECT account_id, usage_percent, blocked_until, block_reason
FROM pipeline.account_quota
ORDER BY usage_percent DESC NULLS LAST, account_id
LIMIT 20";

const ERRORS: &str = "
SELECT last_error AS error, count(*) AS count, max(started_at) AS last_at
FROM pipeline.enrichment_task
WHERE state <> 'done' AND last_error IS NOT NULL
GROUP BY last_error
ORDER BY count DESC, last_error
LIMIT 10";

const DEAD: &str = "
SELECT reason, count(*) AS count, min(landed_at) AS since, min(id) AS first_id
FROM pipeline.dead_letter
WHERE resolution IS NULL
GROUP BY reason
ORDER BY count DESC, reason";

type Instant = jiff_sqlx::Timestamp;

/// How fast it is.
#[derive(Debug, FromRow)]
pub(crate) struct Pace {
    /// Of the last five minutes.
    pub(crate) events: i64,
    /// From webhook to row; none where nothing came.
    pub(crate) p99_seconds: Option<f64>,
    /// When the books last moved.
    pub(crate) last_step_at: Option<Instant>,
}

/// Reads that are put off for one reason.
#[derive(Debug, FromRow)]
pub(crate) struct ParkedRow {
    pub(crate) reason: String,
    pub(crate) count: i64,
    pub(crate) since: Option<Instant>,
    pub(crate) until: Option<Instant>,
    /// One of the accounts.
    pub(crate) account_id: String,
    pub(crate) accounts: i64,
}

/// What an account has used of its quota.
#[derive(Debug, FromRow)]
pub(crate) struct QuotaRow {
    /// Empty where it is the whole application's.
    pub(crate) account_id: String,
    pub(crate) usage_percent: Option<i32>,
    pub(crate) blocked_until: Option<Instant>,
    pub(crate) block_reason: Option<String>,
}

/// An error, once.
#[derive(Debug, FromRow)]
pub(crate) struct ErrorRow {
    pub(crate) error: String,
    pub(crate) count: i64,
    pub(crate) last_at: Option<Instant>,
}

/// Dead letters of one reason.
#[derive(Debug, FromRow)]
pub(crate) struct DeadRow {
    pub(crate) reason: String,
    pub(crate) count: i64,
    pub(crate) since: Option<Instant>,
    pub(crate) first_id: i64,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Stuck {
    pub(crate) pace: Pace,
    pub(crate) parked: Vec<ParkedRow>,
    pub(crate) quotas: Vec<QuotaRow>,
    pub(crate) errors: Vec<ErrorRow>,
    pub(crate) dead: Vec<DeadRow>,
}

pub(crate) async fn read(pool: &PgPool, now: Timestamp) -> Result<Stuck, sqlx::Error> {
    Ok(Stuck {
        pace: sqlx::query_as(PACE).bind(now.to_sqlx()).fetch_one(pool).await?,
        parked: sqlx::query_as(PARKED).fetch_all(pool).await?,
        quotas: sqlx::query_as(QUOTAS).fetch_all(pool).await?,
        errors: sqlx::query_as(ERRORS).fetch_all(pool).await?,
        dead: sqlx::query_as(DEAD).fetch_all(pool).await?,
    })
}
