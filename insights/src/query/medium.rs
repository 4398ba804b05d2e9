//! What is known of a medium itself, its account's token, and the reads of it.

use cekbrand_schema::MediaId;
use jiff::Timestamp;
use sqlx::PgPool;

use crate::scope::Scope;

const MEDIUM: &str = "
SELECT user_id, media_product_type, first_seen_at, deleted_at, lost_at
FROM instagram.media
WHERE id = $1";

const TOKEN: &str = "
SELECT state, dead_reason, flavour, expired_at, checked_at
FROM instagram.instagram_tokens
WHERE user_id = $1";

const READS: &str = "
SELECT kind, account_id, state, reason, parked_until, attempts, wanted_at, finished_at
FROM pipeline.enrichment_task
WHERE kind IN ('media', 'media_insights', 'mentioned_media') AND target_id = $1
ORDER BY kind, account_id";

/// Whose it is; of a medium that nobody owns so far, who reads it.
const IS_VISIBLE: &str = "
SELECT
    EXISTS (SELECT FROM instagram.media WHERE id = $1 AND user_id = ANY ($2))
    OR (
        NOT EXISTS (SELECT FROM instagram.media WHERE id = $1 AND user_id IS NOT NULL)
        AND EXISTS (
            SELECT FROM pipeline.enrichment_task
            WHERE kind IN ('media', 'media_insights', 'mentioned_media') AND target_id = $1 AND account_id = ANY ($2)
        )
    )";

type Instant = jiff_sqlx::Timestamp;

fn instant(stored: Option<Instant>) -> Option<Timestamp> {
    stored.map(Instant::to_jiff)
}

/// A medium.
#[derive(Debug)]
pub(crate) struct Medium {
    /// Its owner, once a read has told.
    pub(crate) account_id: Option<String>,
    /// Its kind as Meta writes it, once a read has told.
    pub(crate) product_type: Option<String>,
    pub(crate) first_seen_at: Option<Timestamp>,
    pub(crate) deleted_at: Option<Timestamp>,
    pub(crate) lost_at: Option<Timestamp>,
}

pub(crate) async fn find(pool: &PgPool, media: &MediaId) -> Result<Option<Medium>, sqlx::Error> {
    type Row = (Option<String>, Option<String>, Option<Instant>, Option<Instant>, Option<Instant>);
    let row: Option<Row> = sqlx::query_as(MEDIUM).bind(media.as_str()).fetch_optional(pool).await?;
    Ok(row.map(|(account_id, product_type, first_seen_at, deleted_at, lost_at)| Medium {
        account_id,
        product_type,
        first_seen_at: instant(first_seen_at),
        deleted_at: instant(deleted_at),
        lost_at: instant(lost_at),
    }))
}

/// Whether a medium is of the accounts that a key may see.
pub(crate) async fn is_visible(pool: &PgPool, scope: &Scope, media: &MediaId) -> Result<bool, sqlx::Error> {
    match scope.accounts() {
        None => Ok(true),
        Some(accounts) => {
            sqlx::query_scalar(IS_VISIBLE).bind(media.as_str()).bind(accounts).fetch_one(pool).await
        }
    }
}

/// The state of an account's token; never the token.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) state: String,
    pub(crate) dead_reason: Option<String>,
    pub(crate) flavour: String,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) checked_at: Option<Timestamp>,
}

pub(crate) async fn token(pool: &PgPool, account: &str) -> Result<Option<Token>, sqlx::Error> {
    type Row = (String, Option<String>, String, Option<Instant>, Option<Instant>);
    let row: Option<Row> = sqlx::query_as(TOKEN).bind(account).fetch_optional(pool).await?;
    Ok(row.map(|(state, dead_reason, flavour, expires_at, checked_at)| Token {
        state,
        dead_reason,
        flavour,
        expires_at: instant(expires_at),
        checked_at: instant(checked_at),
    }))
}

/// A read of the medium: wanted, running, done, or put off.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) kind: String,
    pub(crate) account_id: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) parked_until: Option<Timestamp>,
    pub(crate) attempts: i32,
    pub(crate) wanted_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
}

pub(crate) async fn reads(pool: &PgPool, media: &MediaId) -> Result<Vec<Read>, sqlx::Error> {
    type Row = (String, String, String, Option<String>, Option<Instant>, i32, Instant, Option<Instant>);
    let rows: Vec<Row> = sqlx::query_as(READS).bind(media.as_str()).fetch_all(pool).await?;
    let read =
        |(kind, account_id, state, reason, parked_until, attempts, wanted_at, finished_at): Row| Read {
            kind,
            account_id,
            state,
            reason,
            parked_until: instant(parked_until),
            attempts,
            wanted_at: wanted_at.to_jiff(),
            finished_at: instant(finished_at),
        };
    Ok(rows.into_iter().map(read).collect())
}
