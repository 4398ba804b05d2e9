//! The statements about comments that were missed, and about pages that are history.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

// Deleted comments are not counted by Instagram. An album's comments are stored below the album.
const MISSING: &str = "
SELECT m.id
FROM instagram.media m
WHERE m.user_id = $1 AND m.parent_id IS NULL AND m.ad_id IS NULL AND m.deleted_at IS NULL AND m.lost_at IS NULL
    AND m.comments_count > (
        SELECT count(*) FROM instagram.media_comment c WHERE c.media_id = m.id AND c.deleted_at IS NULL)
ORDER BY m.timestamp DESC NULLS LAST, m.id
LIMIT 500";

const FORGET_PAGES: &str = "
DELETE FROM pipeline.enrichment_task t
WHERE t.cursor <> '' AND t.state = 'done' AND t.finished_at < $1";

/// Media of an account below which more comments stand than are stored, the newest first.
pub(in crate::schedule) async fn missing(
    conn: &mut PgConnection,
    account_id: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(MISSING).bind(account_id).fetch_all(conn).await
}

/// Forgets the tasks of pages that were read before then: nobody asks for their cursors again.
pub(in crate::schedule) async fn forget_pages(
    conn: &mut PgConnection,
    before: Timestamp,
) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query(FORGET_PAGES).bind(before.to_sqlx()).execute(conn).await?;
    Ok(forgotten.rows_affected())
}
