//! Every answer is kept as it was received, so that rows can be made again without asking again.

use cekbrand_graph::{Answer, GraphError};
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

const RECORD: &str = "
INSERT INTO pipeline.graph_response
    (fetch_id, account_id, target_id, request, status, body, error_code, error_subcode, usage, observed_at,
     api_version, duration_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

/// Whose answer it is.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// With whose token it was asked for.
    pub account_id: &'a str,
    /// What it is about.
    pub target_id: &'a str,
    /// The API's version.
    pub api_version: &'a str,
}

/// Keeps an answer. Its body holds no token and no query of a paging URL: [`Answer`] sees to that.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn record(conn: &mut PgConnection, origin: Origin<'_>, answer: &Answer) -> Result<(), sqlx::Error> {
    let (code, subcode) = answer.content.as_ref().err().map_or((None, None), GraphError::codes);
    let int = |code: i64| i32::try_from(code).unwrap_or(i32::MAX);
    sqlx::query(RECORD)
        .bind(answer.request.fetch())
        .bind(origin.account_id)
        .bind(origin.target_id)
        .bind(answer.request.describe())
        .bind(i32::from(answer.status))
        .bind(&answer.body)
        .bind(code.map(int))
        .bind(subcode.map(int))
        .bind(answer.usage.to_json())
        .bind(answer.observed_at.to_sqlx())
        .bind(origin.api_version)
        .bind(i32::try_from(answer.duration.as_millis()).unwrap_or(i32::MAX))
        .execute(conn)
        .await?;
    Ok(())
}
