//! What the parts of enriching share.

use std::sync::Arc;

use cekbrand_graph::GraphApi;
use cekbrand_schema::SharedClock;
use sqlx::PgPool;

use super::grants::Grants;
use super::refusals::Refusals;
use super::settings::Settings;
use crate::token::seal::TokenKeys;

/// A worker's means, and what it learned.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) pool: PgPool,
    pub(super) api: Arc<dyn GraphApi>,
    pub(super) keys: TokenKeys,
    pub(super) app_id: String,
    pub(super) clock: SharedClock,
    pub(super) settings: Settings,
    pub(super) refusals: Refusals,
    pub(super) grants: Grants,
}
