//! Rows of comments that were read, one or a page of them: what a webhook did not tell is filled in, and what
//! it told stays. What is missing from a page is not thereby gone.

use cekbrand_graph::node::CommentNode;
use cekbrand_schema::Source;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::PgConnection;

use super::{Mark, Reading};

// The author of a comment never changes, so whoever comes first is right. Of which medium it is, the read
// knows better: a webhook may name an album's child. The latest text stays, as in landing; likes and hiding
// are as of the last reading. An answer older than the last one that wrote, or than the comment's deletion,
// says nothing any more.
const COMMENTS: &str = "
INSERT INTO instagram.media_comment AS c
    (id, username, from_id, media_id, parent_id, text, text_at, timestamp, like_count, hidden, account_id, source,
     read_at, first_seen_at, updated_timestamp)
SELECT n.id, n.username, n.from_id, n.media_id, n.parent_id, n.text,
    CASE WHEN n.text IS NOT NULL THEN n.read_at END, n.timestamp, n.like_count, n.hidden, n.account_id, n.source,
    n.read_at, n.read_at, n.read_at
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::bigint[],
            $9::boolean[], $10::text[], $11::timestamptz[], $12::text[])
    AS n (id, username, from_id, media_id, parent_id, text, timestamp, like_count, hidden, account_id, read_at, source)
ORDER BY n.id
ON CONFLICT (id) DO UPDATE SET
    username = COALESCE(c.username, EXCLUDED.username),
    from_id = COALESCE(c.from_id, EXCLUDED.from_id),
    media_id = COALESCE(EXCLUDED.media_id, c.media_id),
    parent_id = COALESCE(c.parent_id, EXCLUDED.parent_id),
    text = CASE WHEN EXCLUDED.text_at > COALESCE(c.text_at, '-infinity') OR $13 AND EXCLUDED.text_at = c.text_at
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
    OR $13 AND EXCLUDED.text_at = c.text_at AND EXCLUDED.text IS DISTINCT FROM c.text)
RETURNING c.id";

const MEDIA: &str = "
INSERT INTO instagram.media (id, first_seen_at)
SELECT n.id, min(n.read_at)
FROM UNNEST($1::text[], $2::timestamptz[]) AS n (id, read_at) WHERE n.id IS NOT NULL GROUP BY n.id ORDER BY n.id
ON CONFLICT (id) DO NOTHING";

// An ad's copy is no child, though its comments count for another medium as well.
const CHILDREN: &str = "
WITH child AS (
    UPDATE instagram.media m SET parent_id = n.media_id
    FROM UNNEST($1::text[], $2::text[]) AS n (id, media_id)
    JOIN instagram.media_comment c ON c.id = n.id
    WHERE m.id = c.media_id AND m.id <> n.media_id AND m.parent_id IS NULL
        AND m.ad_id IS NULL AND m.original_media_id IS NULL
    RETURNING m.id, m.parent_id
)
UPDATE instagram.media_comment below SET media_id = child.parent_id
FROM child
WHERE below.media_id = child.id";

const GONE: &str = "
UPDATE instagram.media_comment c SET deleted_at = $2, updated_timestamp = GREATEST(c.updated_timestamp, $2)
WHERE c.id = $1 AND c.deleted_at IS NULL
RETURNING c.id";

const CONCERNS: &str = "
SELECT a.account_id, COALESCE(c.timestamp, c.first_seen_at) AS written
FROM instagram.media_comment c
JOIN instagram.media m ON m.id = c.media_id
JOIN pipeline.account a ON a.account_id = m.user_id AND a.removed_at IS NULL
WHERE c.id = ANY($1)";

/// Comments that were read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Comments and replies, each once.
    pub comments: Vec<CommentNode>,
    /// Comments of which there are more replies than the page holds.
    pub unfinished: Vec<String>,
    /// How they came.
    pub source: Source,
}

impl Page {
    /// One comment.
    pub fn of(comment: CommentNode) -> Self {
        Self { comments: vec![comment], unfinished: Vec::new(), source: Source::Poll }
    }

    /// A page of the comments below a medium, with their replies; `None` where there is no list. What cannot
    /// be read is left out.
    pub fn below(media_id: &str, content: &Value, is_past: bool) -> Option<Self> {
        let source = if is_past { Source::Backfill } else { Source::Poll };
        let mut page = Self { comments: Vec::new(), unfinished: Vec::new(), source };
        for item in content.get("data")?.as_array()? {
            let Some(comment) = CommentNode::read(item) else { continue };
            let replies = item.get("replies").unwrap_or(&Value::Null);
            if replies.pointer("/paging/next").is_some() {
                page.unfinished.push(comment.id.clone());
            }
            page.add_replies(&comment.id, Some(media_id), replies);
            page.add(CommentNode { media_id: Some(media_id.to_owned()), ..comment });
        }
        Some(page)
    }

    /// A page of the replies to a comment.
    pub fn to(comment_id: &str, content: &Value) -> Option<Self> {
        content.get("data")?.as_array()?;
        let mut page = Self { comments: Vec::new(), unfinished: Vec::new(), source: Source::Poll };
        page.add_replies(comment_id, None, content);
        Some(page)
    }

    fn add_replies(&mut self, comment_id: &str, media_id: Option<&str>, list: &Value) {
        for item in list.get("data").and_then(Value::as_array).into_iter().flatten() {
            let Some(reply) = CommentNode::read(item) else { continue };
            let media_id = media_id.map(str::to_owned).or_else(|| reply.media_id.clone());
            self.add(CommentNode { parent_id: Some(comment_id.to_owned()), media_id, ..reply });
        }
    }

    fn add(&mut self, comment: CommentNode) {
        // One statement must not meet a key twice.
        if self.comments.iter().all(|held| held.id != comment.id) {
            self.comments.push(comment);
        }
    }
}

/// Writes pages, which share no comment; whether they `mend` is told by [`super::Rows`]. Says what analytics
/// must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(
    conn: &mut PgConnection,
    pages: &[(&Page, &Reading)],
    mends: bool,
) -> Result<Vec<Mark>, sqlx::Error> {
    let all = || {
        pages.iter().flat_map(|&(page, reading)| {
            page.comments.iter().map(move |comment| (comment, page.source, reading))
        })
    };
    let ids: Vec<_> = all().map(|(c, ..)| c.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let media: Vec<_> = all().map(|(c, ..)| c.media_id.as_deref()).collect();
    let read_at: Vec<_> = all().map(|(_, _, reading)| reading.observed_at.to_sqlx()).collect();
    sqlx::query(MEDIA).bind(&media).bind(&read_at).execute(&mut *conn).await?;
    sqlx::query(CHILDREN).bind(&ids).bind(&media).execute(&mut *conn).await?;
    let written: Vec<String> = sqlx::query_scalar(COMMENTS)
        .bind(&ids)
        .bind(all().map(|(c, ..)| c.username.as_deref()).collect::<Vec<_>>())
        .bind(all().map(|(c, ..)| c.from_id.as_deref()).collect::<Vec<_>>())
        .bind(&media)
        .bind(all().map(|(c, ..)| c.parent_id.as_deref()).collect::<Vec<_>>())
        .bind(all().map(|(c, ..)| c.text.as_deref()).collect::<Vec<_>>())
        .bind(all().map(|(c, ..)| c.timestamp.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
        .bind(all().map(|(c, ..)| c.like_count).collect::<Vec<_>>())
        .bind(all().map(|(c, ..)| c.hidden).collect::<Vec<_>>())
        .bind(all().map(|(_, _, reading)| reading.account_id.as_str()).collect::<Vec<_>>())
        .bind(&read_at)
        .bind(all().map(|(_, source, _)| source.as_str()).collect::<Vec<_>>())
        .bind(mends)
        .fetch_all(&mut *conn)
        .await?;
    concerned(conn, &written).await
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
    let gone: Vec<String> =
        sqlx::query_scalar(GONE).bind(comment_id).bind(now.to_sqlx()).fetch_all(&mut *conn).await?;
    let mut marks = concerned(conn, &gone).await?;
    // A deletion lowers the days from now on, not those before.
    for mark in &mut marks {
        mark.instant = now;
    }
    Ok(marks)
}

async fn concerned(conn: &mut PgConnection, changed: &[String]) -> Result<Vec<Mark>, sqlx::Error> {
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, jiff_sqlx::Timestamp)> =
        sqlx::query_as(CONCERNS).bind(changed).fetch_all(conn).await?;
    let mark = |(account_id, written): (String, jiff_sqlx::Timestamp)| Mark {
        account_id,
        instant: written.to_jiff(),
    };
    Ok(rows.into_iter().map(mark).collect())
}
