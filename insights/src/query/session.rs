//! `pipeline.session`: who is signed in with a browser.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;

use crate::scope::Scope;

/// A session lives only as long as its key does.
const FIND: &str = "
SELECT session.api_key_id, api_key.name, api_key.accounts, session.csrf_hash, session.last_seen_at
FROM pipeline.session
INNER JOIN pipeline.api_key ON api_key.id = session.api_key_id
WHERE
    session.token_hash = $1 AND session.expires_at > $2 AND session.last_seen_at > $3
    AND api_key.revoked_at IS NULL AND (api_key.expires_at IS NULL OR api_key.expires_at > $2)";

const NOTE_SEEN: &str = "
UPDATE pipeline.session
SET last_seen_at = $2
WHERE token_hash = $1 AND last_seen_at < $2";

const INSERT: &str = "
INSERT INTO pipeline.session (token_hash, api_key_id, csrf_hash, created_at, expires_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5, $4)";

const END: &str = "
DELETE FROM pipeline.session
WHERE token_hash = $1";

const PRUNE: &str = "
DELETE FROM pipeline.session
WHERE expires_at <= $1";

/// A session that holds.
#[derive(Debug)]
pub(crate) struct SessionRow {
    pub(crate) key_id: String,
    pub(crate) key_name: String,
    pub(crate) scope: Scope,
    pub(crate) csrf_hash: Vec<u8>,
    pub(crate) last_seen_at: Timestamp,
}

/// A session to be stored; of its secrets only the hashes.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) token_hash: &'a [u8],
    pub(crate) key_id: &'a str,
    pub(crate) csrf_hash: &'a [u8],
    pub(crate) expires_at: Timestamp,
}

/// The session of a token, if it holds and was seen after `idle_since`.
pub(crate) async fn find(
    pool: &PgPool,
    token_hash: &[u8],
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Option<SessionRow>, sqlx::Error> {
    type Row = (String, String, Option<Vec<String>>, Vec<u8>, jiff_sqlx::Timestamp);
    let row: Option<Row> = sqlx::query_as(FIND)
        .bind(token_hash)
        .bind(now.to_sqlx())
        .bind(idle_since.to_sqlx())
        .fetch_optional(pool)
        .await?;
    Ok(row.map(|(key_id, key_name, accounts, csrf_hash, last_seen_at)| SessionRow {
        key_id,
        key_name,
        scope: Scope::of(accounts),
        csrf_hash,
        last_seen_at: last_seen_at.to_jiff(),
    }))
}

pub(crate) async fn note_seen(pool: &PgPool, token_hash: &[u8], now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(NOTE_SEEN).bind(token_hash).bind(now.to_sqlx()).execute(pool).await?;
    Ok(())
}

/// Stores a session, and forgets those that are over.
pub(crate) async fn insert(
    pool: &PgPool,
    session: NewSession<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(PRUNE).bind(now.to_sqlx()).execute(pool).await?;
    sqlx::query(INSERT)
        .bind(session.token_hash)
        .bind(session.key_id)
        .bind(session.csrf_hash)
        .bind(now.to_sqlx())
        .bind(session.expires_at.to_sqlx())
        .execute(pool)
        .await?;
    Ok(())
}

pub(crate) async fn end(pool: &PgPool, token_hash: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query(END).bind(token_hash).execute(pool).await?;
    Ok(())
}
