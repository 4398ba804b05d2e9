//! Rows of media, many at once: the medium itself, and its likes and comments of the day.

use std::collections::BTreeSet;
use std::time::Duration;

use cekbrand_graph::node::MediaNode;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::PgConnection;

use super::facts::{self, Facts};
use super::hashtag::{self, Hashtag};
use super::user::absences;
use super::{Mark, Reading};

const LOCK: &str = "
SELECT 1 FROM instagram.media m WHERE m.id = ANY($1) ORDER BY m.id FOR UPDATE";

// The node tells a medium's owner by id to the owner alone, else by name at most. With Instagram Login the id
// is one that is known to the app alone, and no other account's media can be read.
const ARE_ACCOUNTS: &str = r#"
SELECT EXISTS (
    SELECT 1 FROM instagram."user" u
    WHERE u.id = n.account_id AND (lower(u.username) = lower(n.username) OR u.app_scoped_id = n.owner_id)
) OR EXISTS (
    SELECT 1 FROM pipeline.account a
    WHERE a.account_id = n.account_id AND a.login = 'instagram' AND n.owner_id IS NOT NULL
)
FROM UNNEST($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS n (account_id, username, owner_id, place)
ORDER BY n.place"#;

// An answer older than the row does not overwrite it, unless nobody has read the medium yet, nor does one
// from before the medium was found to be gone; one that says nothing new writes nothing.
const MEDIA: &str = r#"
INSERT INTO instagram.media AS m
    (id, user_id, owner_id, username, media_type, media_product_type, timestamp, caption, media_hastag, permalink,
     shortcode, media_url, thumbnail_url, is_comment_enabled, is_shared_to_feed, like_count, comments_count, absence,
     first_seen_at, media_hastag_shown, datestamp, updated_timestamp)
SELECT n.id, n.user_id, n.owner_id, n.username, n.media_type, n.media_product_type, n.timestamp, n.caption,
    n.media_hastag, n.permalink, n.shortcode, n.media_url, n.thumbnail_url, n.is_comment_enabled, n.is_shared_to_feed,
    n.like_count, n.comments_count, n.absence, n.observed_at, n.media_hastag_shown,
    (n.observed_at AT TIME ZONE COALESCE(u.timezone, 'UTC'))::date, n.observed_at
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[],
            $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::boolean[], $15::boolean[],
            $16::bigint[], $17::bigint[], $18::jsonb[], $19::timestamptz[], $20::text[])
    AS n (id, user_id, owner_id, username, media_type, media_product_type, timestamp, caption, media_hastag, permalink,
          shortcode, media_url, thumbnail_url, is_comment_enabled, is_shared_to_feed, like_count, comments_count,
          absence, observed_at, media_hastag_shown)
LEFT JOIN instagram."user" u ON u.id = n.user_id
ORDER BY n.id
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
SELECT n.media_id, (n.observed_at AT TIME ZONE COALESCE(u.timezone, 'UTC'))::date, n.like_count, n.comments_count,
    n.absence, n.observed_at
FROM UNNEST($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::jsonb[])
    AS n (media_id, observed_at, like_count, comments_count, absence)
LEFT JOIN instagram.media m ON m.id = n.media_id
LEFT JOIN instagram."user" u ON u.id = m.user_id
ORDER BY n.media_id
ON CONFLICT (media_id, datestamp) DO UPDATE SET
    like_count = EXCLUDED.like_count, comments_count = EXCLUDED.comments_count, absence = EXCLUDED.absence,
    updated_timestamp = EXCLUDED.updated_timestamp
WHERE COALESCE(c.updated_timestamp <= EXCLUDED.updated_timestamp, TRUE)
    AND (c.like_count, c.comments_count, c.absence)
        IS DISTINCT FROM (EXCLUDED.like_count, EXCLUDED.comments_count, EXCLUDED.absence)
RETURNING c.media_id"#;

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

/// A medium as a read told it, with whose it is.
pub(super) struct Row<'a> {
    pub(super) node: &'a MediaNode,
    pub(super) owner: Option<String>,
    pub(super) absence: Option<Value>,
    pub(super) observed_at: Timestamp,
}

/// Writes media, each of which is there once. Says what analytics must look at again.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn write(
    conn: &mut PgConnection,
    media: &[(&MediaNode, &Reading)],
) -> Result<Vec<Mark>, sqlx::Error> {
    if media.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = media.iter().map(|(node, _)| node.id.as_str()).collect();
    sqlx::query(LOCK).bind(&ids).execute(&mut *conn).await?;
    let before = facts::of_all(conn, &ids).await?;
    let owners = owners(conn, media).await?;
    let rows: Vec<Row<'_>> =
        media.iter().zip(owners).map(|((node, reading), owner)| row(node, reading, owner)).collect();
    write_media(conn, &rows).await?;
    let counted = count(conn, &rows).await?;
    let after = facts::of_all(conn, &ids).await?;
    let marks = rows.iter().flat_map(|row| {
        let id = row.node.id.as_str();
        touched(before.get(id), after.get(id), counted.contains(id), row.observed_at)
    });
    Ok(marks.collect())
}

fn row<'a>(node: &'a MediaNode, reading: &Reading, owner: Option<String>) -> Row<'a> {
    let absence = absences(&[
        ("like_count", node.like_count, "hidden"),
        ("comments_count", node.comments_count, "no_data"),
    ]);
    Row { node, owner, absence, observed_at: reading.observed_at }
}

pub(super) async fn write_media(conn: &mut PgConnection, rows: &[Row<'_>]) -> Result<(), sqlx::Error> {
    let hashtags: Vec<Vec<Hashtag>> =
        rows.iter().map(|row| row.node.caption.as_deref().map(hashtag::found).unwrap_or_default()).collect();
    let listed = |written: fn(&Hashtag) -> &str| -> Vec<Option<String>> {
        let list = |hashtags: &Vec<Hashtag>| {
            let list = hashtags.iter().map(written).collect::<Vec<_>>().join(" ");
            (!hashtags.is_empty()).then_some(list)
        };
        hashtags.iter().map(list).collect()
    };
    sqlx::query(MEDIA)
        .bind(rows.iter().map(|row| row.node.id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.owner.as_deref()).collect::<Vec<_>>())
        .bind(column(rows, |node| &node.owner_id))
        .bind(column(rows, |node| &node.username))
        .bind(column(rows, |node| &node.media_type))
        .bind(column(rows, |node| &node.media_product_type))
        .bind(rows.iter().map(|row| row.node.timestamp.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
        .bind(column(rows, |node| &node.caption))
        .bind(listed(|hashtag| &hashtag.compared))
        .bind(column(rows, |node| &node.permalink))
        .bind(column(rows, |node| &node.shortcode))
        .bind(column(rows, |node| &node.media_url))
        .bind(column(rows, |node| &node.thumbnail_url))
        .bind(rows.iter().map(|row| row.node.is_comment_enabled).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.node.is_shared_to_feed).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.node.like_count).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.node.comments_count).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.absence.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.observed_at.to_sqlx()).collect::<Vec<_>>())
        .bind(listed(|hashtag| &hashtag.shown))
        .execute(conn)
        .await?;
    Ok(())
}

fn column<'a>(rows: &[Row<'a>], of: fn(&MediaNode) -> &Option<String>) -> Vec<Option<&'a str>> {
    rows.iter().map(|row| of(row.node).as_deref()).collect()
}

/// Writes the likes and comments of the day; the media of which that says something new.
async fn count(conn: &mut PgConnection, rows: &[Row<'_>]) -> Result<BTreeSet<String>, sqlx::Error> {
    let counted: Vec<String> = sqlx::query_scalar(COUNTS)
        .bind(rows.iter().map(|row| row.node.id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.observed_at.to_sqlx()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.node.like_count).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.node.comments_count).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.absence.clone()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    Ok(counted.into_iter().collect())
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
    let facts = facts::facts(conn, &gone.media_id).await?;
    Ok(touched(None, facts.as_ref(), noted.rows_affected() > 0, reading.observed_at))
}

/// The owner of each medium as one of our ids: its own, or the caller's where only the name is told.
async fn owners(
    conn: &mut PgConnection,
    media: &[(&MediaNode, &Reading)],
) -> Result<Vec<Option<String>>, sqlx::Error> {
    let are_accounts: Vec<bool> = sqlx::query_scalar(ARE_ACCOUNTS)
        .bind(media.iter().map(|(_, reading)| reading.account_id.as_str()).collect::<Vec<_>>())
        .bind(media.iter().map(|(node, _)| node.username.as_deref()).collect::<Vec<_>>())
        .bind(media.iter().map(|(node, _)| node.owner_id.as_deref()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    let owner = |((node, reading), is_account): (&(&MediaNode, &Reading), bool)| {
        if is_account { Some(reading.account_id.clone()) } else { node.owner_id.clone() }
    };
    Ok(media.iter().zip(are_accounts).map(owner).collect())
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
