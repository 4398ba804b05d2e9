//! The statements about deliveries: what waits, who has it, and what became of each try.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

const PUT: &str = "
INSERT INTO pipeline.alert_delivery (id, channel_id, account_id, kind, occasion, body, due_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
ON CONFLICT (channel_id, occasion) DO NOTHING";

// While a worker has it, `due_at` is the end of its lease. What a worker has no way to send it leaves to
// others.
const CLAIM: &str = "
WITH due AS (
    SELECT delivery.id FROM pipeline.alert_delivery AS delivery
    INNER JOIN pipeline.account AS account ON account.account_id = delivery.account_id AND account.removed_at IS NULL
    INNER JOIN pipeline.alert_channel AS channel ON channel.id = delivery.channel_id AND channel.kind = ANY($4)
    WHERE delivery.ended_at IS NULL AND delivery.due_at <= $1
    ORDER BY delivery.due_at
    LIMIT $3
    FOR UPDATE OF delivery SKIP LOCKED
),
taken AS (
    UPDATE pipeline.alert_delivery AS delivery
    SET state = 'running', due_at = $2, attempts = delivery.attempts + 1
    FROM due
    WHERE delivery.id = due.id
    RETURNING delivery.id, delivery.channel_id, delivery.body, delivery.attempts, delivery.created_at
),
noted AS (
    INSERT INTO pipeline.alert_attempt (delivery_id, number, started_at)
    SELECT id, attempts, $1 FROM taken
)
SELECT taken.id, taken.channel_id, taken.body, taken.attempts, taken.created_at, channel.kind, channel.address
FROM taken
INNER JOIN pipeline.alert_channel AS channel ON channel.id = taken.channel_id";

// What the receiver took is delivered, whoever has it by now.
const SETTLE: &str = "
WITH settled AS (
    UPDATE pipeline.alert_delivery
    SET state = $4, due_at = coalesce($5, due_at), ended_at = CASE WHEN $5::timestamptz IS NULL THEN $3::timestamptz END
    WHERE id = $1 AND ended_at IS NULL AND (attempts = $2 OR $4 = 'delivered')
)
UPDATE pipeline.alert_attempt SET ended_at = $3, status = $6, error = $7
WHERE delivery_id = $1 AND number = $2";

/// Something to tell.
pub struct NewDelivery<'a> {
    /// To whom.
    pub channel_id: i64,
    /// Of which account.
    pub account_id: &'a str,
    /// `alert`, `digest` or `test`.
    pub kind: &'static str,
    /// What it tells of; a receiver is told of each once.
    pub occasion: &'a str,
    /// What is sent, made from the delivery's id.
    pub body: &'a (dyn Fn(Uuid) -> String + Sync),
}

impl std::fmt::Debug for NewDelivery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewDelivery").field("occasion", &self.occasion).finish_non_exhaustive()
    }
}

/// A delivery that a worker has.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// To whom.
    pub channel_id: i64,
    /// How: `webhook` or `email`.
    pub kind: String,
    /// Where.
    pub address: String,
    /// When there was something to tell.
    pub created_at: Timestamp,
    /// What.
    pub body: String,
    /// Which try it is, from 1.
    pub attempt: i32,
}

/// What became of a try.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// `waiting`, `delivered` or `given_up`.
    pub state: &'static str,
    /// When it is tried again; `None` where it has ended.
    pub again_at: Option<Timestamp>,
    /// What the receiver answered.
    pub status: Option<i32>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Stores something to tell, unless the receiver is told of it already.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn put(conn: &mut PgConnection, new: NewDelivery<'_>, now: Timestamp) -> Result<(), sqlx::Error> {
    let id = Uuid::now_v7();
    sqlx::query(PUT)
        .bind(id)
        .bind(new.channel_id)
        .bind(new.account_id)
        .bind(new.kind)
        .bind(new.occasion)
        .bind((new.body)(id))
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes what is due and goes one of these ways, until `until`.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn claim(
    conn: &mut PgConnection,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
    kinds: &[&str],
) -> Result<Vec<Delivery>, sqlx::Error> {
    let claim = sqlx::query(CLAIM).bind(now.to_sqlx()).bind(until.to_sqlx()).bind(limit).bind(kinds);
    let rows = claim.fetch_all(conn).await?;
    let delivery = |row: &sqlx::postgres::PgRow| {
        Ok(Delivery {
            id: row.try_get("id")?,
            channel_id: row.try_get("channel_id")?,
            kind: row.try_get("kind")?,
            address: row.try_get("address")?,
            created_at: row.try_get::<jiff_sqlx::Timestamp, _>("created_at")?.to_jiff(),
            body: row.try_get("body")?,
            attempt: row.try_get("attempts")?,
        })
    };
    rows.iter().map(delivery).collect()
}

/// Notes what became of a try.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn settle(
    conn: &mut PgConnection,
    delivery: &Delivery,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(SETTLE)
        .bind(delivery.id)
        .bind(delivery.attempt)
        .bind(now.to_sqlx())
        .bind(outcome.state)
        .bind(outcome.again_at.map(ToSqlx::to_sqlx))
        .bind(outcome.status)
        .bind(outcome.error.as_deref())
        .execute(conn)
        .await?;
    Ok(())
}
