//! The statements of reads that are due by the clock.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection};

const ADD: &str = "
INSERT INTO pipeline.read_beat (account_id, kind, target_id, next_at)
SELECT a.account_id, given.kind, target.id, $3
FROM pipeline.account a
CROSS JOIN UNNEST($1::text[], $2::boolean[]) AS given (kind, is_of_competitors)
CROSS JOIN LATERAL (
    SELECT a.account_id AS id WHERE NOT given.is_of_competitors
    UNION ALL
    SELECT c.competitor_id FROM instagram.user_competitor c
    WHERE c.user_id = a.account_id AND given.is_of_competitors
) AS target
WHERE a.removed_at IS NULL AND ($4::text IS NULL OR a.account_id = $4)
    AND NOT EXISTS (
        SELECT 1 FROM pipeline.read_beat held
        WHERE held.account_id = a.account_id AND held.kind = given.kind AND held.target_id = target.id)
ON CONFLICT DO NOTHING";

const DUE: &str = r#"
SELECT b.account_id, b.kind, b.target_id, b.last_at IS NULL AS is_first, COALESCE(u.timezone, 'UTC') AS timezone
FROM pipeline.read_beat b
JOIN pipeline.account a ON a.account_id = b.account_id AND a.removed_at IS NULL
LEFT JOIN instagram."user" u ON u.id = b.account_id
WHERE b.next_at <= $1 AND b.kind = ANY($2) AND ($4::text IS NULL OR b.account_id = $4)
ORDER BY b.next_at LIMIT $3
FOR UPDATE OF b"#;

const BEATEN: &str = "
UPDATE pipeline.read_beat b SET last_at = $5, next_at = given.next_at
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS given (account_id, kind, target_id, next_at)
WHERE b.account_id = given.account_id AND b.kind = given.kind AND b.target_id = given.target_id";

const START_OVER: &str = "
UPDATE pipeline.read_beat b SET last_at = NULL, next_at = $2
WHERE b.account_id = $1";

/// Kinds of reads that have beats.
#[derive(Debug, Default)]
pub(in crate::schedule) struct Kinds {
    /// Their names.
    pub(in crate::schedule) names: Vec<&'static str>,
    /// Whether the targets are the account's competitors.
    pub(in crate::schedule) is_of_competitors: Vec<bool>,
}

/// A beat that is due.
#[derive(Debug, FromRow)]
pub(in crate::schedule) struct Due {
    pub(in crate::schedule) account_id: String,
    pub(in crate::schedule) kind: String,
    pub(in crate::schedule) target_id: String,
    pub(in crate::schedule) is_first: bool,
    pub(in crate::schedule) timezone: String,
}

/// When a beat comes again.
#[derive(Debug)]
pub(in crate::schedule) struct Beaten {
    pub(in crate::schedule) due: Due,
    pub(in crate::schedule) next_at: Timestamp,
}

/// Gives watched accounts, or one of them, the beats that they lack.
pub(in crate::schedule) async fn add(
    conn: &mut PgConnection,
    kinds: &Kinds,
    account_id: Option<&str>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(ADD)
        .bind(&kinds.names)
        .bind(&kinds.is_of_competitors)
        .bind(now.to_sqlx())
        .bind(account_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// The first beats that are due, of all accounts or of one; so many at most.
pub(in crate::schedule) async fn due(
    conn: &mut PgConnection,
    kinds: &Kinds,
    account_id: Option<&str>,
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as(DUE)
        .bind(now.to_sqlx())
        .bind(&kinds.names)
        .bind(limit)
        .bind(account_id)
        .fetch_all(conn)
        .await
}

/// Notes that beats were made, and when they come again.
pub(in crate::schedule) async fn beaten(
    conn: &mut PgConnection,
    beats: &[Beaten],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(BEATEN)
        .bind(beats.iter().map(|beat| beat.due.account_id.as_str()).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.due.kind.as_str()).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.due.target_id.as_str()).collect::<Vec<_>>())
        .bind(beats.iter().map(|beat| beat.next_at.to_sqlx()).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes all beats of an account its first again, due now.
pub(in crate::schedule) async fn start_over(
    conn: &mut PgConnection,
    account_id: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(START_OVER).bind(account_id).bind(now.to_sqlx()).execute(conn).await?;
    Ok(())
}
