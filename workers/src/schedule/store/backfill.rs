//! The statements about comments that were missed, and about pages that are history.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

// Deleted comments are not counted by Instagram. An album's comments are stored below the album. What is counted and
// was not listed the last time will not be listed now.
const MISSING: &str = "
SELECT m.id
FROM instagram.media m
LEFT JOIN pipeline.media_read r ON r.media_id = m.id
WHERE m.user_id = $1 AND m.parent_id IS NULL AND m.ad_id IS NULL AND m.deleted_at IS NULL AND m.lost_at IS NULL
    AND m.comments_count - COALESCE(r.comments_unlisted, 0) > (
        SELECT count(*) FROM instagram.media_comment c WHERE c.media_id = m.id AND c.deleted_at IS NULL)
ORDER BY m.timestamp DESC NULLS LAST, m.id
LIMIT 500";

// Where fewer are counted that were not listed, they may become as many again by ones that can be read.
const FEWER: &str = "
UPDATE pipeline.media_read r SET comments_unlisted = GREATEST(now_unlisted.number, 0)
FROM (
    SELECT m.id, m.comments_count - (
        SELECT count(*) FROM instagram.media_comment c WHERE c.media_id = m.id AND c.deleted_at IS NULL) AS number
    FROM instagram.media m
    JOIN pipeline.media_read held ON held.media_id = m.id AND held.comments_unlisted > 0
    WHERE m.user_id = $1 AND m.comments_count IS NOT NULL
) AS now_unlisted
WHERE r.media_id = now_unlisted.id AND now_unlisted.number < r.comments_unlisted";

const FORGET_PAGES: &str = "
DELETE FROM pipeline.enrichment_task t
WHERE t.cursor <> '' AND t.state = 'done' AND t.finished_at < $1";

/// Media of an account below which more comments stand than are stored, the newest first; where Instagram was
/// seen to count more than it lists, only if that grew.
pub(in crate::schedule) async fn missing(
    conn: &mut PgConnection,
    account_id: &str,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query(FEWER).bind(account_id).execute(&mut *conn).await?;
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
