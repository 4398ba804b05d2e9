//! What a person has to do something about: a row that is open until it is mended, and one line in the log
//! when it appears.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection};

const RAISED: &str = "cekbrand_worker_alerts_raised_total";
const OPEN: &str = "cekbrand_worker_open_alerts";

// True only for the statement that made the row: later ones change its words at most.
const RAISE: &str = "
INSERT INTO pipeline.operator_alert AS a (account_id, kind, detail, raised_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, kind) WHERE resolved_at IS NULL DO UPDATE SET detail = EXCLUDED.detail
WHERE a.detail IS DISTINCT FROM EXCLUDED.detail
RETURNING a.xmax = 0";

const RESOLVE: &str = "
UPDATE pipeline.operator_alert a SET resolved_at = GREATEST(a.raised_at, $3)
WHERE a.account_id = $1 AND a.kind = ANY($2) AND a.resolved_at IS NULL";

const LIST: &str = "
SELECT account_id, kind, detail, raised_at FROM pipeline.operator_alert
WHERE resolved_at IS NULL AND ($1::text IS NULL OR account_id = $1)
ORDER BY raised_at, id";

const COUNT: &str = "
SELECT k.kind, count(a.id) AS number
FROM UNNEST($1::text[]) AS k (kind)
LEFT JOIN pipeline.operator_alert a ON a.kind = k.kind AND a.resolved_at IS NULL
GROUP BY k.kind";

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertKind {
    /// The account's token no longer works.
    TokenDead,
    /// The token ends soon and cannot be renewed.
    TokenDying,
    /// The token lacks a permission.
    PermissionMissing,
    /// Webhooks are not subscribed for the account.
    NotSubscribed,
    /// No webhook comes any more, after some did.
    NoWebhooks,
}

impl AlertKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::TokenDead, Self::TokenDying, Self::PermissionMissing, Self::NotSubscribed, Self::NoWebhooks];

    /// The name in the `kind` column and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenDead => "token_dead",
            Self::TokenDying => "token_dying",
            Self::PermissionMissing => "permission_missing",
            Self::NotSubscribed => "not_subscribed",
            Self::NoWebhooks => "no_webhooks",
        }
    }
}

/// An alert to be raised.
#[derive(Debug, Clone, Copy)]
pub struct Alert<'a> {
    /// About whom.
    pub account_id: &'a str,
    /// About what.
    pub kind: AlertKind,
    /// What is wrong and what to do.
    pub detail: &'a str,
}

/// An open alert.
#[derive(Debug, Clone, FromRow)]
pub struct OpenAlert {
    /// About whom.
    pub account_id: String,
    /// About what.
    pub kind: String,
    /// What is wrong and what to do.
    pub detail: String,
    /// Since when.
    pub raised_at: jiff_sqlx::Timestamp,
}

/// Raises an alert; says in the log so where it is new.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn raise(conn: &mut PgConnection, alert: Alert<'_>, now: Timestamp) -> Result<(), sqlx::Error> {
    let Alert { account_id, kind, detail } = alert;
    let raised: Option<bool> = sqlx::query_scalar(RAISE)
        .bind(account_id)
        .bind(kind.as_str())
        .bind(detail)
        .bind(now.to_sqlx())
        .fetch_optional(conn)
        .await?;
    if raised == Some(true) {
        metrics::counter!(RAISED, "kind" => kind.as_str()).increment(1);
        tracing::error!(account.id = account_id, alert = kind.as_str(), detail, "an operator has to act");
    }
    Ok(())
}

/// Ends open alerts of an account that were mended.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn resolve(
    conn: &mut PgConnection,
    account_id: &str,
    kinds: &[AlertKind],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    sqlx::query(RESOLVE).bind(account_id).bind(kinds).bind(now.to_sqlx()).execute(conn).await?;
    Ok(())
}

/// Open alerts, of one account or of all, the oldest first.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn open(conn: &mut PgConnection, account_id: Option<&str>) -> Result<Vec<OpenAlert>, sqlx::Error> {
    sqlx::query_as(LIST).bind(account_id).fetch_all(conn).await
}

/// Shows how many alerts are open, by kind.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn show(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let kinds = AlertKind::ALL.map(AlertKind::as_str);
    let counts: Vec<(String, i64)> = sqlx::query_as(COUNT).bind(&kinds[..]).fetch_all(conn).await?;
    for (kind, number) in counts {
        metrics::gauge!(OPEN, "kind" => kind).set(number as f64);
    }
    Ok(())
}

pub(crate) fn describe() {
    metrics::describe_counter!(RAISED, "Alerts that an operator has to act on, by kind");
    metrics::describe_gauge!(OPEN, "Alerts that are open, by kind; every worker shows the same");
}
