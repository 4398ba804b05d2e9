//! Errors over HTTP: RFC 9457 problem JSON that says what to do and nothing that helps an attacker.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::publish::{PublishError, Unpublished};
use crate::signature::SignatureError;
use crate::signed_request::SignedRequestError;

/// Everything that can keep a request from its 200.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The handshake's token is wrong.
    #[error("the verify token is wrong")]
    WrongVerifyToken,
    /// The handshake lacks a parameter or asks for something else; says which.
    #[error("the handshake is incomplete: {0}")]
    IncompleteHandshake(&'static str),
    /// The delivery is not signed by a secret of ours.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The signed request is not Meta's, or not of now.
    #[error(transparent)]
    SignedRequest(#[from] SignedRequestError),
    /// A deletion was asked for, but where its status could be shown is not configured.
    #[error("CEKBRAND__INGEST__PUBLIC_URL is not set, so that a data deletion cannot be answered")]
    NoPublicUrl,
    /// Not a form with a `signed_request`.
    #[error("the body is no form with a signed_request")]
    NoForm,
    /// Nothing is served there.
    #[error("nothing is served at this path")]
    NoSuchPath,
    /// The path knows other methods.
    #[error("the path does not know this method")]
    NoSuchMethod,
    /// The body is larger than allowed.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("the body took too long")]
    TooSlow,
    /// The connection broke while the body was read.
    #[error("the body could not be read")]
    BrokenBody,
    /// Too many requests, or too many bytes, at once.
    #[error("overloaded")]
    Overloaded,
    /// Kafka has not acknowledged every record.
    #[error(transparent)]
    NotDurable(#[from] PublishError),
}

impl From<Unpublished> for Problem {
    /// The sender keeps the delivery, so that its records need not be kept here.
    fn from(unpublished: Unpublished) -> Self {
        Self::NotDurable(unpublished.error)
    }
}

impl Problem {
    /// The one place that decides on a status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::WrongVerifyToken => StatusCode::FORBIDDEN,
            Self::IncompleteHandshake(_) | Self::BrokenBody | Self::NoForm => StatusCode::BAD_REQUEST,
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Signature(_) | Self::SignedRequest(_) => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Overloaded | Self::NotDurable(_) | Self::NoPublicUrl => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The name used as a metric label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::WrongVerifyToken => "wrong_verify_token",
            Self::IncompleteHandshake(_) => "incomplete_handshake",
            Self::Signature(error) => error.as_str(),
            Self::SignedRequest(error) => error.as_str(),
            Self::NoPublicUrl => "no_public_url",
            Self::NoForm => "no_form",
            Self::NoSuchPath => "no_such_path",
            Self::NoSuchMethod => "no_such_method",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::BrokenBody => "broken_body",
            Self::Overloaded => "overloaded",
            Self::NotDurable(error) => error.as_str(),
        }
    }

    const fn detail(&self) -> &'static str {
        match self {
            Self::WrongVerifyToken => "The handshake was refused.",
            Self::IncompleteHandshake(_) => {
                "The handshake needs hub.mode=subscribe, hub.verify_token and hub.challenge."
            }
            Self::Signature(_) | Self::SignedRequest(_) => "The request is not signed as it must be.",
            Self::NoForm => "The body must be a form with a signed_request.",
            Self::NoSuchPath => "Nothing is served at this path.",
            Self::NoSuchMethod => "This path does not know the method.",
            Self::TooLarge => "The body is larger than this receiver takes.",
            Self::TooSlow => "The body did not arrive in time.",
            Self::BrokenBody => "The body could not be read.",
            Self::Overloaded | Self::NotDurable(_) | Self::NoPublicUrl => {
                "The delivery could not be made durable; send it again later."
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.detail(),
        });
        let content_type = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, content_type)], body.to_string()).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        // What is left of a refused body is not worth reading, so the connection ends with the answer.
        if matches!(self, Self::TooLarge | Self::TooSlow | Self::Overloaded) {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
