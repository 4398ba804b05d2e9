//! The statements of the story vault.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection};

// By the index over an account's media, newest first.
const TAKE_IN: &str = "
INSERT INTO pipeline.story_vault AS v (media_id, account_id, published_at, expires_at, first_seen_at)
SELECT m.id, m.user_id, m.timestamp, m.timestamp + INTERVAL '24 hours', m.first_seen_at
FROM pipeline.account a
JOIN instagram.media m ON m.user_id = a.account_id
WHERE a.removed_at IS NULL AND m.timestamp > $1::timestamptz - INTERVAL '7 days' AND m.media_product_type = 'STORY'
    AND NOT EXISTS (SELECT 1 FROM pipeline.story_vault held WHERE held.media_id = m.id)
ON CONFLICT (media_id) DO NOTHING
RETURNING v.media_id, v.account_id, v.expires_at";

// What stands in the way at the end is forgotten once the read has come to its own end.
const NOTE_OBSTACLE: &str = "
UPDATE pipeline.story_vault v SET reason = t.reason
FROM pipeline.enrichment_task t
WHERE v.outcome IS NULL AND v.expires_at BETWEEN $1::timestamptz - INTERVAL '3 hours' AND $1::timestamptz + INTERVAL '5 minutes'
    AND t.kind = $2 AND t.target_id = v.media_id AND t.account_id = v.account_id AND t.variant = '' AND t.cursor = ''
    AND t.state = 'parked' AND t.reason <> 'fresh' AND v.reason IS DISTINCT FROM t.reason";

const OVER: &str = "
SELECT v.media_id, v.account_id, v.published_at, v.expires_at, v.first_seen_at, v.reason, seen.last_poll_at,
    COALESCE(seen.has_webhook, FALSE) AS has_webhook
FROM pipeline.story_vault v
CROSS JOIN LATERAL (
    SELECT max(i.observed_at) FILTER (WHERE i.source <> 'webhook') AS last_poll_at,
        bool_or(i.source = 'webhook') AS has_webhook
    FROM instagram.media_insight i
    WHERE i.media_id = v.media_id AND (i.absence IS NULL OR i.absence NOT IN ('lost', 'permission'))
) AS seen
WHERE v.outcome IS NULL AND v.expires_at <= $1
ORDER BY v.expires_at LIMIT 500
FOR UPDATE OF v";

const SETTLE: &str = "
UPDATE pipeline.story_vault v SET
    outcome = given.outcome, reason = given.reason, last_poll_at = given.last_poll_at, settled_at = $5
FROM UNNEST($1::text[], $2::text[], $3::text[], $4::timestamptz[]) AS given (media_id, outcome, reason, last_poll_at)
WHERE v.media_id = given.media_id";

// Meta's queue holds a webhook for 36 hours.
const BROUGHT_BACK: &str = "
WITH back AS (
    UPDATE pipeline.story_vault v SET outcome = 'webhook', settled_at = $1
    WHERE v.outcome = 'lost' AND v.expires_at > $1::timestamptz - INTERVAL '7 days' AND EXISTS (
        SELECT 1 FROM instagram.media_insight i WHERE i.media_id = v.media_id AND i.source = 'webhook')
    RETURNING v.media_id
)
UPDATE instagram.media m SET lost_at = NULL
FROM back
WHERE m.id = back.media_id AND m.lost_at IS NOT NULL";

const AT_RISK: &str = "
SELECT count(*)
FROM pipeline.story_vault v
WHERE v.outcome IS NULL AND v.expires_at > $1 AND v.expires_at <= $1::timestamptz + INTERVAL '2 hours'
    AND NOT EXISTS (SELECT 1 FROM instagram.media_insight i WHERE i.media_id = v.media_id AND i.value IS NOT NULL)";

/// A story that was taken in.
#[derive(Debug, FromRow)]
pub(in crate::schedule) struct TakenIn {
    pub(in crate::schedule) media_id: String,
    pub(in crate::schedule) account_id: String,
    expires_at: jiff_sqlx::Timestamp,
}

impl TakenIn {
    pub(in crate::schedule) fn expires_at(&self) -> Timestamp {
        self.expires_at.to_jiff()
    }
}

/// A story whose day is over.
#[derive(Debug, FromRow)]
pub(in crate::schedule) struct Over {
    pub(in crate::schedule) media_id: String,
    pub(in crate::schedule) account_id: String,
    published_at: jiff_sqlx::Timestamp,
    expires_at: jiff_sqlx::Timestamp,
    first_seen_at: jiff_sqlx::Timestamp,
    pub(in crate::schedule) reason: Option<String>,
    last_poll_at: Option<jiff_sqlx::Timestamp>,
    pub(in crate::schedule) has_webhook: bool,
}

impl Over {
    pub(in crate::schedule) fn published_at(&self) -> Timestamp {
        self.published_at.to_jiff()
    }

    pub(in crate::schedule) fn expires_at(&self) -> Timestamp {
        self.expires_at.to_jiff()
    }

    pub(in crate::schedule) fn first_seen_at(&self) -> Timestamp {
        self.first_seen_at.to_jiff()
    }

    pub(in crate::schedule) fn last_poll_at(&self) -> Option<Timestamp> {
        self.last_poll_at.map(jiff_sqlx::Timestamp::to_jiff)
    }
}

/// How a story's figures came to be known, or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::schedule) struct Verdict {
    pub(in crate::schedule) media_id: String,
    pub(in crate::schedule) outcome: &'static str,
    pub(in crate::schedule) reason: Option<String>,
    pub(in crate::schedule) last_poll_at: Option<Timestamp>,
}

/// Takes in stories of watched accounts that the vault does not know yet.
pub(in crate::schedule) async fn take_in(
    conn: &mut PgConnection,
    now: Timestamp,
) -> Result<Vec<TakenIn>, sqlx::Error> {
    sqlx::query_as(TAKE_IN).bind(now.to_sqlx()).fetch_all(conn).await
}

/// Notes why the reads of stories wait that end now.
pub(in crate::schedule) async fn note_obstacles(
    conn: &mut PgConnection,
    kind: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(NOTE_OBSTACLE).bind(now.to_sqlx()).bind(kind).execute(conn).await?;
    Ok(())
}

/// Stories without an outcome that ended before then, and how their figures came to be known.
pub(in crate::schedule) async fn over(
    conn: &mut PgConnection,
    ended_before: Timestamp,
) -> Result<Vec<Over>, sqlx::Error> {
    sqlx::query_as(OVER).bind(ended_before.to_sqlx()).fetch_all(conn).await
}

/// Stories that end soon, of which no figure is known.
pub(in crate::schedule) async fn at_risk(
    conn: &mut PgConnection,
    now: Timestamp,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(AT_RISK).bind(now.to_sqlx()).fetch_one(conn).await
}

/// Notes outcomes.
pub(in crate::schedule) async fn settle(
    conn: &mut PgConnection,
    verdicts: &[Verdict],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(SETTLE)
        .bind(verdicts.iter().map(|verdict| verdict.media_id.as_str()).collect::<Vec<_>>())
        .bind(verdicts.iter().map(|verdict| verdict.outcome).collect::<Vec<_>>())
        .bind(verdicts.iter().map(|verdict| verdict.reason.as_deref()).collect::<Vec<_>>())
        .bind(verdicts.iter().map(|verdict| verdict.last_poll_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// Lost stories of which a webhook told after all are lost no more.
pub(in crate::schedule) async fn bring_back(
    conn: &mut PgConnection,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(BROUGHT_BACK).bind(now.to_sqlx()).execute(conn).await?;
    Ok(())
}
