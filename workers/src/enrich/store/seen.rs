//! What answers told of media, whether or not it was new: so that nobody asks for it again one by one.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use crate::reads::{Seen, Walked};

// Of a medium that has no row nothing is kept: it may be one that was erased. What Instagram counts and does not
// list stays so: only more of it is worth another look.
const SEEN: &str = "
INSERT INTO pipeline.media_read AS r (media_id, node_at, comments_at, comments_unlisted)
SELECT given.media_id, CASE WHEN given.is_node THEN $5::timestamptz END,
    CASE WHEN given.has_comments THEN $5::timestamptz END,
    CASE WHEN given.has_all THEN GREATEST(m.comments_count - (
        SELECT count(*) FROM instagram.media_comment c WHERE c.media_id = m.id AND c.deleted_at IS NULL), 0) END
FROM UNNEST($1::text[], $2::boolean[], $3::boolean[], $4::boolean[]) AS given (media_id, is_node, has_comments, has_all)
JOIN instagram.media m ON m.id = given.media_id
ORDER BY given.media_id
ON CONFLICT (media_id) DO UPDATE SET
    node_at = GREATEST(r.node_at, EXCLUDED.node_at),
    comments_at = GREATEST(r.comments_at, EXCLUDED.comments_at),
    comments_unlisted = COALESCE(EXCLUDED.comments_unlisted, r.comments_unlisted)";

/// Notes what an answer told of media.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn note(conn: &mut PgConnection, seen: &[Seen], at: Timestamp) -> Result<(), sqlx::Error> {
    let mut seen: Vec<&Seen> = seen.iter().collect();
    // One statement must not meet a key twice.
    seen.sort_by(|a, b| a.media_id.cmp(&b.media_id));
    seen.dedup_by(|a, b| a.media_id == b.media_id);
    if seen.is_empty() {
        return Ok(());
    }
    sqlx::query(SEEN)
        .bind(seen.iter().map(|seen| seen.media_id.as_str()).collect::<Vec<_>>())
        .bind(seen.iter().map(|seen| seen.is_node).collect::<Vec<_>>())
        .bind(seen.iter().map(|seen| seen.comments.is_some()).collect::<Vec<_>>())
        .bind(seen.iter().map(|seen| seen.comments == Some(Walked::All)).collect::<Vec<_>>())
        .bind(at.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}
