//! The statements of the scheduler: its lock and midnights here, [`beats`], the story [`vault`], who
//! speaks ([`voices`]) and what was missed ([`backfill`]) beside it.

pub(super) mod backfill;
pub(super) mod beats;
pub(super) mod vault;
pub(super) mod voices;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

const TRY_LOCK: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended('cekbrand.schedule', 0))";

/// Takes the scheduler's lock until the transaction ends, unless somebody has it.
pub(super) async fn try_lock(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(TRY_LOCK).fetch_one(conn).await
}

/// Every day since the last one marked, so that a pause leaves no gap; of an account that is new, the present
/// one.
const MARK_MIDNIGHTS: &str = r#"
    WITH due AS (
        SELECT account.account_id, account.midnight_marked_on, today.day
        FROM pipeline.account
        LEFT JOIN instagram."user" ON "user".id = account.account_id
        CROSS JOIN LATERAL (
            SELECT ($1::timestamptz AT TIME ZONE coalesce("user".timezone, 'UTC'))::date AS day
        ) AS today
        WHERE
            account.removed_at IS NULL
            AND (account.midnight_marked_on IS NULL OR account.midnight_marked_on < today.day)
        FOR UPDATE OF account
    ),
    noted AS (
        UPDATE pipeline.account SET midnight_marked_on = due.day
        FROM due
        WHERE account.account_id = due.account_id
        RETURNING account.account_id
    ),
    marked AS (
        INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
        SELECT due.account_id, passed.day::date, $1
        FROM due
        CROSS JOIN LATERAL generate_series(
            coalesce(due.midnight_marked_on + 1, due.day)::timestamp, due.day::timestamp, interval '1 day'
        ) AS passed (day)
    )
    SELECT count(*) FROM noted"#;

/// Marks each watched account whose local midnight has passed; returns how many those were.
pub(super) async fn mark_midnights(conn: &mut PgConnection, now: Timestamp) -> Result<u64, sqlx::Error> {
    let accounts: i64 = sqlx::query_scalar(MARK_MIDNIGHTS).bind(now.to_sqlx()).fetch_one(conn).await?;
    Ok(accounts.unsigned_abs())
}
