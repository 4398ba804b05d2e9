//! The budget that all workers share: one row per (app, account), one with an empty account for the app as a
//! whole, and one for what the platform limits.

use std::time::Duration;

use cekbrand_graph::Answer;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};

use crate::enrich::effects::Block;
use crate::reads::{self, Budget};
use crate::tasks::{self, ParkReason, TaskKey};

// Close to the limit a worker draws single calls.
const GRANT: &str = "
INSERT INTO pipeline.account_quota AS q (app_id, account_id, granted, updated_at)
SELECT $1, $2, $4, $3
WHERE NOT EXISTS (
    SELECT 1 FROM pipeline.account_quota app
    WHERE app.app_id = $1 AND app.account_id = '' AND app.blocked_until > $3)
ON CONFLICT (app_id, account_id) DO UPDATE SET
    granted = q.granted + CASE WHEN q.usage_percent >= $5 THEN 1 ELSE EXCLUDED.granted END,
    updated_at = EXCLUDED.updated_at
WHERE COALESCE(q.blocked_until <= EXCLUDED.updated_at, TRUE)
RETURNING CASE WHEN q.usage_percent >= $5 THEN 1 ELSE $4 END";

const BLOCKED_UNTIL: &str = "
SELECT q.blocked_until, q.block_reason FROM pipeline.account_quota q
WHERE q.app_id = $1 AND q.account_id IN ($2, '') AND q.blocked_until > $3
ORDER BY q.blocked_until DESC LIMIT 1";

// An answer without headers says nothing about the usage; an older answer does not overwrite a newer one.
const SETTLE: &str = "
INSERT INTO pipeline.account_quota AS q
    (app_id, account_id, call_count, usage_percent, usage, observed_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (app_id, account_id) DO UPDATE SET
    call_count = q.call_count + EXCLUDED.call_count,
    usage_percent = CASE WHEN EXCLUDED.observed_at >= COALESCE(q.observed_at, '-infinity')
        THEN EXCLUDED.usage_percent ELSE q.usage_percent END,
    usage = CASE WHEN EXCLUDED.observed_at >= COALESCE(q.observed_at, '-infinity')
        THEN COALESCE(q.usage, '{}') || EXCLUDED.usage ELSE q.usage END,
    observed_at = GREATEST(q.observed_at, EXCLUDED.observed_at),
    updated_at = EXCLUDED.updated_at";

const PREVIOUS_BLOCK: &str = "
SELECT q.blocked_until, q.block_seconds FROM pipeline.account_quota q
WHERE q.app_id = $1 AND q.account_id = $2
FOR UPDATE";

const BLOCK: &str = "
INSERT INTO pipeline.account_quota AS q (app_id, account_id, blocked_until, block_reason, block_seconds, updated_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (app_id, account_id) DO UPDATE SET
    blocked_until = GREATEST(q.blocked_until, EXCLUDED.blocked_until),
    block_reason = EXCLUDED.block_reason,
    block_seconds = EXCLUDED.block_seconds,
    updated_at = EXCLUDED.updated_at
RETURNING q.blocked_until";

/// Whose budget.
#[derive(Debug, Clone, Copy)]
pub struct Purse<'a> {
    /// The app.
    pub app_id: &'a str,
    /// The account; empty for the app as a whole.
    pub account_id: &'a str,
}

/// The row of what the platform limits for the app, beside those of its accounts.
const PLATFORM: &str = "platform";

impl<'a> Purse<'a> {
    /// The budget that a task's calls are taken from.
    pub fn of(app_id: &'a str, key: &'a TaskKey) -> Self {
        let account_id = match reads::of(key.kind).budget() {
            Budget::Account => &key.account_id,
            Budget::Platform => PLATFORM,
        };
        Self { app_id, account_id }
    }

    /// Whether it is that of the platform.
    pub fn is_platform(self) -> bool {
        self.account_id == PLATFORM
    }
}

/// A block of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocked {
    /// Why.
    pub reason: ParkReason,
    /// Until when.
    pub until: Timestamp,
}

/// How long blocks last where Meta does not say.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The first.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
}

/// Draws a grant of `calls`, or of one where the budget is nearly spent; says of how many. `Err` says
/// until when no call may be made, and why.
///
/// # Errors
/// Whatever keeps the statements from running (outer).
pub async fn grant(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    calls: i64,
    now: Timestamp,
) -> Result<Result<i64, Blocked>, sqlx::Error> {
    let granted: Option<i64> = sqlx::query_scalar(GRANT)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .bind(now.to_sqlx())
        .bind(calls)
        .bind(tasks::SLOW_PERCENT)
        .fetch_optional(&mut *conn)
        .await?;
    if let Some(granted) = granted {
        return Ok(Ok(granted));
    }
    // Where none stands, it was lifted between the two statements.
    let blocked = block_of(conn, purse, now).await?;
    Ok(Err(blocked.unwrap_or(Blocked { reason: ParkReason::Throttled, until: now })))
}

/// The block that stands, of the account or of the app, the longer one.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn block_of(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    now: Timestamp,
) -> Result<Option<Blocked>, sqlx::Error> {
    let blocked = sqlx::query(BLOCKED_UNTIL)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .bind(now.to_sqlx())
        .fetch_optional(conn)
        .await?;
    let Some(row) = blocked else { return Ok(None) };
    let until: jiff_sqlx::Timestamp = row.try_get("blocked_until")?;
    let reason: Option<String> = row.try_get("block_reason")?;
    let reason = reason.and_then(|reason| reason.parse().ok()).unwrap_or(ParkReason::Throttled);
    Ok(Some(Blocked { reason, until: until.to_jiff() }))
}

/// Counts an answered call and keeps what both headers said: the account's row has the highest of all
/// percentages, the app's row those of the app.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn settle(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let usage = &answer.usage;
    let observed_at = answer.observed_at;
    let percent = usage.account_percent().max(usage.app_percent());
    settle_one(conn, purse, Seen { percent, usage: usage.to_json(), observed_at }, now).await?;
    if let Some(percent) = usage.app_percent().filter(|_| !purse.is_platform()) {
        let app = Purse { account_id: "", ..purse };
        let usage = usage.to_json().and_then(|usage| usage.get("app").map(|app| json!({ "app": app })));
        settle_one(conn, app, Seen { percent: Some(percent), usage, observed_at }, now).await?;
    }
    Ok(())
}

/// What an answer's headers said.
struct Seen {
    percent: Option<u32>,
    usage: Option<Value>,
    observed_at: Timestamp,
}

async fn settle_one(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    seen: Seen,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(SETTLE)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .bind(1_i64)
        .bind(seen.percent.map(|percent| i32::try_from(percent).unwrap_or(i32::MAX)))
        .bind(seen.usage)
        .bind(seen.percent.map(|_| seen.observed_at.to_sqlx()))
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// Blocks the purse's owner: for `regain` where Meta says so, else for a time that doubles while blocks
/// follow on each other. Says until when.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn block(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    block: Block,
    limits: Limits,
    now: Timestamp,
) -> Result<Timestamp, sqlx::Error> {
    let row = sqlx::query(PREVIOUS_BLOCK)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .fetch_optional(&mut *conn)
        .await?;
    let previous = row.as_ref().map(previous).transpose()?.flatten();
    let length = block.regain.unwrap_or_else(|| growing(previous, limits, now));
    let until = now.checked_add(length).unwrap_or(Timestamp::MAX);
    let until: jiff_sqlx::Timestamp = sqlx::query_scalar(BLOCK)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .bind(until.to_sqlx())
        .bind(block.reason.as_str())
        .bind(i64::try_from(length.as_secs()).unwrap_or(i64::MAX))
        .bind(now.to_sqlx())
        .fetch_one(conn)
        .await?;
    Ok(until.to_jiff())
}

/// A block that was set before.
#[derive(Debug, Clone, Copy)]
struct Previous {
    length: Duration,
    until: Timestamp,
}

fn previous(row: &sqlx::postgres::PgRow) -> Result<Option<Previous>, sqlx::Error> {
    let until: Option<jiff_sqlx::Timestamp> = row.try_get("blocked_until")?;
    let seconds: Option<i64> = row.try_get("block_seconds")?;
    let of = |(until, seconds): (jiff_sqlx::Timestamp, i64)| Previous {
        length: Duration::from_secs(seconds.unsigned_abs()),
        until: until.to_jiff(),
    };
    Ok(until.zip(seconds).map(of))
}

/// The next block's length, from the length and the end of the previous one. Answers to calls that were under
/// way when a block began do not lengthen it; a block soon after the last one is twice as long.
fn growing(previous: Option<Previous>, limits: Limits, now: Timestamp) -> Duration {
    let Limits { first, longest } = limits;
    let Some(Previous { length, until }) = previous else { return first };
    if let Ok(left) = Duration::try_from(until.duration_since(now))
        && !left.is_zero()
    {
        return left;
    }
    let since = Duration::try_from(now.duration_since(until)).unwrap_or(Duration::ZERO);
    if since <= length { length.saturating_mul(2).clamp(first, longest) } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_follow_on_each_other_double_up_to_an_hour() {
        let limits = Limits { first: Duration::from_mins(5), longest: Duration::from_hours(1) };
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let minutes = |previous: Option<(u64, i64)>, now| {
            let previous = previous
                .map(|(length, until)| Previous { length: Duration::from_mins(length), until: at(until) });
            growing(previous, limits, at(now)).as_secs() / 60
        };
        assert_eq!(minutes(None, 0), 5);
        assert_eq!(minutes(Some((5, 10)), 11), 10, "soon after the last");
        assert_eq!(minutes(Some((40, 10)), 11), 60, "never longer than the longest");
        assert_eq!(minutes(Some((5, 10)), 20), 5, "long after the last");
        assert_eq!(minutes(Some((5, 10)), 7), 3, "during a block: what is left of it");
    }
}
