//! What the rows know of media: for planning a read, and for finding out whose analytics are concerned.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::Mark;

const FACTS: &str = r#"
SELECT m.id, m.user_id, m.timestamp, m.first_seen_at, m.media_product_type, m.media_hastag, m.parent_id,
    GREATEST(r.node_at, CASE WHEN m.media_type IS NOT NULL THEN m.updated_timestamp END) AS read_at,
    r.comments_at AS comments_read_at,
    m.deleted_at IS NOT NULL OR m.lost_at IS NOT NULL AS is_gone,
    a.account_id IS NOT NULL AS is_ours, u.region
FROM instagram.media m
LEFT JOIN pipeline.media_read r ON r.media_id = m.id
LEFT JOIN pipeline.account a ON a.account_id = m.user_id AND a.removed_at IS NULL
LEFT JOIN instagram."user" u ON u.id = m.user_id
WHERE m.id = ANY($1)"#;

const FIGURES: &str = "
SELECT i.metric, bool_or(i.value IS NOT NULL) AS has_value, bool_or(i.source = 'webhook') AS has_webhook,
    max(i.observed_at) FILTER (WHERE i.source <> 'webhook') AS read_at,
    COALESCE((array_agg(i.absence::text ORDER BY i.observed_at DESC))[1] = 'unsupported', FALSE)
        AND max(i.observed_at) > $2 AS is_refused
FROM instagram.media_insight i
WHERE i.media_id = $1 AND i.breakdown = ''
GROUP BY i.metric";

const COMMENT_BELOW: &str = "
SELECT c.id FROM instagram.media_comment c
WHERE c.media_id = $1 AND c.source = 'webhook' ORDER BY c.first_seen_at LIMIT 1";

const OWNERS: &str = "
SELECT m.user_id, given.observed_at
FROM UNNEST($1::text[], $2::timestamptz[]) AS given (media_id, observed_at)
JOIN instagram.media m ON m.id = given.media_id
JOIN pipeline.account a ON a.account_id = m.user_id AND a.removed_at IS NULL";

/// What is known of a medium.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Who owns it, if an answer said so.
    pub owner: Option<String>,
    /// Whether the owner is an account of ours.
    pub is_ours: bool,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was first heard of.
    pub first_seen: Option<Timestamp>,
    /// When a read last told of it; `None` for a stub.
    pub read_at: Option<Timestamp>,
    /// When its newest comments were last read.
    pub comments_read_at: Option<Timestamp>,
    /// `media_product_type`.
    pub product: Option<String>,
    /// Its hashtags, as stored.
    pub hashtags: Option<String>,
    /// Whether it is part of an album.
    pub is_child: bool,
    /// Whether it is deleted or lost.
    pub is_gone: bool,
    /// The owner's region, where it matters.
    pub region: Option<String>,
}

/// Reads what is known of a medium.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn facts(conn: &mut PgConnection, media_id: &str) -> Result<Option<Facts>, sqlx::Error> {
    Ok(of_all(conn, &[media_id]).await?.remove(media_id))
}

/// Reads what is known of media, by their ids.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn of_all(
    conn: &mut PgConnection,
    media_ids: &[&str],
) -> Result<HashMap<String, Facts>, sqlx::Error> {
    if media_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(FACTS).bind(media_ids).fetch_all(conn).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, read(row)?))).collect()
}

fn read(row: &PgRow) -> Result<Facts, sqlx::Error> {
    let instant = |name: &str| -> Result<Option<Timestamp>, sqlx::Error> {
        let instant: Option<jiff_sqlx::Timestamp> = row.try_get(name)?;
        Ok(instant.map(jiff_sqlx::Timestamp::to_jiff))
    };
    let parent: Option<String> = row.try_get("parent_id")?;
    Ok(Facts {
        owner: row.try_get("user_id")?,
        is_ours: row.try_get("is_ours")?,
        published: instant("timestamp")?,
        first_seen: instant("first_seen_at")?,
        read_at: instant("read_at")?,
        comments_read_at: instant("comments_read_at")?,
        product: row.try_get("media_product_type")?,
        hashtags: row.try_get("media_hastag")?,
        is_child: parent.is_some(),
        is_gone: row.try_get("is_gone")?,
        region: row.try_get("region")?,
    })
}

/// What is known of a medium's figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownFigures {
    /// Metrics of which a value is known.
    pub with_value: BTreeSet<String>,
    /// Metrics that the API refused the last time, not long ago.
    pub refused: BTreeSet<String>,
    /// When each metric was last read.
    pub read_at: BTreeMap<String, Timestamp>,
    /// Whether a webhook told any of them.
    pub from_webhook: bool,
}

#[derive(Debug, sqlx::FromRow)]
struct Known {
    metric: String,
    has_value: bool,
    has_webhook: bool,
    read_at: Option<jiff_sqlx::Timestamp>,
    is_refused: bool,
}

/// Reads what is known of a medium's figures; a refusal before `believed_since` is forgotten.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn figures(
    conn: &mut PgConnection,
    media_id: &str,
    believed_since: Timestamp,
) -> Result<KnownFigures, sqlx::Error> {
    let rows: Vec<Known> =
        sqlx::query_as(FIGURES).bind(media_id).bind(believed_since.to_sqlx()).fetch_all(conn).await?;
    let mut known = KnownFigures::default();
    for Known { metric, has_value, has_webhook, read_at, is_refused } in rows {
        known.from_webhook |= has_webhook;
        if has_value {
            known.with_value.insert(metric.clone());
        }
        if is_refused {
            known.refused.insert(metric.clone());
        }
        if let Some(read_at) = read_at {
            known.read_at.insert(metric, read_at.to_jiff());
        }
    }
    Ok(known)
}

/// The first comment that a webhook placed below the medium.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn comment_below(conn: &mut PgConnection, media_id: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(COMMENT_BELOW).bind(media_id).fetch_optional(conn).await
}

/// The accounts of ours to which the media belong, each with the instant given for the medium.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn owners(
    conn: &mut PgConnection,
    media: &BTreeMap<&str, Timestamp>,
) -> Result<Vec<Mark>, sqlx::Error> {
    let rows: Vec<(String, jiff_sqlx::Timestamp)> = sqlx::query_as(OWNERS)
        .bind(media.keys().copied().collect::<Vec<_>>())
        .bind(media.values().map(|at| at.to_sqlx()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    let mark = |(account_id, at): (String, jiff_sqlx::Timestamp)| Mark { account_id, instant: at.to_jiff() };
    Ok(rows.into_iter().map(mark).collect())
}
