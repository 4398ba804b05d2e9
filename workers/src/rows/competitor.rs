//! Rows of a competitor: its profile, its counts of the day, its media.

use std::collections::BTreeMap;

use cekbrand_graph::node::{MediaNode, UserNode};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::{Mark, Reading, media, user};

// An account of ours is read with its own token, which sees more.
const IS_OURS: &str = "
SELECT EXISTS (SELECT 1 FROM pipeline.account a WHERE a.account_id = $1 AND a.removed_at IS NULL)";

// A name that leads nowhere any more: its owner changed it, or made the account private.
const GONE: &str = r#"
UPDATE instagram."user" u SET has_problems = TRUE, updated_timestamp = $2
WHERE u.id = $1
    AND NOT EXISTS (SELECT 1 FROM pipeline.account a WHERE a.account_id = u.id AND a.removed_at IS NULL)"#;

const UNSEEN: &str = r#"
INSERT INTO instagram.user_data (user_id, datestamp, absence, updated_timestamp)
SELECT $1, ($2 AT TIME ZONE COALESCE(
        (SELECT u.timezone FROM instagram."user" u WHERE u.id = $1), 'UTC'))::date,
    '{"followers_count": "not_public", "follows_count": "not_public", "media_count": "not_public"}', $2
ON CONFLICT (user_id, datestamp) DO NOTHING"#;

/// What was found of a competitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its id.
    pub id: String,
    /// Its profile and counts, where they were asked for.
    pub user: Option<UserNode>,
    /// Some of its media.
    pub media: Vec<MediaNode>,
}

/// Writes a competitor. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(
    conn: &mut PgConnection,
    found: &Found,
    reading: &Reading,
) -> Result<Vec<Mark>, sqlx::Error> {
    let mut marks = Vec::new();
    let is_ours: bool = sqlx::query_scalar(IS_OURS).bind(&found.id).fetch_one(&mut *conn).await?;
    if !is_ours {
        if let Some(node) = &found.user {
            marks.extend(user::write(conn, node, reading, user::Seen::ByOthers).await?);
        }
        // A list that changes while it is read may name a medium twice.
        let media: BTreeMap<&str, _> =
            found.media.iter().map(|node| (node.id.as_str(), (node, reading))).collect();
        marks.extend(media::write(conn, &media.into_values().collect::<Vec<_>>()).await?);
    }
    Ok(marks)
}

/// Notes that a competitor cannot be read under its name any more. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn note_gone(
    conn: &mut PgConnection,
    competitor_id: &str,
    reading: &Reading,
) -> Result<Vec<Mark>, sqlx::Error> {
    let at = reading.observed_at;
    let gone = sqlx::query(GONE).bind(competitor_id).bind(at.to_sqlx()).execute(&mut *conn).await?;
    if gone.rows_affected() == 0 {
        return Ok(Vec::new());
    }
    sqlx::query(UNSEEN).bind(competitor_id).bind(at.to_sqlx()).execute(conn).await?;
    Ok(vec![Mark { account_id: competitor_id.to_owned(), instant: at }])
}
