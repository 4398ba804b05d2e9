//! Why a read gave nothing, and what to do about it. The HTTP status decides nothing that Meta's code does
//! not decide better.
//!
//! No error shows a URL's query, a token, a proof or a secret.

use std::time::Duration;

use crate::envelope::ErrorEnvelope;
use crate::paging::strip_prose;
use crate::refusal;

/// Longest message of Meta's that an error repeats.
const MESSAGE_LIMIT: usize = 300;

/// Why a read gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// No whole answer arrived.
    #[error("no answer from the Graph API")]
    Network(#[source] reqwest::Error),
    /// No whole answer arrived in time.
    #[error("no answer from the Graph API within the time-out")]
    Timeout,
    /// The answer is longer than anything we ask for.
    #[error("an answer longer than {limit} bytes")]
    TooLong {
        /// The longest that is read.
        limit: usize,
    },
    /// The answer is not what the API speaks: HTML, JSON cut short, or a node without its id.
    #[error("an answer with status {status} that cannot be read: {reason}")]
    Garbage {
        /// HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An id of the request cannot be part of an address.
    #[error("the id cannot be part of an address")]
    NotAddressable,
    /// Meta refused the read.
    #[error("code {code}{}: {message}", subcode.map(|s| format!("/{s}")).unwrap_or_default())]
    Refused {
        /// Meta's code.
        code: i64,
        /// Its refinement.
        subcode: Option<i64>,
        /// Meta's words, without queries, shortened.
        message: String,
        /// Whether Meta says that it will pass.
        is_transient: bool,
        /// From the usage headers: when access is regained.
        regain: Option<Duration>,
    },
}

/// Whom a throttle concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every call of the app.
    App,
    /// The calls for one account.
    Account,
}

/// What to do after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Passing: try again later, with backoff.
    Retry {
        /// Ask for less next time.
        shrink: bool,
    },
    /// Stop calling for the account or the app.
    Throttled {
        /// Whom it concerns.
        scope: Scope,
        /// For how long, where Meta says so.
        regain: Option<Duration>,
    },
    /// Final: fewer than five viewers.
    NotEnoughViewers,
    /// Stop this kind of read for the account; an operator must act.
    Permission,
    /// The object is gone or not visible. May be a throttle in disguise: believe it the second time.
    Gone,
    /// Final: posted before the account became a business account.
    PostedBeforeBusiness,
    /// The request itself is wrong (a metric, a field): never repeat it unchanged.
    BadParameter,
    /// The id or the request is wrong, or the code is one that nobody has described: after a few tries it is
    /// final for this object.
    WrongRequest,
    /// The app's own settings are wrong, its secret mostly: every call will fail until an operator mends
    /// them.
    AppSettings,
    /// Stop the account until it has a new token.
    TokenDead,
    /// Meta blocks the app or account for its conduct: wait long.
    PolicyBlock,
}

impl Disposition {
    /// A word for metrics and for `last_error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::Throttled { .. } => "throttled",
            Self::NotEnoughViewers => "not_enough_viewers",
            Self::Permission => "permission",
            Self::Gone => "gone",
            Self::PostedBeforeBusiness => "posted_before_business",
            Self::BadParameter => "bad_parameter",
            Self::WrongRequest => "wrong_request",
            Self::AppSettings => "app_settings",
            Self::TokenDead => "token_dead",
            Self::PolicyBlock => "policy_block",
        }
    }
}

impl GraphError {
    /// The error of Meta's own words, with the query of every URL in them cut off.
    pub fn refused(envelope: &ErrorEnvelope, regain: Option<Duration>) -> Self {
        let message: String = strip_prose(&envelope.message).chars().take(MESSAGE_LIMIT).collect();
        Self::Refused {
            code: envelope.code,
            subcode: envelope.subcode,
            message,
            is_transient: envelope.is_transient,
            regain,
        }
    }

    pub(crate) fn transport(error: reqwest::Error) -> Self {
        if error.is_timeout() { Self::Timeout } else { Self::Network(error.without_url()) }
    }

    /// What to do next.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::TooLong { .. } => Disposition::Retry { shrink: true },
            // A bare 429 comes from the edge in front of the API; calling on would lengthen it.
            Self::Garbage { status: 429, .. } => {
                Disposition::Throttled { scope: Scope::Account, regain: None }
            }
            Self::Client(_) | Self::Network(_) | Self::Timeout | Self::Garbage { .. } => {
                Disposition::Retry { shrink: false }
            }
            Self::NotAddressable => Disposition::BadParameter,
            Self::Refused { code, subcode, message, is_transient, regain, .. } => {
                classify(*code, *subcode, message, *is_transient, *regain)
            }
        }
    }

    /// Meta's code and its refinement, where Meta refused.
    pub fn codes(&self) -> (Option<i64>, Option<i64>) {
        match self {
            Self::Refused { code, subcode, .. } => (Some(*code), *subcode),
            _ => (None, None),
        }
    }

    /// Which of the metrics asked for Meta says are the bad ones; empty if it does not say.
    pub fn bad_metrics(&self, asked: &[&'static str]) -> Vec<&'static str> {
        match self {
            Self::Refused { message, .. } => refusal::named(message, asked),
            _ => Vec::new(),
        }
    }
}

fn classify(
    code: i64,
    subcode: Option<i64>,
    message: &str,
    is_transient: bool,
    regain: Option<Duration>,
) -> Disposition {
    let throttled = |scope| Disposition::Throttled { scope, regain };
    match (code, subcode) {
        // Throttles say `is_transient` as well, so they are told apart first.
        (4 | 341, _) => throttled(Scope::App),
        (17 | 32 | 613 | 80001..=80014, _) => throttled(Scope::Account),
        (1 | 2, _) => Disposition::Retry { shrink: mentions(message, "reduce the amount of data") },
        _ if is_transient => Disposition::Retry { shrink: false },
        (10, _) if mentions(message, "not enough viewers") => Disposition::NotEnoughViewers,
        (3 | 10 | 200..=299, _) => Disposition::Permission,
        (100, Some(33)) => Disposition::Gone,
        (100, Some(2_108_006)) => Disposition::PostedBeforeBusiness,
        // A parameter's name, so it is the same in every language.
        (100, _) if mentions(message, "appsecret_proof") || mentions(message, "app secret proof") => {
            Disposition::AppSettings
        }
        // 2500 is Instagram Login's word for a bad path or parameter.
        (100 | 2500, _) => Disposition::BadParameter,
        (102 | 190, _) => Disposition::TokenDead,
        (368, _) => Disposition::PolicyBlock,
        // 803, 21, 24, 110, 2635 say that the id, or the request, leads nowhere. A code that is not described
        // may be as lasting.
        _ => Disposition::WrongRequest,
    }
}

fn mentions(message: &str, words: &str) -> bool {
    message.to_ascii_lowercase().contains(words)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(error: &serde_json::Value) -> GraphError {
        let envelope = ErrorEnvelope::read(&json!({ "error": error })).unwrap();
        GraphError::refused(&envelope, Some(Duration::from_mins(1)))
    }

    fn disposition(code: i64, subcode: Option<i64>, message: &str) -> Disposition {
        of(&json!({"code": code, "error_subcode": subcode, "message": message})).disposition()
    }

    #[test]
    fn codes_are_classified_as_documented() {
        let shrink = "Please reduce the amount of data you're asking for";
        let viewers = "(#10) Not enough viewers for the media to show insights";
        for (code, subcode, message, expected) in [
            (1, None, "An unknown error occurred", Disposition::Retry { shrink: false }),
            (1, None, shrink, Disposition::Retry { shrink: true }),
            (2, None, "Service temporarily unavailable", Disposition::Retry { shrink: false }),
            (10, None, viewers, Disposition::NotEnoughViewers),
            (10, None, "(#10) Application does not have permission", Disposition::Permission),
            (3, None, "", Disposition::Permission),
            (200, None, "", Disposition::Permission),
            (299, None, "", Disposition::Permission),
            (100, None, "(#100) metric[0] must be one of ...", Disposition::BadParameter),
            (100, Some(33), "Unsupported get request", Disposition::Gone),
            (100, Some(2_108_006), "", Disposition::PostedBeforeBusiness),
            (100, Some(2_207_086), "not cross-posted", Disposition::BadParameter),
            (2500, None, "Unknown path components", Disposition::BadParameter),
            (102, None, "", Disposition::TokenDead),
            (190, Some(463), "Session has expired", Disposition::TokenDead),
            (190, None, "", Disposition::TokenDead),
            (368, None, "", Disposition::PolicyBlock),
            (100, None, "Invalid appsecret_proof provided in the API argument", Disposition::AppSettings),
            (
                100,
                None,
                "(#100) This needs either an app secret proof or an app token",
                Disposition::AppSettings,
            ),
            (100, None, "Le paramètre appsecret_proof n’est pas valide", Disposition::AppSettings),
            (803, None, "(#803) Some of the aliases you requested do not exist", Disposition::WrongRequest),
            (21, None, "Page ID has been migrated", Disposition::WrongRequest),
            (24, None, "", Disposition::WrongRequest),
            (110, None, "Invalid user id", Disposition::WrongRequest),
            (2635, None, "You are calling a deprecated version", Disposition::WrongRequest),
            (99999, None, "", Disposition::WrongRequest),
        ] {
            assert_eq!(disposition(code, subcode, message), expected, "{code} {subcode:?} {message}");
        }
    }

    #[test]
    fn throttles_concern_the_app_or_the_account() {
        let regain = Some(Duration::from_mins(1));
        for code in [4, 341] {
            assert_eq!(disposition(code, None, ""), Disposition::Throttled { scope: Scope::App, regain });
        }
        for code in [17, 32, 613, 80001, 80002, 80014] {
            assert_eq!(disposition(code, None, ""), Disposition::Throttled { scope: Scope::Account, regain });
        }
    }

    #[test]
    fn transient_means_retry_except_for_throttles() {
        let transient = |code: i64| of(&json!({"code": code, "is_transient": true})).disposition();
        assert_eq!(transient(803), Disposition::Retry { shrink: false });
        assert_eq!(transient(190), Disposition::Retry { shrink: false });
        assert!(matches!(transient(4), Disposition::Throttled { scope: Scope::App, .. }));
    }

    #[test]
    fn what_is_not_metas_own_answer_is_tried_again() {
        let again = Disposition::Retry { shrink: false };
        assert_eq!(GraphError::Timeout.disposition(), again);
        assert_eq!(GraphError::Garbage { status: 502, reason: "html" }.disposition(), again);
        assert_eq!(GraphError::TooLong { limit: 1 }.disposition(), Disposition::Retry { shrink: true });
        assert!(matches!(
            GraphError::Garbage { status: 429, reason: "html" }.disposition(),
            Disposition::Throttled { .. }
        ));
    }

    #[test]
    fn an_error_shows_codes_and_no_query() {
        let message = format!("see https://graph.facebook.com/1?access_token=EAAB {}", "x".repeat(1000));
        let error = of(&json!({"code": 100, "error_subcode": 33, "message": message}));
        let shown = format!("{error} {error:?}");
        assert!(shown.starts_with("code 100/33: see https://graph.facebook.com/1 "));
        assert!(!shown.contains("EAAB") && shown.len() < 1000);
    }
}
