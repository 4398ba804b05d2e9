//! Changes out of `pipeline.event`, day by day, each in the order of arrival.

use cekbrand_schema::EventId;
use futures_util::TryStreamExt;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use jiff_sqlx::ToSqlx;
use sqlx::FromRow;
use tokio::sync::mpsc::{self, Sender};

use super::{AHEAD, Portion, Portions};
use crate::land::decode::{self, Arrived};
use crate::replay::order::Order;
use crate::replay::{PORTION, ReplayError, Replayer, Run};

/// Streamed: however long writing takes, the statement goes on.
const EVENTS: &str = "
    SELECT event_id, is_test, subject_id, object, field, account_id, raw, entry_time, received_at, secret_label, extra
    FROM pipeline.event
    WHERE received_at >= $1 AND received_at < $2 AND received_at > $3 AND topic = $4
        AND ($5::text IS NULL OR account_id = $5)
    ORDER BY received_at, event_id";

const NO_LIMIT: &str = "SELECT set_config('statement_timeout', '0', true)";

const DAYS: &str = "
    SELECT min(received_at), max(received_at) FROM pipeline.event
    WHERE received_at >= $1 AND received_at < $2 AND topic = $3";

#[derive(FromRow)]
struct Row {
    event_id: Vec<u8>,
    is_test: bool,
    subject_id: Option<String>,
    object: String,
    field: String,
    account_id: String,
    raw: String,
    entry_time: Option<jiff_sqlx::Timestamp>,
    received_at: jiff_sqlx::Timestamp,
    secret_label: String,
    extra: Option<String>,
}

/// Reads the events of a run's range that are left.
pub(in crate::replay) fn read(replayer: &Replayer, run: &Run) -> Portions {
    let (sender, portions) = mpsc::channel(AHEAD);
    let (replayer, order) = (replayer.clone(), run.order.clone());
    let after = run.events_until.unwrap_or(Timestamp::MIN).max(Timestamp::UNIX_EPOCH);
    tokio::spawn(async move {
        if let Err(error) = send(&replayer, &order, after, &sender).await {
            // A closed channel means that nobody wants to know.
            let _nobody_listens = sender.send(Err(error)).await;
        }
    });
    portions
}

async fn send(
    replayer: &Replayer,
    order: &Order,
    after: Timestamp,
    sender: &Sender<Result<Portion, ReplayError>>,
) -> Result<(), ReplayError> {
    let days: (Option<jiff_sqlx::Timestamp>, Option<jiff_sqlx::Timestamp>) = sqlx::query_as(DAYS)
        .bind(order.from.to_sqlx())
        .bind(order.to.to_sqlx())
        .bind(&order.topic)
        .fetch_one(&replayer.pool)
        .await?;
    let (Some(first), Some(last)) = days else { return Ok(()) };
    let date = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let (mut day, last) = (date(first.to_jiff().max(after)), date(last.to_jiff()));
    while day <= last {
        if !send_day(replayer, order, (day, after), sender).await? {
            return Ok(());
        }
        day = day.saturating_add(1.day());
    }
    Ok(())
}

/// Hands on one day; `false` where nobody wants more.
async fn send_day(
    replayer: &Replayer,
    order: &Order,
    (day, after): (Date, Timestamp),
    sender: &Sender<Result<Portion, ReplayError>>,
) -> Result<bool, ReplayError> {
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp());
    let from = order.from.max(midnight(day));
    let to = order.to.min(midnight(day.saturating_add(1.day())));
    let mut tx = replayer.pool.begin().await?;
    sqlx::query(NO_LIMIT).execute(&mut *tx).await?;
    let mut rows = sqlx::query_as::<_, Row>(EVENTS)
        .bind(from.to_sqlx())
        .bind(to.to_sqlx())
        .bind(after.to_sqlx())
        .bind(&order.topic)
        .bind(&order.account)
        .fetch(&mut *tx);
    let mut portion = Portion::default();
    while let Some(row) = rows.try_next().await? {
        let received_at = row.received_at.to_jiff();
        let is_full = portion.changes.len() >= PORTION && portion.events_until != Some(received_at);
        if is_full && sender.send(Ok(std::mem::take(&mut portion))).await.is_err() {
            return Ok(false);
        }
        portion.events_until = Some(received_at);
        portion.records += 1;
        portion.changes.extend(arrived(row));
    }
    drop(rows);
    tx.rollback().await?;
    Ok(portion.records == 0 || sender.send(Ok(portion)).await.is_ok())
}

fn arrived(row: Row) -> Option<Arrived> {
    let payload = decode::payload(row.is_test, &row.object, &row.field, &row.raw);
    Some(Arrived {
        event_id: EventId::from_slice(&row.event_id)?,
        subject_id: row.subject_id,
        object: row.object,
        field: row.field,
        account_id: row.account_id.into(),
        received_at: row.received_at.to_jiff(),
        entry_time: row.entry_time.map(jiff_sqlx::Timestamp::to_jiff),
        secret_label: row.secret_label,
        extra: row.extra,
        raw: row.raw,
        is_test: row.is_test,
        payload,
    })
}
