//! Rows of a medium: the medium itself, and its likes and comments of the day.

use std::time::Duration;

use cekbrand_graph::node::MediaNode;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::facts::{Facts, facts};
use super::hashtag::{self, Hashtag};
use super::user::absences;
use super::{Mark, Reading};

const LOCK: &str = "SELECT 1 FROM instagram.media m WHERE m.id = $1 FOR UPDATE";

// The node tells a medium's owner by id to the owner alone, else by name at most. With Instagram Login the id
// is one that is known to the app alone, and no other account's media can be read.
const IS_ACCOUNT: &str = r#"
SELECT EXISTS (
    SELECT 1 FROM instagram."user" u
    WHERE u.id = $1 AND (lower(u.username) = lower($2) OR u.app_scoped_id = $3)
) OR EXISTS (
    SELECT 1 FROM pipeline.account a
    WHERE a.account_id = $1 AND a.login = 'instagram' AND $3::text IS NOT NULL
)"#;

// An answer older than the row does not overwrite it, unless nobody has read the medium yet, nor does one
// from before the medium was found to be gone; one that says nothing new writes nothing.
const MEDIUM: &str = r#"
INSERT INTO instagram.media AS m
    (id, user_id, owner_id, username, media_type, media_product_type, timestamp, caption, media_hastag, permalink,
     shortcode, media_url, thumbnail_url, is_comment_enabled, is_shared_to_feed, like_count, comments_count, absence,
     first_seen_at, media_hastag_shown, datestamp, updated_timestamp)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
    ($19 AT TIME ZONE COALESCE((SELECT u.timezone FROM instagram."user" u WHERE u.id = $2), 'UTC'))::date, $19)
ON CONFLICT (id) DO UPDATE SET
    user_id = COALESCE(EXCLUDED.user_id, m.user_id),
    owner_id = COALESCE(EXCLUDED.owner_id, m.owner_id),
    username = COALESCE(EXCLUDED.username, m.username),
    media_type = COALESCE(EXCLUDED.media_type, m.media_type),
    media_product_type = COALESCE(EXCLUDED.media_product_type, m.media_product_type),
    timestamp = COALESCE(EXCLUDED.timestamp, m.timestamp),
    caption = EXCLUDED.caption,
    media_hastag = EXCLUDED.media_hastag,
    media_hastag_shown = EXCLUDED.media_hastag_shown,
    permalink = COALESCE(EXCLUDED.permalink, m.permalink),
    shortcode = COALESCE(EXCLUDED.shortcode, m.shortcode),
    media_url = COALESCE(EXCLUDED.media_url, m.media_url),
    thumbnail_url = COALESCE(EXCLUDED.thumbnail_url, m.thumbnail_url),
    is_comment_enabled = COALESCE(EXCLUDED.is_comment_enabled, m.is_comment_enabled),
    is_shared_to_feed = COALESCE(EXCLUDED.is_shared_to_feed, m.is_shared_to_feed),
    like_count = EXCLUDED.like_count,
    comments_count = EXCLUDED.comments_count,
    absence = EXCLUDED.absence,
    deleted_at = NULL,
    lost_at = NULL,
    datestamp = EXCLUDED.datestamp,
    updated_timestamp = EXCLUDED.updated_timestamp
WHERE (COALESCE(m.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE) OR m.media_type IS NULL)
    AND COALESCE(GREATEST(m.deleted_at, m.lost_at) <= EXCLUDED.updated_timestamp, TRUE)
    AND (m.user_id, m.owner_id, m.username, m.media_type, m.media_product_type, m.timestamp, m.caption,
         m.media_hastag, m.permalink, m.shortcode, m.media_url, m.thumbnail_url, m.is_comment_enabled,
         m.is_shared_to_feed, m.like_count, m.comments_count, m.absence, m.datestamp, m.deleted_at, m.lost_at,
         m.media_hastag_shown)
        IS DISTINCT FROM
        (COALESCE(EXCLUDED.user_id, m.user_id), COALESCE(EXCLUDED.owner_id, m.owner_id),
         COALESCE(EXCLUDED.username, m.username), COALESCE(EXCLUDED.media_type, m.media_type),
         COALESCE(EXCLUDED.media_product_type, m.media_product_type), COALESCE(EXCLUDED.timestamp, m.timestamp),
         EXCLUDED.caption, EXCLUDED.media_hastag, COALESCE(EXCLUDED.permalink, m.permalink),
         COALESCE(EXCLUDED.shortcode, m.shortcode), COALESCE(EXCLUDED.media_url, m.media_url),
         COALESCE(EXCLUDED.thumbnail_url, m.thumbnail_url),
         COALESCE(EXCLUDED.is_comment_enabled, m.is_comment_enabled),
         COALESCE(EXCLUDED.is_shared_to_feed, m.is_shared_to_feed), EXCLUDED.like_count, EXCLUDED.comments_count,
         EXCLUDED.absence, EXCLUDED.datestamp, NULL::timestamptz, NULL::timestamptz,
         EXCLUDED.media_hastag_shown)"#;

const COUNTS: &str = r#"
INSERT INTO instagram.media_like_comment AS c
    (media_id, datestamp, like_count, comments_count, absence, updated_timestamp)
SELECT $1, ($2 AT TIME ZONE COALESCE(
        (SELECT u.timezone FROM instagram.media m JOIN instagram."user" u ON u.id = m.user_id WHERE m.id = $1),
        'UTC'))::date, $3, $4, $5, $2
ON CONFLICT (media_id, datestamp) DO UPDATE SET
    like_count = EXCLUDED.like_count, comments_count = EXCLUDED.comments_count, absence = EXCLUDED.absence,
    updated_timestamp = EXCLUDED.updated_timestamp
WHERE COALESCE(c.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE)
    AND (c.like_count, c.comments_count, c.absence)
        IS DISTINCT FROM (EXCLUDED.like_count, EXCLUDED.comments_count, EXCLUDED.absence)"#;

// A story whose day has passed, or whose day is not known, was lost unread; anything else was deleted. What
// belongs to somebody else may merely have become invisible to us.
const GONE: &str = "
UPDATE instagram.media m SET
    lost_at = CASE WHEN m.media_product_type = 'STORY' AND COALESCE(m.timestamp <= $3, TRUE) THEN $2::timestamptz END,
    deleted_at = CASE WHEN m.media_product_type = 'STORY' AND COALESCE(m.timestamp <= $3, TRUE) THEN NULL ELSE $2::timestamptz END
WHERE m.id = $1 AND m.deleted_at IS NULL AND m.lost_at IS NULL AND COALESCE(m.user_id = $4, TRUE)";

/// How long a story and its figures exist.
pub const STORY_LIFE: Duration = Duration::from_hours(24);

/// A medium that is gone from the reader's sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The medium.
    pub media_id: String,
    /// A story that began before this is lost; anything else is deleted.
    pub story_start: Timestamp,
}

impl Gone {
    /// A medium that was found to be gone then.
    pub fn of(media_id: &str, at: Timestamp) -> Self {
        let story_start = at.checked_sub(STORY_LIFE).unwrap_or(Timestamp::MIN);
        Self { media_id: media_id.to_owned(), story_start }
    }
}

/// Writes a medium. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(
    conn: &mut PgConnection,
    node: &MediaNode,
    reading: &Reading,
) -> Result<Vec<Mark>, sqlx::Error> {
    let observed_at = reading.observed_at;
    sqlx::query(LOCK).bind(&node.id).execute(&mut *conn).await?;
    let before = facts(conn, &node.id).await?;
    let owner = owner(conn, node, &reading.account_id).await?;
    let absence = absences(&[
        ("like_count", node.like_count, "hidden"),
        ("comments_count", node.comments_count, "no_data"),
    ]);
    write_medium(conn, node, owner, absence.as_ref(), observed_at).await?;
    let counts = sqlx::query(COUNTS)
        .bind(&node.id)
        .bind(observed_at.to_sqlx())
        .bind(node.like_count)
        .bind(node.comments_count)
        .bind(absence)
        .execute(&mut *conn)
        .await?;
    let after = facts(conn, &node.id).await?;
    Ok(touched(before.as_ref(), after.as_ref(), counts.rows_affected() > 0, observed_at))
}

pub(super) async fn write_medium(
    conn: &mut PgConnection,
    node: &MediaNode,
    owner: Option<String>,
    absence: Option<&serde_json::Value>,
    observed_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let hashtags = node.caption.as_deref().map(hashtag::found).filter(|hashtags| !hashtags.is_empty());
    let listed = |written: fn(&Hashtag) -> &str| {
        hashtags.as_ref().map(|hashtags| hashtags.iter().map(written).collect::<Vec<_>>().join(" "))
    };
    sqlx::query(MEDIUM)
        .bind(&node.id)
        .bind(owner)
        .bind(&node.owner_id)
        .bind(&node.username)
        .bind(&node.media_type)
        .bind(&node.media_product_type)
        .bind(node.timestamp.map(ToSqlx::to_sqlx))
        .bind(&node.caption)
        .bind(listed(|hashtag| &hashtag.compared))
        .bind(&node.permalink)
        .bind(&node.shortcode)
        .bind(&node.media_url)
        .bind(&node.thumbnail_url)
        .bind(node.is_comment_enabled)
        .bind(node.is_shared_to_feed)
        .bind(node.like_count)
        .bind(node.comments_count)
        .bind(absence)
        .bind(observed_at.to_sqlx())
        .bind(listed(|hashtag| &hashtag.shown))
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that a medium is gone. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn note_gone(
    conn: &mut PgConnection,
    gone: &Gone,
    reading: &Reading,
) -> Result<Vec<Mark>, sqlx::Error> {
    let noted = sqlx::query(GONE)
        .bind(&gone.media_id)
        .bind(reading.observed_at.to_sqlx())
        .bind(gone.story_start.to_sqlx())
        .bind(&reading.account_id)
        .execute(&mut *conn)
        .await?;
    let facts = facts(conn, &gone.media_id).await?;
    Ok(touched(None, facts.as_ref(), noted.rows_affected() > 0, reading.observed_at))
}

/// The medium's owner as one of our ids: its own, or the caller's where only the name is told.
async fn owner(
    conn: &mut PgConnection,
    node: &MediaNode,
    account_id: &str,
) -> Result<Option<String>, sqlx::Error> {
    if node.owner_id.as_deref() == Some(account_id) {
        return Ok(node.owner_id.clone());
    }
    let is_account: bool = sqlx::query_scalar(IS_ACCOUNT)
        .bind(account_id)
        .bind(&node.username)
        .bind(&node.owner_id)
        .fetch_one(conn)
        .await?;
    Ok(if is_account { Some(account_id.to_owned()) } else { node.owner_id.clone() })
}

/// The instants for which analytics must look again: the day of the medium when it is new there or no longer
/// what it was, the day of the reading when its counts changed. Only accounts of ours have analytics.
fn touched(
    before: Option<&Facts>,
    after: Option<&Facts>,
    counts_changed: bool,
    observed_at: Timestamp,
) -> Vec<Mark> {
    let Some((owner, after)) = after.filter(|after| after.is_ours).and_then(|a| Some((a.owner.clone()?, a)))
    else {
        return Vec::new();
    };
    let mut instants = Vec::new();
    let same = before.is_some_and(|before| {
        (&before.owner, before.published, &before.hashtags, before.is_gone)
            == (&after.owner, after.published, &after.hashtags, after.is_gone)
    });
    if !same {
        instants.extend(after.published);
        instants.extend(before.and_then(|before| before.published));
    }
    if counts_changed || !same {
        instants.push(observed_at);
    }
    instants.sort_unstable();
    instants.dedup();
    instants.into_iter().map(|instant| Mark { account_id: owner.clone(), instant }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(is_ours: bool, published: i64) -> Facts {
        Facts {
            owner: Some("178".to_owned()),
            is_ours,
            published: Some(Timestamp::from_second(published).unwrap()),
            first_seen: None,
            read_at: None,
            comments_read_at: None,
            product: None,
            hashtags: None,
            is_child: false,
            is_gone: false,
            region: None,
        }
    }

    fn seconds(before: Option<&Facts>, after: &Facts, counts_changed: bool) -> Vec<i64> {
        let now = Timestamp::from_second(9).unwrap();
        let touched = touched(before, Some(after), counts_changed, now);
        touched.iter().map(|mark| mark.instant.as_second()).collect()
    }

    #[test]
    fn analytics_look_again_at_what_changed() {
        let medium = facts(true, 5);
        assert_eq!(seconds(None, &medium, true), [5, 9], "a new medium");
        assert_eq!(seconds(Some(&medium), &medium, true), [9], "new counts");
        assert_eq!(seconds(Some(&medium), &medium, false), [0; 0], "nothing new");
        assert_eq!(seconds(Some(&facts(true, 3)), &medium, false), [3, 5, 9], "published at another time");
        assert_eq!(seconds(None, &facts(false, 5), true), [0; 0], "somebody else's");
    }
}
