//! What is wrong, and how to mend it: every check of an installation, for `doctor` and the support bundle.
//!
//! ```text
//!  database ─▶ migrations ─▶ clock      kafka ─▶ topics      meta ─▶ secrets ─▶ tokens ─▶ subscriptions
//!                                receiver: verify token, app secrets
//! ```
//!
//! A check that cannot be made because an earlier one failed says so, and is no mistake of its own.

mod database;
mod finding;
mod kafka;
mod meta;
mod receiver;

use sqlx::PgPool;

pub(crate) use self::finding::{Finding, Verdict};
use crate::config::Config;

/// Makes every check; Meta is asked about so many accounts at most.
pub(crate) async fn examine(config: &Config, accounts: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    let pool: Option<PgPool> = database::check(config, &mut findings).await;
    kafka::check(config, &mut findings).await;
    receiver::check(config, &mut findings).await;
    meta::check(config, pool.as_ref(), accounts, &mut findings).await;
    findings
}
