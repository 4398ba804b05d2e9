//! The statements of the analyser around those of the tables: which accounts are marked, their lock, their
//! days.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, PgPool};

const MARKED_ACCOUNTS: &str =
    "SELECT account_id FROM pipeline.dirty_mark GROUP BY account_id ORDER BY min(id) LIMIT $1";

/// Accounts with marks, the oldest mark first.
pub(super) async fn marked_accounts(pool: &PgPool, limit: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(MARKED_ACCOUNTS).bind(limit).fetch_all(pool).await
}

const TRY_LOCK: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended('cekbrand.analyse/' || $1, 0))";

/// Takes the account's lock until the transaction ends, unless somebody has it.
pub(super) async fn try_lock(conn: &mut PgConnection, account_id: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(TRY_LOCK).bind(account_id).fetch_one(conn).await
}

const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.analyse/' || $1, 0))";

/// Takes the account's lock until the transaction ends, after whoever has it.
pub(super) async fn lock(conn: &mut PgConnection, account_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(LOCK).bind(account_id).execute(conn).await?;
    Ok(())
}

const LIFT_LIMITS: &str =
    "SELECT set_config('statement_timeout', '0', TRUE), set_config('lock_timeout', '0', TRUE)";

/// For the rest of the transaction statements and waits may take as long as they need: a whole history may
/// be long.
pub(super) async fn lift_limits(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(LIFT_LIMITS).execute(conn).await?;
    Ok(())
}

const SETTLE_PLANS: &str = "SELECT set_config('jit', 'off', TRUE), set_config('work_mem', '64MB', TRUE)";

/// For the rest of the transaction the server compiles no plan: that takes seconds for statements of this
/// size, which run for a fraction of one. And it may look up in memory which rows of a large account no longer
/// hold, which it otherwise goes through once for each row.
pub(super) async fn settle_plans(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(SETTLE_PLANS).execute(conn).await?;
    Ok(())
}

const TAKE_MARKS: &str = "DELETE FROM pipeline.dirty_mark WHERE account_id = $1 RETURNING day";

/// Deletes the account's marks and returns their days.
pub(super) async fn take_marks(conn: &mut PgConnection, account_id: &str) -> Result<Vec<Date>, sqlx::Error> {
    days(TAKE_MARKS, conn, account_id).await
}

const SYNC_MEDIA: &str = include_str!("sync_media.sql");

/// Takes over what changed among the account's media, and its zone; returns the days that this concerns. So a
/// medium whose owner, time or hashtags became known makes its days dirty, whoever wrote it and whatever day
/// that one marked.
pub(super) async fn sync_media(conn: &mut PgConnection, account_id: &str) -> Result<Vec<Date>, sqlx::Error> {
    days(SYNC_MEDIA, conn, account_id).await
}

const FIRST_DAY: &str = include_str!("first_day.sql");

/// The first day of which anything is held of the account, its media being taken over.
pub(super) async fn first_day(
    conn: &mut PgConnection,
    account_id: &str,
) -> Result<Option<Date>, sqlx::Error> {
    let day: Option<jiff_sqlx::Date> = sqlx::query_scalar(FIRST_DAY).bind(account_id).fetch_one(conn).await?;
    Ok(day.map(jiff_sqlx::Date::to_jiff))
}

async fn days(
    statement: &'static str,
    conn: &mut PgConnection,
    account_id: &str,
) -> Result<Vec<Date>, sqlx::Error> {
    let days: Vec<jiff_sqlx::Date> = sqlx::query_scalar(statement).bind(account_id).fetch_all(conn).await?;
    Ok(days.into_iter().map(jiff_sqlx::Date::to_jiff).collect())
}

const TODAY: &str = r#"
    SELECT ($2::timestamptz AT TIME ZONE
        coalesce((SELECT timezone FROM instagram."user" WHERE id = $1), 'UTC'))::date"#;

/// The account's present local day.
pub(super) async fn today(
    conn: &mut PgConnection,
    account_id: &str,
    now: Timestamp,
) -> Result<Date, sqlx::Error> {
    let today: jiff_sqlx::Date =
        sqlx::query_scalar(TODAY).bind(account_id).bind(now.to_sqlx()).fetch_one(conn).await?;
    Ok(today.to_jiff())
}
