//! What came back from a read: fit to be recorded, and parsed once.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::catalogue::Fetch;
use crate::envelope::ErrorEnvelope;
use crate::error::GraphError;
use crate::insight::Insight;
use crate::json;
use crate::node::{CommentNode, MediaNode, UserNode};
use crate::paging;
use crate::request::Request;
use crate::usage::Usage;

/// Stands where a secret stood.
const BLOT: &str = "[redacted]";

/// One answer.
#[derive(Debug)]
pub struct Answer {
    /// The kind of read.
    pub fetch: Fetch,
    /// The read, without credentials.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// The body as received, but without the query of paging URLs, without secrets, and with U+FFFD for what is no UTF-8.
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
        let request_text = request.describe();
        Self {
            fetch: request.fetch(),
            request: request_text,
            status,
            body,
            usage,
            observed_at,
            duration,
            content,
        }
    }

    /// The user's node.
    ///
    /// # Errors
    /// The node has no id.
    pub fn user(&self, content: &Value) -> Result<UserNode, GraphError> {
        UserNode::read(content).ok_or_else(|| self.no_node())
    }

    /// The medium's node, its own or a mentioned one.
    ///
    /// # Errors
    /// The node has no id.
    pub fn media(&self, content: &Value) -> Result<MediaNode, GraphError> {
        let node = match self.fetch {
            Fetch::MentionedMedia => MediaNode::read_mentioned(content),
            _ => MediaNode::read(content),
        };
        node.ok_or_else(|| self.no_node())
    }

    /// The comment's node, its own or a mentioning one.
    ///
    /// # Errors
    /// The node has no id.
    pub fn comment(&self, content: &Value) -> Result<CommentNode, GraphError> {
        let node = match self.fetch {
            Fetch::MentionedComment => CommentNode::read_mentioned(content),
            _ => CommentNode::read(content),
        };
        node.ok_or_else(|| self.no_node())
    }

    /// The medium's metrics.
    ///
    /// # Errors
    /// There is no list of them.
    pub fn insights(&self, content: &Value) -> Result<Vec<Insight>, GraphError> {
        Insight::read_all(content).ok_or_else(|| self.no_node())
    }

    fn no_node(&self) -> GraphError {
        GraphError::Garbage { status: self.status, reason: "what was asked for is not in it" }
    }
}

fn content(status: u16, body: &str, regain: Option<Duration>) -> Result<Value, GraphError> {
    let garbage = |reason| Err(GraphError::Garbage { status, reason });
    let Ok(content) = json::parse(body) else {
        return garbage("not JSON");
    };
    if let Some(envelope) = ErrorEnvelope::read(&content) {
        return Err(GraphError::refused(envelope, regain));
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
    use crate::request::Fields;

    fn answer(status: u16, body: &[u8]) -> Answer {
        let request = Request::Media { id: "179".into(), fields: Fields::All };
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
        let answer = answer(200, b"{}");
        assert!(answer.media(answer.content.as_ref().unwrap()).is_err());
    }

    #[test]
    fn an_error_object_counts_whatever_the_status() {
        let answer = answer(200, br#"{"error":{"message":"x","code":100,"error_subcode":33}}"#);
        assert_eq!(answer.content.unwrap_err().codes(), (Some(100), Some(33)));
    }

    #[test]
    fn a_body_with_nul_and_half_a_surrogate_pair_is_read() {
        let answer = answer(200, b"{\"id\":\"179\",\"caption\":\"a\\u0000\\ud83d\"}");
        let medium = answer.media(answer.content.as_ref().unwrap()).unwrap();
        assert_eq!(medium.caption.as_deref(), Some("a\u{fffd}\u{fffd}"));
        assert!(answer.body.contains("\\ud83d"), "the body is kept as received");
    }
}
