//! Dirty marks: which account's analytics of which day no longer agree with the raw tables. Only ever added
//! to, so that marking waits for nobody.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

const MARK: &str = r#"
    INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
    SELECT DISTINCT
        given.account_id, (given.at AT TIME ZONE coalesce(account.timezone, 'UTC'))::date, $3::timestamptz
    FROM UNNEST($1::text[], $2::timestamptz[]) AS given (account_id, at)
    LEFT JOIN instagram."user" AS account ON account.id = given.account_id
    WHERE given.account_id <> ''"#;

/// A day of an account that analytics must look at again, by an instant in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The account.
    pub account_id: String,
    /// The instant.
    pub instant: Timestamp,
}

/// Marks the account's local day of each instant, in the transaction that writes the raw rows.
///
/// The instant is the one that the rows belong to: that of the observation for what is filed under its own
/// day, `end_time` for a figure of a Meta day. Changes of a medium itself (owner, time of publication,
/// hashtags, deletion) are found by the analyser, which any mark of the owner makes look; comments by
/// scoring.
///
/// # Errors
///
/// The database's.
pub async fn mark(
    conn: &mut PgConnection,
    marks: &BTreeSet<Mark>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if marks.is_empty() {
        return Ok(());
    }
    sqlx::query(MARK)
        .bind(marks.iter().map(|mark| mark.account_id.as_str()).collect::<Vec<_>>())
        .bind(marks.iter().map(|mark| mark.instant.to_sqlx()).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}
