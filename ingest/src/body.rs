//! Reading a body: within its size, the budget of all bodies in flight, and its time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use crate::admission::{Limit, Share};
use crate::problem::Problem;

/// What bounds a body.
#[derive(Debug)]
pub struct BodyLimits {
    /// Bytes of one body.
    pub max_bytes: usize,
    /// Bytes of all bodies in flight.
    pub budget: Arc<Limit>,
    /// Time for one body.
    pub timeout: Duration,
}

/// Reads a body. The share of the budget is to be held for as long as the bytes are.
///
/// # Errors
///
/// [`Problem::TooLarge`] (before anything is read where the header says so), [`Problem::Overloaded`], [`Problem::TooSlow`], [`Problem::BrokenBody`].
pub async fn read(limits: &BodyLimits, headers: &HeaderMap, body: Body) -> Result<(Bytes, Share), Problem> {
    let announced = announced(headers);
    if announced.is_some_and(|length| length > limits.max_bytes) {
        return Err(Problem::TooLarge);
    }
    let share = limits.budget.take(announced.unwrap_or(0)).ok_or(Problem::Overloaded)?;
    match tokio::time::timeout(limits.timeout, collect(limits, share, body)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::TooSlow),
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(limits: &BodyLimits, mut share: Share, mut body: Body) -> Result<(Bytes, Share), Problem> {
    // Most bodies arrive in one piece, which is then used as it is.
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Problem::BrokenBody)?.into_data() else {
            continue;
        };
        length += data.len();
        if length > limits.max_bytes {
            return Err(Problem::TooLarge);
        }
        if length > share.amount() && !share.grow(length - share.amount()) {
            return Err(Problem::Overloaded);
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            rest.reserve(if rest.is_empty() { share.amount() } else { 0 });
            if !first.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok((if rest.is_empty() { first } else { rest.freeze() }, share))
}
