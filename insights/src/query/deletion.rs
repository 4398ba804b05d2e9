//! How far a request to delete is.

use sqlx::PgPool;

const STATE: &str = "
SELECT state FROM pipeline.deletion_request
WHERE confirmation_code = $1 AND kind = 'data_deletion'";

/// The state of a request, in the column's word; `None` where no such request has landed.
pub(crate) async fn state(pool: &PgPool, code: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(STATE).bind(code).fetch_optional(pool).await
}
