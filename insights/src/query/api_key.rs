//! `pipeline.api_key`.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, PgPool};

use crate::scope::Scope;

const FIND: &str = "
SELECT key_hash, accounts, expires_at, revoked_at, last_used_at
FROM pipeline.api_key
WHERE id = $1";

const NOTE_USE: &str = "
UPDATE pipeline.api_key
SET last_used_at = $2
WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";

const INSERT: &str = "
INSERT INTO pipeline.api_key (id, name, key_hash, expires_at, created_at, accounts)
VALUES ($1, $2, $3, $4, $5, $6)";

const LIST: &str = "
SELECT id, name, accounts, created_at, expires_at, revoked_at, last_used_at
FROM pipeline.api_key
ORDER BY created_at, id";

const REVOKE: &str = "
UPDATE pipeline.api_key
SET revoked_at = $2
WHERE id = $1 AND revoked_at IS NULL";

/// What a presented key is checked against.
pub(crate) struct StoredKey {
    /// SHA-256 of the secret part.
    pub(crate) hash: Vec<u8>,
    /// What it may see.
    pub(crate) scope: Scope,
    pub(crate) last_used_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl StoredKey {
    /// Neither revoked nor expired.
    pub(crate) fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A key to be stored.
pub(crate) struct NewKey<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// SHA-256 of the secret part.
    pub(crate) hash: &'a [u8],
    /// What it may see.
    pub(crate) scope: &'a Scope,
    pub(crate) expires_at: Option<Timestamp>,
}

/// A key as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Public part.
    pub id: String,
    /// What the operator called it.
    pub name: String,
    /// What it may see.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is refused, if it was made with an end.
    pub expires_at: Option<Timestamp>,
    /// Since when it is refused, if it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, true to the minute.
    pub last_used_at: Option<Timestamp>,
}

type Instant = jiff_sqlx::Timestamp;

fn instant(stored: Option<Instant>) -> Option<Timestamp> {
    stored.map(Instant::to_jiff)
}

pub(crate) async fn find(pool: &PgPool, id: &str) -> Result<Option<StoredKey>, sqlx::Error> {
    type Row = (Vec<u8>, Option<Vec<String>>, Option<Instant>, Option<Instant>, Option<Instant>);
    let row: Option<Row> = sqlx::query_as(FIND).bind(id).fetch_optional(pool).await?;
    Ok(row.map(|(hash, accounts, expires_at, revoked_at, last_used_at)| StoredKey {
        hash,
        scope: Scope::of(accounts),
        last_used_at: instant(last_used_at),
        expires_at: instant(expires_at),
        revoked_at: instant(revoked_at),
    }))
}

pub(crate) async fn note_use(pool: &PgPool, id: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(NOTE_USE).bind(id).bind(now.to_sqlx()).execute(pool).await?;
    Ok(())
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    key: NewKey<'_>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(INSERT)
        .bind(key.id)
        .bind(key.name)
        .bind(key.hash)
        .bind(key.expires_at.map(ToSqlx::to_sqlx))
        .bind(now.to_sqlx())
        .bind(key.scope.accounts())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn list(connection: &mut PgConnection) -> Result<Vec<KeyRow>, sqlx::Error> {
    type Accounts = Option<Vec<String>>;
    type Row = (String, String, Accounts, Instant, Option<Instant>, Option<Instant>, Option<Instant>);
    let rows: Vec<Row> = sqlx::query_as(LIST).fetch_all(connection).await?;
    let key = |(id, name, accounts, created_at, expires_at, revoked_at, last_used_at): Row| KeyRow {
        id,
        name,
        scope: Scope::of(accounts),
        created_at: created_at.to_jiff(),
        expires_at: instant(expires_at),
        revoked_at: instant(revoked_at),
        last_used_at: instant(last_used_at),
    };
    Ok(rows.into_iter().map(key).collect())
}

pub(crate) async fn revoke(
    connection: &mut PgConnection,
    id: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(REVOKE).bind(id).bind(now.to_sqlx()).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}
