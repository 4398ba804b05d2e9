//! The budget that all workers share: one row per (app, account), and one with an empty account for the app as a whole.

use std::time::Duration;

use cekbrand_graph::Usage;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};

use crate::tasks::ParkReason;

const GRANT: &str = "
INSERT INTO pipeline.account_quota AS q (app_id, account_id, granted, updated_at)
SELECT $1, $2, 1, $3
WHERE NOT EXISTS (
    SELECT 1 FROM pipeline.account_quota app
    WHERE app.app_id = $1 AND app.account_id = '' AND app.blocked_until > $3)
ON CONFLICT (app_id, account_id) DO UPDATE SET granted = q.granted + 1, updated_at = EXCLUDED.updated_at
WHERE COALESCE(q.blocked_until <= EXCLUDED.updated_at, TRUE)";

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
SELECT q.blocked_until, q.usage FROM pipeline.account_quota q
WHERE q.app_id = $1 AND q.account_id = $2
FOR UPDATE";

const BLOCK: &str = "
INSERT INTO pipeline.account_quota AS q (app_id, account_id, blocked_until, block_reason, usage, updated_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (app_id, account_id) DO UPDATE SET
    blocked_until = GREATEST(q.blocked_until, EXCLUDED.blocked_until),
    block_reason = EXCLUDED.block_reason,
    usage = COALESCE(q.usage, '{}') || EXCLUDED.usage,
    updated_at = EXCLUDED.updated_at
RETURNING q.blocked_until";

/// Key in the `usage` column under which the length of the last block is kept, in seconds.
const BLOCK_SECONDS: &str = "block_seconds";

/// Whose budget.
#[derive(Debug, Clone, Copy)]
pub struct Purse<'a> {
    /// The app.
    pub app_id: &'a str,
    /// The account; empty for the app as a whole.
    pub account_id: &'a str,
}

/// Draws the grant for one call. `Err` says until when no call may be made, and why.
///
/// # Errors
/// Whatever keeps the statements from running (outer).
pub async fn grant(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    now: Timestamp,
) -> Result<Result<(), (ParkReason, Timestamp)>, sqlx::Error> {
    let granted = sqlx::query(GRANT)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .bind(now.to_sqlx())
        .execute(&mut *conn)
        .await?;
    if granted.rows_affected() == 1 {
        return Ok(Ok(()));
    }
    let blocked = sqlx::query(BLOCKED_UNTIL)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .bind(now.to_sqlx())
        .fetch_optional(conn)
        .await?;
    let Some(row) = blocked else {
        // The block was lifted between the two statements.
        return Ok(Err((ParkReason::Throttled, now)));
    };
    let until: jiff_sqlx::Timestamp = row.try_get("blocked_until")?;
    let reason: Option<String> = row.try_get("block_reason")?;
    let is_policy = reason.as_deref() == Some(ParkReason::PolicyBlock.as_str());
    let reason = if is_policy { ParkReason::PolicyBlock } else { ParkReason::Throttled };
    Ok(Err((reason, until.to_jiff())))
}

/// Counts an answered call and keeps what both headers said: the account's row has the highest of all percentages, the app's row those of the
/// app.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn settle(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    usage: &Usage,
    (observed_at, now): (Timestamp, Timestamp),
) -> Result<(), sqlx::Error> {
    let of_account = usage.account_percent().max(usage.app_percent());
    settle_one(conn, purse, 1, (of_account, usage.to_json()), (observed_at, now)).await?;
    if let Some(percent) = usage.app_percent() {
        let app = Purse { account_id: "", ..purse };
        let shown = usage.to_json().and_then(|usage| usage.get("app").map(|app| json!({ "app": app })));
        settle_one(conn, app, 1, (Some(percent), shown), (observed_at, now)).await?;
    }
    Ok(())
}

async fn settle_one(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    calls: i64,
    (percent, usage): (Option<u32>, Option<Value>),
    (observed_at, now): (Timestamp, Timestamp),
) -> Result<(), sqlx::Error> {
    let seen = percent.map(|_| observed_at.to_sqlx());
    sqlx::query(SETTLE)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .bind(calls)
        .bind(percent.map(|percent| i32::try_from(percent).unwrap_or(i32::MAX)))
        .bind(usage)
        .bind(seen)
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// Blocks the purse's owner: for `regain` where Meta says so, else for a time that doubles while blocks follow on each other. Says until when.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn block(
    conn: &mut PgConnection,
    purse: Purse<'_>,
    (regain, reason): (Option<Duration>, ParkReason),
    (first, longest): (Duration, Duration),
    now: Timestamp,
) -> Result<Timestamp, sqlx::Error> {
    let row = sqlx::query(PREVIOUS_BLOCK)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .fetch_optional(&mut *conn)
        .await?;
    let previous = row.as_ref().map(previous).transpose()?.flatten();
    let length = regain.unwrap_or_else(|| growing(previous, (first, longest), now));
    let until = now.checked_add(length).unwrap_or(Timestamp::MAX);
    let until: jiff_sqlx::Timestamp = sqlx::query_scalar(BLOCK)
        .bind(purse.app_id)
        .bind(purse.account_id)
        .bind(until.to_sqlx())
        .bind(reason.as_str())
        .bind(json!({ BLOCK_SECONDS: length.as_secs() }))
        .bind(now.to_sqlx())
        .fetch_one(conn)
        .await?;
    Ok(until.to_jiff())
}

fn previous(row: &sqlx::postgres::PgRow) -> Result<Option<(Duration, Timestamp)>, sqlx::Error> {
    let until: Option<jiff_sqlx::Timestamp> = row.try_get("blocked_until")?;
    let usage: Option<Value> = row.try_get("usage")?;
    let seconds = usage.as_ref().and_then(|usage| usage.get(BLOCK_SECONDS)).and_then(Value::as_u64);
    Ok(until.zip(seconds).map(|(until, seconds)| (Duration::from_secs(seconds), until.to_jiff())))
}

/// The next block's length, from the length and the end of the previous one. Answers to calls that were under way when a block began do not
/// lengthen it; a block soon after the last one is twice as long.
fn growing(
    previous: Option<(Duration, Timestamp)>,
    (first, longest): (Duration, Duration),
    now: Timestamp,
) -> Duration {
    let Some((length, until)) = previous else { return first };
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
        let limits = (Duration::from_mins(5), Duration::from_hours(1));
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let minutes = |previous: Option<(u64, i64)>, now| {
            let previous = previous.map(|(length, until)| (Duration::from_mins(length), at(until)));
            growing(previous, limits, at(now)).as_secs() / 60
        };
        assert_eq!(minutes(None, 0), 5);
        assert_eq!(minutes(Some((5, 10)), 11), 10, "soon after the last");
        assert_eq!(minutes(Some((40, 10)), 11), 60, "never longer than the longest");
        assert_eq!(minutes(Some((5, 10)), 20), 5, "long after the last");
        assert_eq!(minutes(Some((5, 10)), 7), 3, "during a block: what is left of it");
    }
}
