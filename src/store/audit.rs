//! Who did what.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::PgExecutor;

const INSERT: &str = "
INSERT INTO pipeline.audit (at, actor, action, target, detail)
VALUES ($1, $2, $3, $4, $5)";

/// Notes an operator's action; `detail` holds no secret.
pub(crate) async fn record(
    executor: impl PgExecutor<'_>,
    action: &'static str,
    target: &str,
    detail: Value,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let actor =
        std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "unknown".into());
    sqlx::query(INSERT)
        .bind(now.to_sqlx())
        .bind(actor)
        .bind(action)
        .bind(target)
        .bind(detail)
        .execute(executor)
        .await?;
    Ok(())
}
