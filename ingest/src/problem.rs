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

#[cfg(test)]
mod tests {
    use super::*;

    /// Status, metric label and the words that the sender reads.
    #[test]
    fn each_problem_has_its_status_its_name_and_words_that_say_what_to_do() {
        let signed = "The request is not signed as it must be.";
        let later = "The delivery could not be made durable; send it again later.";
        for (problem, status, name, words) in [
            (Problem::WrongVerifyToken, 403, "wrong_verify_token", "The handshake was refused."),
            (Problem::Signature(SignatureError::Missing), 401, "missing", signed),
            (Problem::Signature(SignatureError::Repeated), 401, "repeated", signed),
            (Problem::Signature(SignatureError::IllFormed), 401, "ill_formed", signed),
            (Problem::Signature(SignatureError::Mismatch), 401, "mismatch", signed),
            (Problem::SignedRequest(SignedRequestError::Age), 401, "signed_request_age", signed),
            (Problem::NoPublicUrl, 503, "no_public_url", later),
            (Problem::NoForm, 400, "no_form", "The body must be a form with a signed_request."),
            (Problem::NoSuchPath, 404, "no_such_path", "Nothing is served at this path."),
            (Problem::NoSuchMethod, 405, "no_such_method", "This path does not know the method."),
            (Problem::TooLarge, 413, "too_large", "The body is larger than this receiver takes."),
            (Problem::TooSlow, 408, "too_slow", "The body did not arrive in time."),
            (Problem::BrokenBody, 400, "broken_body", "The body could not be read."),
            (Problem::Overloaded, 503, "overloaded", later),
            (Problem::NotDurable(PublishError::QueueFull), 503, "queue_full", later),
            (Problem::NotDurable(PublishError::TimedOut), 503, "timed_out", later),
            (Problem::NotDurable(PublishError::Refused("x".to_owned())), 503, "refused", later),
            (Problem::NotDurable(PublishError::SpoolFull), 503, "spool_full", later),
            (Problem::NotDurable(PublishError::SpoolFailed("x".to_owned())), 503, "spool_failed", later),
        ] {
            assert_eq!((problem.status().as_u16(), problem.as_str()), (status, name));
            assert_eq!(problem.detail(), words, "{name}");
        }
        let handshake = Problem::IncompleteHandshake("hub.mode is missing");
        assert_eq!((handshake.status().as_u16(), handshake.as_str()), (400, "incomplete_handshake"));
        assert!(handshake.detail().contains("hub.mode=subscribe"));
    }

    /// What is left of a body is not waited for; every other connection may be used again.
    #[test]
    fn a_connection_ends_with_its_answer_where_a_body_was_left_unread() {
        let headers = |problem: Problem| problem.into_response().headers().clone();
        for problem in [Problem::TooLarge, Problem::TooSlow, Problem::Overloaded] {
            assert_eq!(headers(problem)["connection"], "close");
        }
        for problem in [Problem::NoForm, Problem::NoPublicUrl, Problem::WrongVerifyToken] {
            assert!(!headers(problem).contains_key("connection"));
        }
        assert_eq!(headers(Problem::Overloaded)["retry-after"], "5");
        assert!(!headers(Problem::TooLarge).contains_key("retry-after"));
        assert_eq!(headers(Problem::NoForm)["content-type"], "application/problem+json");
    }
}
