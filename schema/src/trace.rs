//! Traces: a delivery is followed from the webhook across Kafka to its rows, by W3C's `traceparent`.
//!
//! What makes spans out of that is installed by the process, once, if at all. Without it nothing is recorded,
//! no header is written, and each question here is one look at a variable.

use std::fmt;
use std::sync::{Arc, OnceLock};

use tracing::Span;

static TRACER: OnceLock<Box<dyn Tracer>> = OnceLock::new();

/// A span that others go on from: version, trace, span and flags, as in the header `traceparent`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TraceParent(Arc<str>);

impl TraceParent {
    /// Reads the header's value; `None` where it is none of version 00.
    ///
    /// Source: <https://www.w3.org/TR/trace-context/#traceparent-header>
    pub fn read(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace, span, flags] = parts[..] else { return None };
        let is_hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_something = |part: &str| part.bytes().any(|b| b != b'0');
        let is_valid = version == "00"
            && is_hex(trace, 32)
            && is_something(trace)
            && is_hex(span, 16)
            && is_something(span)
            && is_hex(flags, 2);
        is_valid.then(|| Self(text.into()))
    }

    /// The header's value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Knows the spans' places in traces.
pub trait Tracer: Send + Sync + 'static {
    /// Where a span stands, for others to go on from; `None` where it is not recorded.
    fn place(&self, span: &Span) -> Option<TraceParent>;

    /// Makes a span that nobody entered yet go on from another one.
    fn follow(&self, span: &Span, parent: &TraceParent);
}

/// Follows traces from now on, for the whole process; `false` where that was begun before.
pub fn install(tracer: Box<dyn Tracer>) -> bool {
    TRACER.set(tracer).is_ok()
}

/// Whether anything is followed.
pub fn is_on() -> bool {
    TRACER.get().is_some()
}

/// Where a span stands; `None` where nothing is followed.
pub fn place(span: &Span) -> Option<TraceParent> {
    TRACER.get()?.place(span)
}

/// Makes a span that nobody entered yet go on from another one, where anything is followed.
pub fn follow(span: &Span, parent: &TraceParent) {
    if let Some(tracer) = TRACER.get() {
        tracer.follow(span, parent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first is the example of the specification.
    #[test]
    fn a_header_is_read_whole_or_not_at_all() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(TraceParent::read(good).unwrap().as_str(), good);
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-001",
        ] {
            assert_eq!(TraceParent::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn nothing_is_followed_unless_somebody_asks_for_it() {
        assert!(!is_on());
        assert_eq!(place(&Span::current()), None);
    }
}
