//! What the rows know of an account: for planning reads of its figures.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

const FOLLOWERS: &str = "
SELECT d.followers_count FROM instagram.user_data d
WHERE d.user_id = $1 AND d.followers_count IS NOT NULL AND d.updated_timestamp > $2
ORDER BY d.datestamp DESC LIMIT 1";

const USERNAME: &str = r#"
SELECT u.username FROM instagram."user" u
WHERE u.id = $1
    AND NOT EXISTS (SELECT 1 FROM pipeline.account a WHERE a.account_id = u.id AND a.removed_at IS NULL)"#;

const REFUSED: &str = "
SELECT r.metric FROM pipeline.refused_metric r WHERE r.account_id = $1 AND r.refused_at > $2";

const REFUSE: &str = "
INSERT INTO pipeline.refused_metric AS r (account_id, metric, refused_at)
SELECT $1, given.metric, $3 FROM UNNEST($2::text[]) AS given (metric) ORDER BY given.metric
ON CONFLICT (account_id, metric) DO UPDATE SET refused_at = GREATEST(r.refused_at, EXCLUDED.refused_at)";

/// What is known of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFacts {
    /// Its followers, if they were counted lately.
    pub followers: Option<i64>,
    /// Metrics that the API refused it, not long ago.
    pub refused: BTreeSet<String>,
}

/// How old what is known may be.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// Followers that were counted before this are not known.
    pub counted: Timestamp,
    /// A refusal before this is forgotten.
    pub refused: Timestamp,
}

/// Reads what is known of an account.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn facts(
    conn: &mut PgConnection,
    account_id: &str,
    since: Since,
) -> Result<AccountFacts, sqlx::Error> {
    let followers = sqlx::query_scalar(FOLLOWERS)
        .bind(account_id)
        .bind(since.counted.to_sqlx())
        .fetch_optional(&mut *conn)
        .await?;
    let refused: Vec<String> =
        sqlx::query_scalar(REFUSED).bind(account_id).bind(since.refused.to_sqlx()).fetch_all(conn).await?;
    Ok(AccountFacts { followers, refused: refused.into_iter().collect() })
}

/// The user name of an account of somebody else, if it is known.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn username(conn: &mut PgConnection, user_id: &str) -> Result<Option<String>, sqlx::Error> {
    let name: Option<Option<String>> =
        sqlx::query_scalar(USERNAME).bind(user_id).fetch_optional(conn).await?;
    Ok(name.flatten())
}

/// Notes that the API refused an account some metrics while it answered others.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn refuse(
    conn: &mut PgConnection,
    account_id: &str,
    metrics: &[&'static str],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if metrics.is_empty() {
        return Ok(());
    }
    let metrics: BTreeSet<_> = metrics.iter().copied().collect();
    sqlx::query(REFUSE)
        .bind(account_id)
        .bind(metrics.into_iter().collect::<Vec<_>>())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}
