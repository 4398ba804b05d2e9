//! What callers send to be stored: JSON, not too much of it, and with nothing in it that nobody asked for.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::problem::Problem;

/// Far more than anything that can be meant.
const MAX_BYTES: usize = 65_536;

/// A body that was read.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let kind = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Problem::UnsupportedContent);
        }
        let bytes = to_bytes(request.into_body(), MAX_BYTES).await.map_err(|_| Problem::TooLarge)?;
        let read = serde_json::from_slice(&bytes);
        read.map(Self).map_err(|error| Problem::invalid(format!("The body is not as described: {error}.")))
    }
}

/// A whole number that may be left out; 30.0 is one too, as JSON has it.
///
/// # Errors
///
/// Where it has decimals or is no number.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let is_whole = number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
    is_whole.then_some(Some(number as i32)).ok_or_else(|| D::Error::custom("a whole number is meant"))
}

/// Words that people wrote: without blanks around, not empty, not too long, and nothing that no text has.
///
/// # Errors
///
/// [`Problem::InvalidParameter`] that names the member.
pub(crate) fn words<'a>(name: &str, text: &'a str, most: usize) -> Result<&'a str, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most {
        return Err(Problem::invalid(format!("{name} has 1 to {most} characters.")));
    }
    if text.contains('\0') {
        return Err(Problem::invalid(format!("{name} holds a character that no text has.")));
    }
    Ok(text)
}

/// A number in a path by which something is found; anything else finds nothing.
///
/// # Errors
///
/// [`Problem::UnknownThing`].
pub(crate) fn number(text: &str) -> Result<i64, Problem> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten().ok_or(Problem::UnknownThing)
}
