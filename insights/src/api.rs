//! What handlers need, shared by all requests.

use std::sync::Arc;

use cekbrand_schema::SharedClock;
use sqlx::PgPool;

use crate::limit::RateLimit;

/// The state of the HTTP surface.
#[derive(Debug, Clone)]
pub struct Api {
    /// The tables.
    pub pool: PgPool,
    /// What time it is.
    pub clock: SharedClock,
    /// Each key's rate.
    pub limit: Arc<RateLimit>,
}
