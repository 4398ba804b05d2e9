//! Who is told of an account, what fired, and what became of each delivery.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::{day, some_instant};
use crate::iso::Iso;
use crate::table::{Cells, CsvRow};

const LIST: &str = "
SELECT id, kind, address, lang, alerts, digest, created_at
FROM pipeline.alert_channel
WHERE account_id = $1
ORDER BY id";

const CREATE: &str = "
INSERT INTO pipeline.alert_channel (account_id, kind, address, lang, alerts, digest, created_at, created_by)
VALUES ($1, $8, $2, $3, $4, $5, $6, $7)
ON CONFLICT (account_id, address) DO NOTHING
RETURNING id, kind, address, lang, alerts, digest, created_at";

const DELETE: &str = "
DELETE FROM pipeline.alert_channel
WHERE account_id = $1 AND id = $2";

const TEST: &str = "
INSERT INTO pipeline.alert_delivery (id, channel_id, account_id, kind, occasion, body, due_at, created_at)
SELECT made.id, channel.id, channel.account_id, 'test', 'test:' || $3::timestamptz,
    jsonb_build_object(
        'type', 'test', 'id', 'msg_' || replace(made.id::text, '-', ''), 'lang', channel.lang,
        'account', jsonb_build_object('id', channel.account_id),
        'text', CASE channel.lang WHEN 'en' THEN 'This is a test.' ELSE 'Ini percobaan.' END
    )::text,
    $3, $3
FROM pipeline.alert_channel AS channel
CROSS JOIN (SELECT gen_random_uuid() AS id) AS made
WHERE channel.account_id = $1 AND channel.id = $2
ON CONFLICT (channel_id, occasion) DO UPDATE SET due_at = alert_delivery.due_at
RETURNING id::text";

const FIRINGS: &str = "
SELECT id, rule_id, rule_name, period, metric, measure, direction, threshold, timeframe, value, fired_at
FROM pipeline.alert_firing
WHERE account_id = $1
ORDER BY id DESC
LIMIT $2";

const DELIVERIES: &str = "
SELECT id::text AS id, channel_id, kind, state, due_at, attempts, created_at, ended_at
FROM pipeline.alert_delivery
WHERE account_id = $1
ORDER BY created_at DESC, id DESC
LIMIT $2";

const ATTEMPTS: &str = "
SELECT delivery_id::text AS delivery_id, number, started_at, ended_at, status, error
FROM pipeline.alert_attempt
WHERE delivery_id = ANY ($1::text[]::uuid[])
ORDER BY delivery_id, number";

/// So many lines of a log.
const MOST: i64 = 100;

/// Who is told.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Channel {
    /// By which it is deleted.
    pub(crate) id: i64,
    /// How: webhook or email.
    pub(crate) kind: String,
    /// Of the web, or mailto: with one of mail.
    pub(crate) address: String,
    /// In which language: id or en.
    pub(crate) lang: String,
    /// Whether what fires is told.
    pub(crate) alerts: bool,
    /// Whether the weekly digest is.
    pub(crate) digest: bool,
    #[schema(required = true)]
    pub(crate) created_at: Option<Iso>,
}

/// A time that a rule came to hold.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Firing {
    pub(crate) id: i64,
    /// The rule, which may be gone since.
    pub(crate) rule_id: i64,
    pub(crate) rule_name: String,
    /// The local day on which it came to hold.
    pub(crate) day: Date,
    pub(crate) metric: String,
    pub(crate) measure: String,
    pub(crate) direction: String,
    pub(crate) threshold: f64,
    pub(crate) timeframe: i32,
    /// The figure, or its change, that was beyond the threshold.
    pub(crate) value: f64,
    #[schema(required = true)]
    pub(crate) fired_at: Option<Iso>,
}

/// Something that was told, or is about to be.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Delivery {
    /// By which the receiver knows it: `webhook-id`, or the beginning of `Message-ID`.
    pub(crate) id: String,
    /// Who is told.
    pub(crate) channel_id: i64,
    /// alert, digest or test.
    pub(crate) kind: String,
    /// waiting, running, delivered or given_up.
    pub(crate) state: String,
    #[schema(required = true)]
    pub(crate) created_at: Option<Iso>,
    /// When it is sent next; null once it has ended.
    #[schema(required = true)]
    pub(crate) next_at: Option<Iso>,
    #[schema(required = true)]
    pub(crate) ended_at: Option<Iso>,
    /// Each try, the oldest first.
    pub(crate) attempts: Vec<Attempt>,
}

/// A try to tell.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Attempt {
    pub(crate) number: i32,
    #[schema(required = true)]
    pub(crate) started_at: Option<Iso>,
    /// Null while it runs, and where the worker was gone before it could note it.
    #[schema(required = true)]
    pub(crate) ended_at: Option<Iso>,
    /// What the receiver, or the mail server, answered.
    #[schema(required = true)]
    pub(crate) status: Option<i32>,
    /// Why it failed.
    #[schema(required = true)]
    pub(crate) error: Option<String>,
}

impl FromRow<'_, PgRow> for Channel {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            address: row.try_get("address")?,
            lang: row.try_get("lang")?,
            alerts: row.try_get("alerts")?,
            digest: row.try_get("digest")?,
            created_at: some_instant(row, "created_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for Firing {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            rule_id: row.try_get("rule_id")?,
            rule_name: row.try_get("rule_name")?,
            day: day(row, "period")?,
            metric: row.try_get("metric")?,
            measure: row.try_get("measure")?,
            direction: row.try_get("direction")?,
            threshold: row.try_get("threshold")?,
            timeframe: row.try_get("timeframe")?,
            value: row.try_get("value")?,
            fired_at: some_instant(row, "fired_at")?,
        })
    }
}

impl CsvRow for Channel {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("id", Some(self.id));
        cells.plain("kind", Some(&self.kind));
        cells.text("address", Some(&self.address));
        cells.plain("lang", Some(&self.lang));
        cells.plain("alerts", Some(self.alerts));
        cells.plain("digest", Some(self.digest));
        cells.plain("created_at", self.created_at);
    }
}

impl CsvRow for Firing {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("id", Some(self.id));
        cells.plain("rule_id", Some(self.rule_id));
        cells.text("rule_name", Some(&self.rule_name));
        cells.plain("day", Some(self.day));
        cells.plain("metric", Some(&self.metric));
        cells.plain("measure", Some(&self.measure));
        cells.plain("direction", Some(&self.direction));
        cells.plain("threshold", Some(self.threshold));
        cells.plain("timeframe", Some(self.timeframe));
        cells.plain("value", Some(self.value));
        cells.plain("fired_at", self.fired_at);
    }
}

impl CsvRow for Delivery {
    fn cells(&self, cells: &mut Cells) {
        let last = self.attempts.last();
        cells.plain("id", Some(&self.id));
        cells.plain("channel_id", Some(self.channel_id));
        cells.plain("kind", Some(&self.kind));
        cells.plain("state", Some(&self.state));
        cells.plain("created_at", self.created_at);
        cells.plain("next_at", self.next_at);
        cells.plain("ended_at", self.ended_at);
        cells.plain("attempts", Some(self.attempts.len()));
        cells.plain("last_status", last.and_then(|attempt| attempt.status));
        cells.text("last_error", last.and_then(|attempt| attempt.error.as_deref()));
    }
}

/// A receiver to be stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewChannel<'a> {
    pub(crate) account: &'a str,
    /// webhook or email.
    pub(crate) kind: &'static str,
    pub(crate) address: &'a str,
    pub(crate) lang: &'a str,
    pub(crate) alerts: bool,
    pub(crate) digest: bool,
    pub(crate) key_id: &'a str,
}

/// Who is told of an account, the oldest first.
pub(crate) async fn list(pool: &PgPool, account: &str) -> Result<Vec<Channel>, sqlx::Error> {
    sqlx::query_as(LIST).bind(account).fetch_all(pool).await
}

/// Stores a receiver; `None` where the account has one at this address.
pub(crate) async fn create(
    pool: &PgPool,
    channel: NewChannel<'_>,
    now: Timestamp,
) -> Result<Option<Channel>, sqlx::Error> {
    sqlx::query_as(CREATE)
        .bind(channel.account)
        .bind(channel.address)
        .bind(channel.lang)
        .bind(channel.alerts)
        .bind(channel.digest)
        .bind(now.to_sqlx())
        .bind(channel.key_id)
        .bind(channel.kind)
        .fetch_optional(pool)
        .await
}

/// Deletes a receiver with what it was and is to be told; `false` where the account has none such.
pub(crate) async fn delete(pool: &PgPool, account: &str, id: i64) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query(DELETE).bind(account).bind(id).execute(pool).await?.rows_affected() > 0)
}

/// Has a receiver told something that means nothing; the delivery's id, or `None` where there is no receiver.
pub(crate) async fn test(
    pool: &PgPool,
    account: &str,
    id: i64,
    now: Timestamp,
) -> Result<Option<String>, sqlx::Error> {
    let made: Option<String> =
        sqlx::query_scalar(TEST).bind(account).bind(id).bind(now.to_sqlx()).fetch_optional(pool).await?;
    Ok(made.map(|id| public_id(&id)))
}

/// What fired of an account, the newest first.
pub(crate) async fn firings(pool: &PgPool, account: &str) -> Result<Vec<Firing>, sqlx::Error> {
    sqlx::query_as(FIRINGS).bind(account).bind(MOST).fetch_all(pool).await
}

/// The log of an account's deliveries, the newest first.
pub(crate) async fn deliveries(pool: &PgPool, account: &str) -> Result<Vec<Delivery>, sqlx::Error> {
    let rows = sqlx::query(DELIVERIES).bind(account).bind(MOST).fetch_all(pool).await?;
    let ids: Vec<String> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    let mut tried: BTreeMap<String, Vec<Attempt>> = BTreeMap::new();
    for row in sqlx::query(ATTEMPTS).bind(&ids).fetch_all(pool).await? {
        tried.entry(row.try_get("delivery_id")?).or_default().push(Attempt {
            number: row.try_get("number")?,
            started_at: some_instant(&row, "started_at")?,
            ended_at: some_instant(&row, "ended_at")?,
            status: row.try_get("status")?,
            error: row.try_get("error")?,
        });
    }
    let mut delivery = |(row, id): (&PgRow, &String)| {
        let ended_at = some_instant(row, "ended_at")?;
        Ok(Delivery {
            id: public_id(id),
            channel_id: row.try_get("channel_id")?,
            kind: row.try_get("kind")?,
            state: row.try_get("state")?,
            created_at: some_instant(row, "created_at")?,
            next_at: some_instant(row, "due_at")?.filter(|_| ended_at.is_none()),
            ended_at,
            attempts: tried.remove(id).unwrap_or_default(),
        })
    };
    rows.iter().zip(&ids).map(&mut delivery).collect()
}

/// As the receiver sees it.
fn public_id(id: &str) -> String {
    format!("msg_{}", id.replace('-', ""))
}
