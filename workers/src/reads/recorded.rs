//! Rows made again from a recorded answer, without asking again.

use cekbrand_graph::{Request, answer};
use jiff::Timestamp;

use super::figures;
use super::read::{Call, Job, Known};
use crate::rows::Rows;

/// An answer as `pipeline.graph_response` keeps it.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// What kind of read it was.
    pub fetch_id: &'a str,
    /// What it was about.
    pub target_id: &'a str,
    /// With whose token it was asked for.
    pub account_id: &'a str,
    /// Path and query.
    pub request: &'a str,
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'a str,
    /// The API's version.
    pub api_version: &'a str,
    /// When it came.
    pub observed_at: Timestamp,
}

/// The rows that the answer made when it came; `None` where it was a refusal, or of a kind that this version
/// does not know. What a refusal leads to depends on the task, and is not made again.
pub fn rows(recorded: Recorded<'_>, known: &Known) -> Option<Rows> {
    let read = super::ALL.into_iter().find(|read| read.about().fetch_id == recorded.fetch_id)?;
    let request = Request::recorded(recorded.fetch_id, recorded.request);
    let metrics = figures::asked(request.parameter("metric").unwrap_or_default());
    let content = answer::content(recorded.status, recorded.body, None).ok()?;
    let job = Job {
        target_id: recorded.target_id,
        account_id: recorded.account_id,
        variant: "",
        cursor: "",
        api_version: recorded.api_version,
        at: recorded.observed_at,
    };
    read.rows(job, known, &Call { request, metrics, smaller: None }, &content)
}
