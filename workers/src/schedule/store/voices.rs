//! The statements about who speaks and who has fallen silent.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection};

use crate::token::store::alert::AlertKind;

/// Since when there is nothing to be had.
const NEVER: Timestamp = Timestamp::UNIX_EPOCH;

const PUT_UP: &str = "
INSERT INTO pipeline.watch (name, looked_at) VALUES ('voices', $1)
ON CONFLICT (name) DO NOTHING";

const LOOKED_AT: &str = "
SELECT w.looked_at
FROM pipeline.watch w
WHERE w.name = 'voices' AND w.looked_at <= $1
FOR UPDATE";

const LOOK: &str = "
UPDATE pipeline.watch SET looked_at = $1
WHERE name = 'voices'";

// An hour with a thousand comments is one in which the account spoke, as one with a single comment.
const HEAR: &str = "
WITH heard AS (
    SELECT e.account_id, date_bin(INTERVAL '1 hour', e.received_at, TIMESTAMPTZ 'epoch') AS hour, max(e.received_at) AS at
    FROM pipeline.event e
    JOIN pipeline.account a ON a.account_id = e.account_id AND a.removed_at IS NULL
    WHERE e.received_at > $1 AND e.received_at <= $2 AND NOT e.is_test
    GROUP BY e.account_id, hour
),
steps AS (
    SELECT h.account_id, h.at, (EXTRACT(EPOCH FROM h.hour - LAG(
        h.hour, 1, date_bin(INTERVAL '1 hour', v.last_at, TIMESTAMPTZ 'epoch')
    ) OVER (PARTITION BY h.account_id ORDER BY h.hour)) / 3600)::double precision AS gap
    FROM heard h
    LEFT JOIN pipeline.account_voice v ON v.account_id = h.account_id
    WHERE v.last_at IS NULL OR h.at > v.last_at
)
INSERT INTO pipeline.account_voice AS v (account_id, last_at, gaps, gap_hours, gap_hours_squared)
SELECT account_id, max(at), count(*) FILTER (WHERE gap > 0), COALESCE(sum(gap), 0), COALESCE(sum(gap * gap), 0)
FROM steps
GROUP BY account_id
ON CONFLICT (account_id) DO UPDATE SET
    last_at = excluded.last_at,
    gaps = v.gaps + excluded.gaps,
    gap_hours = v.gap_hours * power(0.5, excluded.gap_hours / 336) + excluded.gap_hours,
    gap_hours_squared = v.gap_hours_squared * power(0.5, excluded.gap_hours / 336) + excluded.gap_hours_squared";

// Whoever spoke seldom so far has no usual gap.
const SILENT: &str = "
SELECT v.account_id, v.last_at, v.gap_hours_squared / v.gap_hours AS usual_hours
FROM pipeline.account_voice v
JOIN pipeline.account a ON a.account_id = v.account_id AND a.removed_at IS NULL
WHERE v.gaps >= 5 AND v.gap_hours > 0
    AND GREATEST(v.last_at, a.added_at) < $1::timestamptz
        - GREATEST(INTERVAL '1 day', make_interval(secs => 3 * 3600 * v.gap_hours_squared / v.gap_hours))
ORDER BY v.account_id";

const ALERTED: &str = "
SELECT account_id
FROM pipeline.operator_alert
WHERE kind = $1 AND resolved_at IS NULL
ORDER BY account_id";

/// An account that has fallen silent.
#[derive(Debug, FromRow)]
pub(in crate::schedule) struct Silent {
    pub(in crate::schedule) account_id: String,
    last_at: jiff_sqlx::Timestamp,
    /// Its usual gap.
    pub(in crate::schedule) usual_hours: f64,
}

impl Silent {
    pub(in crate::schedule) fn last_at(&self) -> Timestamp {
        self.last_at.to_jiff()
    }
}

/// Begins a look, unless the last one was after `before`. Says when that one was.
pub(in crate::schedule) async fn begin(
    conn: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
) -> Result<Option<Timestamp>, sqlx::Error> {
    sqlx::query(PUT_UP).bind(NEVER.to_sqlx()).execute(&mut *conn).await?;
    let looked_at: Option<jiff_sqlx::Timestamp> =
        sqlx::query_scalar(LOOKED_AT).bind(before.to_sqlx()).fetch_optional(&mut *conn).await?;
    if looked_at.is_some() {
        sqlx::query(LOOK).bind(now.to_sqlx()).execute(conn).await?;
    }
    Ok(looked_at.map(jiff_sqlx::Timestamp::to_jiff))
}

/// Notes who spoke in the meantime; what was heard before changes nothing.
pub(in crate::schedule) async fn hear(
    conn: &mut PgConnection,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(HEAR).bind(since.to_sqlx()).bind(now.to_sqlx()).execute(conn).await?;
    Ok(())
}

/// Watched accounts that are silent for longer than usual.
pub(in crate::schedule) async fn silent(
    conn: &mut PgConnection,
    now: Timestamp,
) -> Result<Vec<Silent>, sqlx::Error> {
    sqlx::query_as(SILENT).bind(now.to_sqlx()).fetch_all(conn).await
}

/// Accounts of whose silence there is an open alert.
pub(in crate::schedule) async fn alerted(conn: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(ALERTED).bind(AlertKind::NoWebhooks.as_str()).fetch_all(conn).await
}
