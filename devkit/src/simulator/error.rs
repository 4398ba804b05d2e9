//! Meta's error answers: one envelope, told apart by code and subcode.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// An error as the Graph API answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GraphError {
    /// The HTTP status, which says less than the code.
    pub status: u16,
    /// The code.
    pub code: i64,
    /// The subcode, if there is one.
    pub subcode: Option<i64>,
    /// `OAuthException`, `GraphMethodException`, ...
    pub kind: &'static str,
    /// The message, in English.
    pub message: String,
    /// Whether Meta calls it passing; absent if Meta does not say.
    pub is_transient: Option<bool>,
    /// Title and text meant for people.
    pub user: Option<(String, String)>,
}

impl GraphError {
    /// An `OAuthException` with HTTP status 400.
    pub(super) fn new(code: i64, subcode: Option<i64>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status: 400, code, subcode, kind: "OAuthException", message, is_transient: None, user: None }
    }

    /// A wrong parameter.
    pub(super) fn parameter(message: impl std::fmt::Display) -> Self {
        Self::new(100, None, format!("(#100) {message}"))
    }

    /// The thing is gone, never was, or may not be seen with this token.
    pub(super) fn gone(id: &str) -> Self {
        let message = format!(
            "Unsupported get request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation. Please read the Graph API documentation at \
             https://developers.facebook.com/docs/graph-api"
        );
        Self { kind: "GraphMethodException", ..Self::new(100, Some(33), message) }
    }

    /// Fewer than five people saw it.
    pub(super) fn not_enough_viewers() -> Self {
        Self { status: 403, ..Self::new(10, None, "(#10) Not enough viewers for the media to show insights") }
    }

    /// The application may not do this.
    pub(super) fn no_permission() -> Self {
        Self {
            status: 403,
            ..Self::new(10, None, "(#10) Application does not have permission for this action")
        }
    }

    /// The medium is older than the account's life as a business.
    pub(super) fn before_conversion() -> Self {
        let user = "The media was posted before the most recent time that the account was converted to a business account.";
        Self {
            user: Some(("Media posted before business account conversion".to_owned(), user.to_owned())),
            is_transient: Some(false),
            ..Self::new(100, Some(2_108_006), "Invalid parameter")
        }
    }

    /// The account's limit is reached.
    pub(super) fn account_throttled() -> Self {
        Self::new(80_002, None, "(#80002) There have been too many calls to this Instagram account.")
    }

    /// The application's limit is reached.
    pub(super) fn app_throttled() -> Self {
        Self { status: 403, ..Self::new(4, None, "(#4) Application request limit reached") }
    }

    /// The token no longer works.
    pub(super) fn token_dead(subcode: i64) -> Self {
        let why = match subcode {
            458 => "The user has not authorized application",
            460 => "The session has been invalidated because the user changed their password",
            463 => "Session has expired",
            467 => "The session is invalid because the user logged out",
            _ => "The session is invalid",
        };
        Self::new(190, Some(subcode), format!("Error validating access token: {why}."))
    }

    /// A passing error of Meta's own.
    pub(super) fn passing() -> Self {
        let message = "An unexpected error has occurred. Please retry your request later.";
        Self { status: 500, is_transient: Some(true), ..Self::new(2, None, message) }
    }

    /// The account acts against Meta's policies.
    pub(super) fn policy_block() -> Self {
        Self::new(368, None, "The action attempted has been deemed abusive or is otherwise disallowed")
    }

    /// The same error under another `type`.
    #[must_use]
    pub(super) fn with_type(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// The HTTP status as a type.
    pub(super) fn http_status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST)
    }

    /// The body, with a trace id made from `call`.
    pub(super) fn body(&self, call: u64) -> Value {
        let mut error = Map::new();
        error.insert("message".to_owned(), self.message.clone().into());
        error.insert("type".to_owned(), self.kind.into());
        error.insert("code".to_owned(), self.code.into());
        if let Some(subcode) = self.subcode {
            error.insert("error_subcode".to_owned(), subcode.into());
        }
        if let Some(passing) = self.is_transient {
            error.insert("is_transient".to_owned(), passing.into());
        }
        if let Some((title, text)) = &self.user {
            error.insert("error_user_title".to_owned(), title.clone().into());
            error.insert("error_user_msg".to_owned(), text.clone().into());
        }
        error.insert("fbtrace_id".to_owned(), format!("Asim{:018x}", crate::seeded::mix(&[call])).into());
        json!({ "error": error })
    }
}
