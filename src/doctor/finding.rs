//! What a check found.

use serde::Serialize;

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
    pub(super) fn fine(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, subject: None, verdict: Verdict::Fine { what: what.into() } }
    }

    pub(super) fn wrong(check: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        let verdict = Verdict::Wrong { what: what.into(), mend: mend.into() };
        Self { check, subject: None, verdict }
    }

    pub(super) fn unknown(check: &'static str, why: impl Into<String>) -> Self {
        Self { check, subject: None, verdict: Verdict::Unknown { why: why.into() } }
    }

    pub(super) fn of(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }

    /// Whether it is a mistake.
    pub(crate) const fn is_wrong(&self) -> bool {
        matches!(self.verdict, Verdict::Wrong { .. })
    }
}
