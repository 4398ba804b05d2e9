//! What came back from a read: fit to be recorded, and parsed once.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::envelope::ErrorEnvelope;
use crate::error::GraphError;
use crate::json;
use crate::paging;
use crate::request::Request;
use crate::usage::Usage;

/// Stands where a secret stood.
const BLOT: &str = "[redacted]";

/// One answer.
#[derive(Debug)]
pub struct Answer {
    /// What was asked.
    pub request: Request,
    /// HTTP status.
    pub status: u16,
    /// The body as received, but without the query of paging URLs, without secrets, and with U+FFFD for what
    /// is no UTF-8.
    pub body: String,
    /// What the rate limit headers said.
    pub usage: Usage,
    /// When the answer was complete.
    pub observed_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The body's JSON, or why there is nothing in it.
    pub content: Result<Value, GraphError>,
}

/// What the wire gave, before it is read.
#[derive(Debug)]
pub struct Received<'a> {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: &'a [u8],
    /// What the rate limit headers said.
    pub usage: Usage,
    /// When the answer was complete.
    pub observed_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
}

impl Answer {
    /// Reads an answer to `request`. Each of `secrets` is blotted out of it.
    pub fn read(request: &Request, received: Received<'_>, secrets: &[&str]) -> Self {
        let Received { status, body, usage, observed_at, duration } = received;
        let mut body = String::from_utf8_lossy(body).replace('\0', "\u{fffd}");
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            body = body.replace(secret, BLOT);
        }
        let body = paging::strip(&body);
        let content = content(status, &body, usage.regain());
        Self { request: request.clone(), status, body, usage, observed_at, duration, content }
    }

    /// The error of an answer that is JSON, but holds nothing of what was asked for.
    pub fn without_what_was_asked(&self) -> GraphError {
        GraphError::Garbage { status: self.status, reason: "what was asked for is not in it" }
    }
}

/// The content of a body, as [`Answer::read`] keeps it; a recorded one is read again by it.
///
/// # Errors
/// Meta's own refusal, or why there is nothing in the body.
pub fn content(status: u16, body: &str, regain: Option<Duration>) -> Result<Value, GraphError> {
    let garbage = |reason| Err(GraphError::Garbage { status, reason });
    let Ok(content) = json::parse(body) else {
        return garbage("not JSON");
    };
    if let Some(envelope) = ErrorEnvelope::read(&content) {
        return Err(GraphError::refused(&envelope, regain));
    }
    match status {
        200..=299 if content.is_object() => Ok(content),
        200..=299 => garbage("not an object"),
        _ => garbage("no error object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::MediaNode;

    fn answer(status: u16, body: &[u8]) -> Answer {
        let request = Request::node("ig_media", "179");
        let (observed_at, duration) = (Timestamp::UNIX_EPOCH, Duration::ZERO);
        let received = Received { status, body, usage: Usage::default(), observed_at, duration };
        Answer::read(&request, received, &["EAAB-token", ""])
    }

    #[test]
    fn a_token_that_meta_repeats_is_blotted_out() {
        let body = br#"{"error":{"message":"Malformed access token EAAB-token","code":190}}"#;
        let answer = answer(400, body);
        let shown = format!("{answer:?} {}", answer.content.as_ref().unwrap_err());
        assert!(!shown.contains("EAAB") && shown.contains("Malformed access token [redacted]"));
    }

    #[test]
    fn what_cannot_be_read_is_garbage() {
        for (status, body) in [
            (200, &b"<html>"[..]),
            (200, b"{\"id\":\"1\",\"capt"),
            (200, b""),
            (200, b"[1]"),
            (502, b"{}"),
            (200, b"\xff\xfe"),
        ] {
            let answer = answer(status, body);
            assert!(matches!(answer.content, Err(GraphError::Garbage { .. })), "{body:?}");
        }
    }

    #[test]
    fn an_error_object_counts_whatever_the_status() {
        let answer = answer(200, br#"{"error":{"message":"x","code":100,"error_subcode":33}}"#);
        assert_eq!(answer.content.unwrap_err().codes(), (Some(100), Some(33)));
    }

    #[test]
    fn a_body_with_nul_and_half_a_surrogate_pair_is_read() {
        let answer = answer(200, b"{\"id\":\"179\",\"caption\":\"a\\u0000\\ud83d\"}");
        let medium = MediaNode::read(answer.content.as_ref().unwrap()).unwrap();
        assert_eq!(medium.caption.as_deref(), Some("a\u{fffd}\u{fffd}"));
        assert!(answer.body.contains("\\ud83d"), "the body is kept as received");
    }

    #[test]
    fn a_body_that_the_database_could_not_keep_can_be_kept() {
        let body = answer(502, b"<html>\0\xff").body;
        assert_eq!(body, "<html>\u{fffd}\u{fffd}");
    }
}
