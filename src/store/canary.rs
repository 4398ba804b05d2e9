//! Whether canaries have landed.

use std::collections::HashSet;

use cekbrand_schema::EventId;
use sqlx::PgPool;

const LANDED: &str = "SELECT event_id FROM pipeline.event_key WHERE event_id = ANY($1)";

/// Which of the changes have landed: their key is written with their row.
pub(crate) async fn landed(pool: &PgPool, ids: &[EventId]) -> Result<HashSet<EventId>, sqlx::Error> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| &id.as_bytes()[..]).collect();
    let landed: Vec<Vec<u8>> = sqlx::query_scalar(LANDED).bind(ids).fetch_all(pool).await?;
    Ok(landed.iter().filter_map(|id| EventId::from_slice(id)).collect())
}
