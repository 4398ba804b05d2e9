//! Rows of a comment that was read: what a webhook did not tell is filled in, and what it told stays.

use cekbrand_graph::node::CommentNode;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::{Mark, Reading};

// The author of a comment never changes, so whoever comes first is right. Of which medium it is, the read
// knows better: a webhook may name an album's child. The latest text stays, as in landing; likes and hiding
// are as of the last reading. An answer older than the last one that wrote, or than the comment's deletion,
// says nothing any more.
const COMMENT: &str = "
INSERT INTO instagram.media_comment AS c
    (id, username, from_id, media_id, parent_id, text, text_at, timestamp, like_count, hidden, account_id, source,
     read_at, first_seen_at, updated_timestamp)
VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $6::text IS NOT NULL THEN $11::timestamptz END, $7, $8, $9, $10, 'poll', $11, $11, $11)
ON CONFLICT (id) DO UPDATE SET
    username = COALESCE(c.username, EXCLUDED.username),
    from_id = COALESCE(c.from_id, EXCLUDED.from_id),
    media_id = COALESCE(EXCLUDED.media_id, c.media_id),
    parent_id = COALESCE(c.parent_id, EXCLUDED.parent_id),
    text = CASE WHEN EXCLUDED.text_at > COALESCE(c.text_at, '-infinity') OR $12 AND EXCLUDED.text_at = c.text_at
        THEN EXCLUDED.text ELSE c.text END,
    text_at = GREATEST(c.text_at, EXCLUDED.text_at),
    timestamp = COALESCE(EXCLUDED.timestamp, c.timestamp),
    like_count = COALESCE(EXCLUDED.like_count, c.like_count),
    hidden = COALESCE(EXCLUDED.hidden, c.hidden),
    deleted_at = NULL,
    read_at = EXCLUDED.read_at,
    updated_timestamp = GREATEST(c.updated_timestamp, EXCLUDED.updated_timestamp)
WHERE COALESCE(c.read_at <= EXCLUDED.read_at, TRUE) AND COALESCE(c.deleted_at <= EXCLUDED.read_at, TRUE)
    AND ((c.username, c.from_id, c.media_id, c.parent_id, c.text_at, c.timestamp, c.like_count, c.hidden, c.deleted_at)
    IS DISTINCT FROM
    (COALESCE(c.username, EXCLUDED.username), COALESCE(c.from_id, EXCLUDED.from_id),
     COALESCE(EXCLUDED.media_id, c.media_id), COALESCE(c.parent_id, EXCLUDED.parent_id),
     GREATEST(c.text_at, EXCLUDED.text_at), COALESCE(EXCLUDED.timestamp, c.timestamp),
     COALESCE(EXCLUDED.like_count, c.like_count), COALESCE(EXCLUDED.hidden, c.hidden), NULL::timestamptz)
    OR $12 AND EXCLUDED.text_at = c.text_at AND EXCLUDED.text IS DISTINCT FROM c.text)";

const MEDIUM: &str = "
INSERT INTO instagram.media (id, first_seen_at) VALUES ($1, $2)
ON CONFLICT (id) DO NOTHING";

// An ad's copy is no child, though its comments count for another medium as well.
const CHILD: &str = "
WITH child AS (
    UPDATE instagram.media m SET parent_id = $2
    FROM instagram.media_comment c
    WHERE c.id = $1 AND m.id = c.media_id AND m.id <> $2 AND m.parent_id IS NULL
        AND m.ad_id IS NULL AND m.original_media_id IS NULL
    RETURNING m.id
)
UPDATE instagram.media_comment below SET media_id = $2
FROM child
WHERE below.media_id = child.id";

const GONE: &str = "
UPDATE instagram.media_comment c SET deleted_at = $2, updated_timestamp = GREATEST(c.updated_timestamp, $2)
WHERE c.id = $1 AND c.deleted_at IS NULL";

const CONCERNS: &str = "
SELECT a.account_id, COALESCE(c.timestamp, c.first_seen_at) AS written
FROM instagram.media_comment c
JOIN instagram.media m ON m.id = c.media_id
JOIN pipeline.account a ON a.account_id = m.user_id AND a.removed_at IS NULL
WHERE c.id = $1";

/// Writes a comment; whether it `mends` is told by [`super::Rows`]. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(
    conn: &mut PgConnection,
    node: &CommentNode,
    reading: &Reading,
    mends: bool,
) -> Result<Vec<Mark>, sqlx::Error> {
    let observed_at = reading.observed_at.to_sqlx();
    if let Some(media) = &node.media_id {
        sqlx::query(MEDIUM).bind(media).bind(observed_at).execute(&mut *conn).await?;
        sqlx::query(CHILD).bind(&node.id).bind(media).execute(&mut *conn).await?;
    }
    let written = sqlx::query(COMMENT)
        .bind(&node.id)
        .bind(&node.username)
        .bind(&node.from_id)
        .bind(&node.media_id)
        .bind(&node.parent_id)
        .bind(&node.text)
        .bind(node.timestamp.map(ToSqlx::to_sqlx))
        .bind(node.like_count)
        .bind(node.hidden)
        .bind(&reading.account_id)
        .bind(observed_at)
        .bind(mends)
        .execute(&mut *conn)
        .await?;
    concerned(conn, &node.id, written.rows_affected()).await
}

/// Notes that a comment is gone. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn note_gone(
    conn: &mut PgConnection,
    comment_id: &str,
    reading: &Reading,
) -> Result<Vec<Mark>, sqlx::Error> {
    let now = reading.observed_at;
    let gone = sqlx::query(GONE).bind(comment_id).bind(now.to_sqlx()).execute(&mut *conn).await?;
    let mut marks = concerned(conn, comment_id, gone.rows_affected()).await?;
    // A deletion lowers the days from now on, not those before.
    for mark in &mut marks {
        mark.instant = now;
    }
    Ok(marks)
}

async fn concerned(
    conn: &mut PgConnection,
    comment_id: &str,
    changed: u64,
) -> Result<Vec<Mark>, sqlx::Error> {
    if changed == 0 {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, jiff_sqlx::Timestamp)> =
        sqlx::query_as(CONCERNS).bind(comment_id).fetch_all(conn).await?;
    let mark = |(account_id, written): (String, jiff_sqlx::Timestamp)| Mark {
        account_id,
        instant: written.to_jiff(),
    };
    Ok(rows.into_iter().map(mark).collect())
}
