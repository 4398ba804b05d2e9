//! What is wrong, and how to mend it: every check of an installation, for `doctor` and the support bundle.
//!
//! ```text
//!  database ─▶ migrations ─▶ clock      kafka ─▶ topics      meta ─▶ secrets ─▶ tokens ─▶ subscriptions
//!                                receiver: verify token, app secrets
//! ```
//!
//! A check that cannot be made because an earlier one failed says so, and is no mistake of its own.

mod database;
mod kafka;
mod meta;
mod receiver;

use serde::Serialize;
use sqlx::PgPool;

use crate::config::Config;

/// One check's result.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// Which check.
    pub(crate) check: &'static str,
    /// Of what: an account, a topic; `None` where there is only one thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
}

/// What a check found.
#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// As it should be.
    Fine { what: String },
    /// A mistake.
    Wrong { what: String, mend: String },
    /// Nobody could find out.
    Unknown { why: String },
}

impl Finding {
    fn fine(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, subject: None, verdict: Verdict::Fine { what: what.into() } }
    }

    fn wrong(check: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        let verdict = Verdict::Wrong { what: what.into(), mend: mend.into() };
        Self { check, subject: None, verdict }
    }

    fn unknown(check: &'static str, why: impl Into<String>) -> Self {
        Self { check, subject: None, verdict: Verdict::Unknown { why: why.into() } }
    }

    fn of(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// Whether it is a mistake.
    pub(crate) const fn is_wrong(&self) -> bool {
        matches!(self.verdict, Verdict::Wrong { .. })
    }
}

/// Makes every check; Meta is asked about so many accounts at most.
pub(crate) async fn examine(config: &Config, accounts: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    let pool: Option<PgPool> = database::check(config, &mut findings).await;
    kafka::check(config, &mut findings).await;
    receiver::check(config, &mut findings).await;
    meta::check(config, pool.as_ref(), accounts, &mut findings).await;
    findings
}
