//! The statements of the analyser. Those that write rows are set-based, one for each pair of tables, and write only what differs.

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

const TAKE_MARKS: &str = "DELETE FROM pipeline.dirty_mark WHERE account_id = $1 RETURNING day";

/// Deletes the account's marks and returns their days.
pub(super) async fn take_marks(conn: &mut PgConnection, account_id: &str) -> Result<Vec<Date>, sqlx::Error> {
    days(TAKE_MARKS, conn, account_id).await
}

const SYNC_MEDIA: &str = include_str!("store/sync_media.sql");

/// Takes over what changed among the account's media; returns the days of publication of those that did, before and after. So a medium whose
/// owner, time or hashtags became known makes its days dirty, whoever wrote it and whatever day that one marked.
pub(super) async fn sync_media(conn: &mut PgConnection, account_id: &str) -> Result<Vec<Date>, sqlx::Error> {
    days(SYNC_MEDIA, conn, account_id).await
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

const MEDIA_GROWTH: &str = include_str!("store/media_growth.sql");
const USER_GROWTH: &str = include_str!("store/user_growth.sql");

/// Growth columns of the raw snapshots from a day on.
pub(super) async fn write_growth(
    conn: &mut PgConnection,
    account_id: &str,
    first: Date,
) -> Result<(), sqlx::Error> {
    for statement in [MEDIA_GROWTH, USER_GROWTH] {
        sqlx::query(statement).bind(account_id).bind(first.to_sqlx()).execute(&mut *conn).await?;
    }
    Ok(())
}

const ENGAGEMENT: &str = include_str!("store/engagement.sql");

/// `user_insight_engagement` of the given days.
pub(super) async fn write_engagement(
    conn: &mut PgConnection,
    account_id: &str,
    days: &[Date],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(ENGAGEMENT)
        .bind(account_id)
        .bind(days.iter().map(|day| day.to_sqlx()).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

const RANKINGS: &str = include_str!("store/rankings.sql");

/// `user_media_largest_engagement` and `user_media_smallest_engagement`, which hold for the present day alone.
pub(super) async fn write_rankings(
    conn: &mut PgConnection,
    account_id: &str,
    today: Date,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(RANKINGS).bind(account_id).bind(today.to_sqlx()).bind(now.to_sqlx()).execute(conn).await?;
    Ok(())
}

const HASHTAGS: &str = include_str!("store/hashtags.sql");

/// `user_hastags_metrics` and `user_hastags_metrics_distribution` from a day on.
pub(super) async fn write_hashtags(
    conn: &mut PgConnection,
    account_id: &str,
    first: Date,
    today: Date,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(HASHTAGS)
        .bind(account_id)
        .bind(first.to_sqlx())
        .bind(today.to_sqlx())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}
