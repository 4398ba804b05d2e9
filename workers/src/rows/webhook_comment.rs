//! Rows of a comment as webhooks tell it: many at once, in whatever order they land.

use std::collections::BTreeMap;

use cekbrand_schema::event::Comment;
use cekbrand_schema::{AccountId, Source};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// A comment's text is the latest that was said, by a webhook or a read. Everything else about a comment
/// cannot change, so that where two events disagree the larger stays: whatever order they land in, the row is
/// the same. A comment on an album's child is one on the album; of which medium it is, a read (the only one
/// to tell when it was made) knows better.
const COMMENTS: &str = r#"
    INSERT INTO instagram.media_comment AS held
        (id, username, media_id, text, text_at, parent_id, from_id, account_id, first_seen_at, source, raw_event_id,
         updated_timestamp)
    SELECT given.id, given.username, coalesce(child.parent_id, given.media_id), given.text,
        CASE WHEN given.text IS NOT NULL THEN given.said_at END, given.parent_id, given.from_id, given.account_id,
        given.first_seen_at, $11, given.raw_event_id, given.said_at
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
                $9::bytea[], $10::timestamptz[])
        AS given (id, username, media_id, text, parent_id, from_id, account_id, first_seen_at, raw_event_id, said_at)
    LEFT JOIN instagram.media AS child ON child.id = given.media_id AND child.parent_id IS NOT NULL
    ORDER BY given.id
    ON CONFLICT (id) DO UPDATE SET
        (text, text_at) = (
            SELECT said.text, said.text_at
            FROM (VALUES (held.text, held.text_at), (excluded.text, excluded.text_at)) AS said (text, text_at)
            ORDER BY said.text_at DESC NULLS LAST, said.text DESC
            LIMIT 1),
        username = greatest(held.username, excluded.username),
        media_id = coalesce(CASE WHEN held."timestamp" IS NOT NULL THEN held.media_id END,
            greatest(held.media_id, excluded.media_id)),
        parent_id = greatest(held.parent_id, excluded.parent_id),
        from_id = greatest(held.from_id, excluded.from_id),
        account_id = greatest(held.account_id, excluded.account_id),
        first_seen_at = least(held.first_seen_at, excluded.first_seen_at),
        raw_event_id = greatest(held.raw_event_id, excluded.raw_event_id),
        updated_timestamp = greatest(held.updated_timestamp, excluded.updated_timestamp)
    WHERE held.text_at IS NULL AND excluded.text_at IS NOT NULL
       OR (excluded.text_at, excluded.text) > (held.text_at, held.text)
       OR (held.username, held.media_id, held.parent_id, held.from_id, held.account_id, held.first_seen_at, held.raw_event_id,
           held.updated_timestamp)
        IS DISTINCT FROM
          (greatest(held.username, excluded.username),
           coalesce(CASE WHEN held."timestamp" IS NOT NULL THEN held.media_id END, greatest(held.media_id, excluded.media_id)),
           greatest(held.parent_id, excluded.parent_id), greatest(held.from_id, excluded.from_id),
           greatest(held.account_id, excluded.account_id), least(held.first_seen_at, excluded.first_seen_at),
           greatest(held.raw_event_id, excluded.raw_event_id), greatest(held.updated_timestamp, excluded.updated_timestamp))"#;

/// Corrects what a row says otherwise than the very events that it was made of: the text by the time at which
/// it was said, the rest by the event that the row names.
const MEND: &str = r#"
    UPDATE instagram.media_comment AS held SET
        text = CASE WHEN held.text_at = given.said_at AND given.text IS NOT NULL THEN given.text ELSE held.text END,
        username = CASE WHEN held.raw_event_id = given.raw_event_id THEN coalesce(given.username, held.username) ELSE held.username END,
        parent_id = CASE WHEN held.raw_event_id = given.raw_event_id THEN coalesce(given.parent_id, held.parent_id) ELSE held.parent_id END,
        from_id = CASE WHEN held.raw_event_id = given.raw_event_id THEN coalesce(given.from_id, held.from_id) ELSE held.from_id END,
        account_id = CASE WHEN held.raw_event_id = given.raw_event_id THEN coalesce(given.account_id, held.account_id)
            ELSE held.account_id END,
        media_id = CASE WHEN held.raw_event_id = given.raw_event_id AND held."timestamp" IS NULL
            THEN coalesce(given.media_id, held.media_id) ELSE held.media_id END
    FROM (
        SELECT event.id, event.username, coalesce(child.parent_id, event.media_id) AS media_id, event.text, event.parent_id,
            event.from_id, event.account_id, event.raw_event_id, event.said_at
        FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::timestamptz[])
            AS event (id, username, media_id, text, parent_id, from_id, account_id, raw_event_id, said_at)
        LEFT JOIN instagram.media AS child ON child.id = event.media_id AND child.parent_id IS NOT NULL
    ) AS given
    WHERE held.id = given.id
        AND (held.text_at = given.said_at AND given.text IS NOT NULL AND held.text IS DISTINCT FROM given.text
            OR held.raw_event_id = given.raw_event_id
                AND (held.username, held.parent_id, held.from_id, held.account_id)
                    IS DISTINCT FROM (coalesce(given.username, held.username), coalesce(given.parent_id, held.parent_id),
                        coalesce(given.from_id, held.from_id), coalesce(given.account_id, held.account_id))
            OR held.raw_event_id = given.raw_event_id AND held."timestamp" IS NULL
                AND held.media_id IS DISTINCT FROM coalesce(given.media_id, held.media_id))"#;

/// A row of `instagram.media_comment` as a webhook tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentRow {
    /// What the payload says.
    pub comment: Comment,
    /// Whose webhook brought it.
    pub account_id: AccountId,
    /// When the event that gave the text arrived.
    pub received_at: Timestamp,
    /// When the comment was first heard of.
    pub first_seen_at: Timestamp,
    /// The event; of several, the one with the largest id.
    pub event_id: Vec<u8>,
}

impl CommentRow {
    /// Merges two events about one comment, as the statement does that merges with the row.
    pub fn merge(&mut self, other: &Self) {
        let rank = |row: &Self| (row.comment.text.is_some(), row.received_at, row.comment.text.clone());
        let first_seen_at = self.first_seen_at.min(other.first_seen_at);
        let (mut said, beside) =
            if rank(other) > rank(self) { (other.clone(), &*self) } else { (self.clone(), other) };
        said.first_seen_at = first_seen_at;
        let (to, from) = (&mut said.comment, &beside.comment);
        keep_larger(&mut to.from_id, from.from_id.as_ref());
        keep_larger(&mut to.username, from.username.as_ref());
        keep_larger(&mut to.media_id, from.media_id.as_ref());
        keep_larger(&mut to.parent_id, from.parent_id.as_ref());
        said.event_id = self.event_id.clone().max(other.event_id.clone());
        said.account_id = self.account_id.clone().max(other.account_id.clone());
        *self = said;
    }
}

/// Writes comments; whether it `mends` is told by [`super::Rows`].
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn upsert(
    conn: &mut PgConnection,
    comments: &BTreeMap<String, CommentRow>,
    mends: bool,
) -> Result<(), sqlx::Error> {
    if comments.is_empty() {
        return Ok(());
    }
    let rows = || comments.values();
    let said = || comments.values().map(|row| &row.comment);
    let ids = || comments.keys().map(String::as_str).collect::<Vec<_>>();
    let usernames = || said().map(|c| c.username.as_deref()).collect::<Vec<_>>();
    let media = || said().map(|c| c.media_id.as_ref().map(AsRef::as_ref)).collect::<Vec<Option<&str>>>();
    let texts = || said().map(|c| c.text.as_deref()).collect::<Vec<_>>();
    let parents = || said().map(|c| c.parent_id.as_ref().map(AsRef::as_ref)).collect::<Vec<Option<&str>>>();
    let authors = || said().map(|c| c.from_id.as_ref().map(AsRef::as_ref)).collect::<Vec<Option<&str>>>();
    let account = |row: &CommentRow| Some(row.account_id.as_str().to_owned()).filter(|id| !id.is_empty());
    let accounts = || rows().map(account).collect::<Vec<_>>();
    let events = || rows().map(|row| row.event_id.as_slice()).collect::<Vec<_>>();
    let times = || rows().map(|row| row.received_at.to_sqlx()).collect::<Vec<_>>();
    if mends {
        let mending = sqlx::query(MEND).bind(ids()).bind(usernames()).bind(media()).bind(texts());
        let mending = mending.bind(parents()).bind(authors()).bind(accounts()).bind(events()).bind(times());
        mending.execute(&mut *conn).await?;
    }
    sqlx::query(COMMENTS)
        .bind(ids())
        .bind(usernames())
        .bind(media())
        .bind(texts())
        .bind(parents())
        .bind(authors())
        .bind(accounts())
        .bind(rows().map(|row| row.first_seen_at.to_sqlx()).collect::<Vec<_>>())
        .bind(events())
        .bind(times())
        .bind(Source::Webhook.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

fn keep_larger<T: Clone + Ord>(to: &mut Option<T>, from: Option<&T>) {
    if from > to.as_ref() {
        *to = from.cloned();
    }
}
