//! Reading a body: within its size, the budget of all bodies in flight, its time, and a pace that it must not
//! fall below.
//!
//! What a caller announces costs nothing: its share of the budget grows with the bytes that have come. So
//! whoever sends nothing takes nothing away from others, and is soon cut off.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Frame;

use crate::admission::{Limit, Share};
use crate::problem::Problem;

/// How often a body that keeps us waiting is looked at.
const WINDOW: Duration = Duration::from_secs(3);

/// What must have come since the last look: 8 KiB a second. A sender as slow as that could finish no large
/// body in time.
const LEAST_IN_WINDOW: usize = 24_576;

/// The first bytes of a body say how much memory may be laid out for the rest: this many times as much.
const FORESIGHT: usize = 8;

/// What bounds a body.
#[derive(Debug, Clone)]
pub struct BodyLimits {
    /// Bytes of one body.
    pub max_bytes: usize,
    /// Bytes of all bodies in flight.
    pub budget: Arc<Limit>,
    /// Time for one body.
    pub timeout: Duration,
}

/// A body that has come whole.
#[derive(Debug)]
pub struct WholeBody {
    /// The bytes as they came.
    pub bytes: Bytes,
    /// Their share of the budget, to be held for as long as they are.
    pub share: Share,
}

/// Reads a body.
///
/// # Errors
///
/// [`Problem::TooLarge`] (before anything is read where the header says so), [`Problem::Overloaded`],
/// [`Problem::TooSlow`], [`Problem::BrokenBody`].
pub async fn read(limits: &BodyLimits, headers: &HeaderMap, mut body: Body) -> Result<WholeBody, Problem> {
    let announced = announced(headers);
    if announced.is_some_and(|length| length > limits.max_bytes) {
        return Err(Problem::TooLarge);
    }
    let share = limits.budget.share(0).ok_or(Problem::Overloaded)?;
    let mut gathered =
        Gathered { limits, announced, share, first: Bytes::new(), rest: BytesMut::new(), length: 0 };
    // One timer for the whole body, which is armed only once the body keeps us waiting.
    let mut look = pin!(tokio::time::sleep(limits.timeout.min(WINDOW)));
    let mut left = limits.timeout.saturating_sub(WINDOW);
    let mut seen = 0;
    loop {
        tokio::select! {
            biased;
            frame = body.frame() => match frame {
                Some(frame) => gathered.add(data(frame)?)?,
                None => return Ok(gathered.whole()),
            },
            () = look.as_mut() => {
                if left.is_zero() || gathered.length - seen < LEAST_IN_WINDOW {
                    return Err(Problem::TooSlow);
                }
                seen = gathered.length;
                let next = left.min(WINDOW);
                left -= next;
                let at = look.deadline() + next;
                look.as_mut().reset(at);
            }
        }
    }
}

/// A frame's bytes; none where it holds trailers.
fn data(frame: Result<Frame<Bytes>, axum::Error>) -> Result<Bytes, Problem> {
    Ok(frame.map_err(|_| Problem::BrokenBody)?.into_data().unwrap_or_default())
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What has come of a body. Most bodies arrive in one piece, which is then used as it is.
struct Gathered<'a> {
    limits: &'a BodyLimits,
    announced: Option<usize>,
    share: Share,
    first: Bytes,
    rest: BytesMut,
    length: usize,
}

impl Gathered<'_> {
    fn add(&mut self, data: Bytes) -> Result<(), Problem> {
        self.length += data.len();
        if self.length > self.limits.max_bytes {
            return Err(Problem::TooLarge);
        }
        if !self.share.grow(data.len()) {
            return Err(Problem::Overloaded);
        }
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = data;
            return Ok(());
        }
        if self.rest.is_empty() {
            self.rest.reserve(self.announced.unwrap_or(0).min(FORESIGHT * self.length).max(self.length));
            self.rest.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.rest.extend_from_slice(&data);
        Ok(())
    }

    fn whole(self) -> WholeBody {
        let bytes = if self.rest.is_empty() { self.first } else { self.rest.freeze() };
        WholeBody { bytes, share: self.share }
    }
}
