//! Rows of an account: its profile, and one snapshot for each of its local days.

use cekbrand_graph::node::UserNode;
use jiff_sqlx::ToSqlx;
use serde_json::{Map, Value};
use sqlx::PgConnection;

use super::{Mark, Reading};

// An answer older than the row does not overwrite it; one that says nothing new writes nothing.
const PROFILE: &str = r#"
INSERT INTO instagram."user" AS u
    (id, username, name, biography, profile_picture_url, website, app_scoped_id, has_problems, is_userid_valid,
    updated_timestamp)
VALUES ($1, $2, $3, $4, $5, $6, $8, FALSE, TRUE, $7)
ON CONFLICT (id) DO UPDATE SET
    username = COALESCE(EXCLUDED.username, u.username), name = EXCLUDED.name, biography = EXCLUDED.biography,
    profile_picture_url = COALESCE(EXCLUDED.profile_picture_url, u.profile_picture_url), website = EXCLUDED.website,
    app_scoped_id = COALESCE(EXCLUDED.app_scoped_id, u.app_scoped_id),
    has_problems = FALSE, is_userid_valid = TRUE, updated_timestamp = EXCLUDED.updated_timestamp
WHERE COALESCE(u.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE)
    AND (u.username, u.name, u.biography, u.profile_picture_url, u.website, u.app_scoped_id, u.has_problems,
         u.is_userid_valid)
        IS DISTINCT FROM (COALESCE(EXCLUDED.username, u.username), EXCLUDED.name, EXCLUDED.biography,
            COALESCE(EXCLUDED.profile_picture_url, u.profile_picture_url), EXCLUDED.website,
            COALESCE(EXCLUDED.app_scoped_id, u.app_scoped_id), FALSE, TRUE)"#;

const SNAPSHOT: &str = r#"
INSERT INTO instagram.user_data AS d
    (user_id, datestamp, followers_count, follows_count, media_count, absence, updated_timestamp)
SELECT $1, ($2 AT TIME ZONE COALESCE(
        (SELECT u.timezone FROM instagram."user" u WHERE u.id = $1), 'UTC'))::date, $3, $4, $5, $6, $2
ON CONFLICT (user_id, datestamp) DO UPDATE SET
    followers_count = EXCLUDED.followers_count, follows_count = EXCLUDED.follows_count,
    media_count = EXCLUDED.media_count, absence = EXCLUDED.absence, updated_timestamp = EXCLUDED.updated_timestamp
WHERE COALESCE(d.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE)
    AND (d.followers_count, d.follows_count, d.media_count, d.absence)
        IS DISTINCT FROM (EXCLUDED.followers_count, EXCLUDED.follows_count, EXCLUDED.media_count, EXCLUDED.absence)"#;

const PROBLEM: &str = r#"
UPDATE instagram."user" u SET has_problems = TRUE, is_userid_valid = u.is_userid_valid AND $2, updated_timestamp = $3
WHERE u.id = $1 AND (u.has_problems, u.is_userid_valid) IS DISTINCT FROM (TRUE, u.is_userid_valid AND $2)"#;

/// Why reading for an account fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Its token or its permissions do not suffice.
    Access,
    /// Its id leads to no account.
    InvalidId,
}

/// Through whose eyes an account is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Its own.
    ByItself,
    /// Somebody else's, who is not told whom it follows.
    ByOthers,
}

/// Writes an account's profile and the snapshot of its local day. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(
    conn: &mut PgConnection,
    node: &UserNode,
    reading: &Reading,
    seen: Seen,
) -> Result<Vec<Mark>, sqlx::Error> {
    let observed_at = reading.observed_at;
    sqlx::query(PROFILE)
        .bind(&node.id)
        .bind(&node.username)
        .bind(&node.name)
        .bind(&node.biography)
        .bind(&node.profile_picture_url)
        .bind(&node.website)
        .bind(observed_at.to_sqlx())
        .bind(&node.app_scoped_id)
        .execute(&mut *conn)
        .await?;
    let follows = if seen == Seen::ByOthers { "not_public" } else { "no_data" };
    let absence = absences(&[
        ("followers_count", node.followers_count, "no_data"),
        ("follows_count", node.follows_count, follows),
        ("media_count", node.media_count, "no_data"),
    ]);
    let snapshot = sqlx::query(SNAPSHOT)
        .bind(&node.id)
        .bind(observed_at.to_sqlx())
        .bind(node.followers_count)
        .bind(node.follows_count)
        .bind(node.media_count)
        .bind(absence)
        .execute(conn)
        .await?;
    let mark = Mark { account_id: node.id.clone(), instant: observed_at };
    Ok((snapshot.rows_affected() > 0).then_some(mark).into_iter().collect())
}

/// Notes that reading for the account fails.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn note_problem(
    conn: &mut PgConnection,
    problem: Problem,
    reading: &Reading,
) -> Result<(), sqlx::Error> {
    sqlx::query(PROBLEM)
        .bind(&reading.account_id)
        .bind(problem != Problem::InvalidId)
        .bind(reading.observed_at.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// `{column: reason}` for every figure that is missing; `None` when none is.
pub(super) fn absences(figures: &[(&str, Option<i64>, &str)]) -> Option<Value> {
    let missing = figures.iter().filter(|(_, figure, _)| figure.is_none());
    let reasons: Map<_, _> =
        missing.map(|(column, _, reason)| ((*column).to_owned(), Value::from(*reason))).collect();
    if reasons.is_empty() { None } else { Some(Value::Object(reasons)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_figure_says_why() {
        assert_eq!(absences(&[("like_count", Some(0), "hidden")]), None);
        assert_eq!(
            absences(&[("like_count", None, "hidden"), ("comments_count", Some(1), "no_data")]),
            Some(json!({"like_count": "hidden"}))
        );
    }
}
