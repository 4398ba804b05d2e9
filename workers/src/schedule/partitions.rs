//! Partitions by day of `pipeline.event` and `pipeline.graph_response`: made ahead, and for days whose rows
//! the default partition caught. All statements about partitions are here.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgPool};

/// Days ahead for which partitions exist, so that a week without a scheduler hurts nobody.
const DAYS_AHEAD: i32 = 7;

/// The days ahead come first: nobody writes them yet, so that nothing waits. Then yesterday and today, then
/// days that the default partition caught, the latest first; a round makes as many as leave time for the
/// next.
const MISSING: &str = "
    SELECT parent, day
    FROM (
        SELECT parent, day::date AS day
        FROM (VALUES ('event'), ('graph_response')) AS parents (parent),
            generate_series($1::date::timestamp, $2::date::timestamp, interval '1 day') AS days (day)
        UNION
        SELECT 'event', (received_at AT TIME ZONE 'UTC')::date FROM pipeline.event_default
        UNION
        SELECT 'graph_response', (observed_at AT TIME ZONE 'UTC')::date FROM pipeline.graph_response_default
    ) AS wanted
    WHERE to_regclass(format('pipeline.%I', format('%s_%s', parent, to_char(day, 'YYYYMMDD')))) IS NULL
    ORDER BY day > $3 DESC, day DESC, parent
    LIMIT 64";

#[derive(Debug, FromRow)]
struct Missing {
    parent: String,
    day: jiff_sqlx::Date,
}

/// Whoever writes the day waits while its partition is made, and it waits for them: for a moment, or not at
/// all.
const LOCK_BRIEFLY: &str = "SELECT set_config('lock_timeout', '2s', true)";

const MAKE: &str = "SELECT pipeline.make_partition($1, $2)";

/// Makes the partitions that are missing, each in a transaction of its own; returns how many it made.
///
/// # Errors
///
/// The first that the database refused; the others are made all the same, and the next round tries again.
pub async fn make(pool: &PgPool, now: Timestamp) -> Result<usize, sqlx::Error> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let (first, last) = (today.saturating_sub(1.day()), today.saturating_add(DAYS_AHEAD.days()));
    let missing: Vec<Missing> = sqlx::query_as(MISSING)
        .bind(first.to_sqlx())
        .bind(last.to_sqlx())
        .bind(today.to_sqlx())
        .fetch_all(pool)
        .await?;
    let (mut made, mut failed) = (0, None);
    for Missing { parent, day } in missing {
        let day = day.to_jiff();
        match make_one(pool, &parent, day).await {
            Ok(is_new) => made += usize::from(is_new),
            Err(error) => {
                tracing::warn!(sql.table = parent, %day, error = %error, "a day's partition could not be made and is tried again");
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(made), Err)
}

async fn make_one(pool: &PgPool, parent: &str, day: Date) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query(LOCK_BRIEFLY).execute(&mut *transaction).await?;
    let is_new =
        sqlx::query_scalar(MAKE).bind(parent).bind(day.to_sqlx()).fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(is_new)
}
