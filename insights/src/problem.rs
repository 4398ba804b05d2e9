//! Every answer that is not 200: RFC 9457 problem JSON. Its types keep the words that readers of the API
//! already know.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a request did not get what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No key, or one that is malformed, unknown, expired or revoked: the answer is the same.
    #[error("no valid API key")]
    Unauthorized,
    /// The key has used up its rate.
    #[error("too many requests with this key")]
    RateLimited,
    /// An access token stood in the query, where logs and histories keep it.
    #[error("an access token in the query")]
    TokenInQuery,
    /// A parameter has a value that does not exist.
    #[error("invalid parameter: {detail}")]
    InvalidParameter {
        /// What is wrong, in a sentence.
        detail: Cow<'static, str>,
        /// What would be right, where that is a list.
        allowed: Vec<String>,
    },
    /// What was sent to be stored is of no form that this path takes.
    #[error("unsupported content")]
    UnsupportedContent,
    /// What was sent is larger than anything that can be meant.
    #[error("too much content")]
    TooLarge,
    /// No such account, or one that the key may not see: the answer is the same.
    #[error("no such account")]
    UnknownAccount,
    /// No such thing among those that the key may see.
    #[error("no such thing")]
    UnknownThing,
    /// The key sees some accounts, and this is about all of them.
    #[error("not for this key")]
    NotForThisKey,
    /// There is already one.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// Nothing is stored about the medium.
    #[error("nothing is known of this medium")]
    NotCollected,
    /// Every figure asked for is withheld because fewer than five people saw the medium.
    #[error("not enough viewers")]
    InsufficientViewers,
    /// The account's token may read none of the figures asked for.
    #[error("the account's token may not read this")]
    PermissionDenied,
    /// A form that we did not make for this session, or that another site sent.
    #[error("a form that is not ours")]
    Refused,
    /// No such path.
    #[error("no such path")]
    NotFound,
    /// The path has no such method.
    #[error("no such method")]
    MethodNotAllowed,
    /// The answer took too long.
    #[error("the answer took too long")]
    TooSlow,
    /// The database did not give an answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A fault of ours.
    #[error("internal error")]
    Internal,
}

impl Problem {
    /// A parameter that is wrong in a way no list mends.
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::InvalidParameter { detail: detail.into(), allowed: Vec::new() }
    }

    /// The one place that decides on a status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::TokenInQuery | Self::InvalidParameter { .. } => StatusCode::BAD_REQUEST,
            Self::UnsupportedContent => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownAccount
            | Self::UnknownThing
            | Self::NotCollected
            | Self::InsufficientViewers
            | Self::NotFound => StatusCode::NOT_FOUND,
            Self::PermissionDenied | Self::NotForThisKey | Self::Refused => StatusCode::FORBIDDEN,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(error) if is_passing(error) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// `type` in the answer.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::RateLimited => "rate_limited",
            Self::TokenInQuery => "token_in_query",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::UnsupportedContent => "unsupported_content",
            Self::TooLarge => "too_large",
            Self::UnknownAccount => "unknown_account",
            Self::UnknownThing => "unknown",
            Self::NotForThisKey => "not_for_this_key",
            Self::Conflict(_) => "conflict",
            Self::NotCollected => "not_collected",
            Self::InsufficientViewers => "insufficient_viewers",
            Self::PermissionDenied => "permission_denied",
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooSlow => "unavailable",
            Self::Database(error) if is_passing(error) => "unavailable",
            Self::Database(_) | Self::Internal => "internal",
        }
    }

    fn detail(&self) -> &str {
        match self {
            Self::Unauthorized => "Send a valid API key: `Authorization: Bearer cbk_...`.",
            Self::RateLimited => "This key has used up its requests for now; try again in a second.",
            Self::TokenInQuery => {
                "Access tokens do not belong in a URL. Take it out; if it is real, replace it, since it may have been logged on the way."
            }
            Self::InvalidParameter { detail, .. } => detail,
            Self::UnsupportedContent => "Send JSON, with `Content-Type: application/json`.",
            Self::TooLarge => "Send less: at most 64 kB.",
            Self::UnknownAccount => {
                "There is no such account for this key: `/api/accounts` lists those that there are."
            }
            Self::UnknownThing => "There is no such thing for this key.",
            Self::NotForThisKey => "This is about all accounts: ask with a key that is bound to none.",
            Self::Conflict(detail) => detail,
            Self::NotCollected => "Nothing has been collected about this medium.",
            Self::InsufficientViewers => {
                "Fewer than five people have seen this medium, so Instagram gives no figures."
            }
            Self::PermissionDenied => "The account's token may not read these figures.",
            Self::Refused => "The form has expired or came from elsewhere; load the page again.",
            Self::NotFound => "There is nothing at this path.",
            Self::MethodNotAllowed => "This path does not take this method.",
            Self::TooSlow => "The answer took too long; try again in a few seconds.",
            Self::Database(error) if is_passing(error) => {
                "The database does not answer; try again in a few seconds."
            }
            Self::Database(_) | Self::Internal => {
                "Something went wrong here; the log has it under this answer's x-request-id."
            }
        }
    }

    fn body(&self, status: StatusCode) -> Value {
        let mut body = json!({
            "type": self.kind(),
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.detail(),
            "success": false,
        });
        match self {
            Self::InvalidParameter { allowed, .. } if !allowed.is_empty() => body["allowed"] = json!(allowed),
            // Programs written for Meta's own API look for its code.
            Self::InsufficientViewers => {
                body["error"] = json!({
                    "code": 10,
                    "message": "(#10) Not enough viewers for the media to show insights",
                });
            }
            _ => {}
        }
        body
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        match &self {
            Self::Database(error) => tracing::error!(error = %error, "the database gave no answer"),
            Self::TooSlow => tracing::error!("a request was given up because it took too long"),
            _ => {}
        }
        let content_type = HeaderValue::from_static("application/problem+json");
        let body = self.body(status).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body).into_response();
        let extra = match status {
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, "Bearer realm=\"cekbrand\"")),
            StatusCode::TOO_MANY_REQUESTS => Some((header::RETRY_AFTER, "1")),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "5")),
            _ => None,
        };
        if let Some((name, value)) = extra {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Whether the database is away rather than at odds with a statement.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection exceptions, insufficient resources, operator intervention (a server that stops).
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| ["08", "53", "57"].iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}
