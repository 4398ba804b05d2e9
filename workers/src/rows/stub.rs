//! Rows of media that were heard of: whose they are and what they are, only a read can say.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// A stub tells only what a webhook knows; what a read has said stays.
const MEDIA: &str = "
    INSERT INTO instagram.media AS held (id, media_product_type, ad_id, original_media_id, first_seen_at, updated_timestamp)
    SELECT id, media_product_type, ad_id, original_media_id, first_seen_at, $6
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
        AS given (id, media_product_type, ad_id, original_media_id, first_seen_at)
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
        media_product_type = coalesce(held.media_product_type, excluded.media_product_type),
        ad_id = coalesce(held.ad_id, excluded.ad_id),
        original_media_id = coalesce(held.original_media_id, excluded.original_media_id),
        updated_timestamp = excluded.updated_timestamp
    WHERE (held.media_product_type IS NULL AND excluded.media_product_type IS NOT NULL)
       OR (held.ad_id IS NULL AND excluded.ad_id IS NOT NULL)
       OR (held.original_media_id IS NULL AND excluded.original_media_id IS NOT NULL)";

/// What a webhook says of a medium. Whose it is, only a read can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaStub {
    /// `FEED`, `REELS`, `STORY`, `LIVE`, `AD`.
    pub media_product_type: Option<String>,
    /// The ad, for an ad's copy.
    pub ad_id: Option<String>,
    /// The organic medium, for an ad's copy.
    pub original_media_id: Option<String>,
    /// When it was first heard of.
    pub first_seen_at: Timestamp,
}

impl MediaStub {
    /// Fills what is not known.
    pub fn merge(&mut self, other: &Self) {
        fill(&mut self.media_product_type, other.media_product_type.as_ref());
        fill(&mut self.ad_id, other.ad_id.as_ref());
        fill(&mut self.original_media_id, other.original_media_id.as_ref());
        self.first_seen_at = self.first_seen_at.min(other.first_seen_at);
    }
}

/// Writes stubs.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn upsert(
    conn: &mut PgConnection,
    media: &BTreeMap<String, MediaStub>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if media.is_empty() {
        return Ok(());
    }
    sqlx::query(MEDIA)
        .bind(media.keys().map(String::as_str).collect::<Vec<_>>())
        .bind(media.values().map(|m| m.media_product_type.as_deref()).collect::<Vec<_>>())
        .bind(media.values().map(|m| m.ad_id.as_deref()).collect::<Vec<_>>())
        .bind(media.values().map(|m| m.original_media_id.as_deref()).collect::<Vec<_>>())
        .bind(media.values().map(|m| m.first_seen_at.to_sqlx()).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

fn fill<T: Clone>(to: &mut Option<T>, from: Option<&T>) {
    if to.is_none() {
        *to = from.cloned();
    }
}
