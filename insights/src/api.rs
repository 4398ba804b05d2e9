//! What handlers need, shared by all requests.

use std::sync::Arc;

use cekbrand_schema::SharedClock;
use sqlx::PgPool;

use crate::limit::RateLimit;
use crate::pages::attempts::Attempts;
use crate::settings::Telling;

/// The state of the HTTP surface.
#[derive(Debug, Clone)]
pub struct Api {
    /// The tables.
    pub pool: PgPool,
    /// What time it is.
    pub clock: SharedClock,
    /// Each key's rate.
    pub limit: Arc<RateLimit>,
    /// Each address's tries to sign in.
    pub(crate) attempts: Arc<Attempts>,
    /// How people are told.
    pub(crate) telling: Arc<Telling>,
}

impl Api {
    /// Nobody has asked anything yet.
    pub fn new(pool: PgPool, clock: SharedClock, requests_per_second: u32) -> Self {
        let limit = Arc::new(RateLimit::new(requests_per_second));
        let attempts = Arc::new(Attempts::new(Arc::clone(&clock)));
        Self { pool, clock, limit, attempts, telling: Arc::default() }
    }

    /// The same that can add receivers.
    #[must_use]
    pub fn with_telling(mut self, telling: Telling) -> Self {
        self.telling = Arc::new(telling);
        self
    }
}
