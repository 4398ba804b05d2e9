//! Instants as answers write them: UTC, with milliseconds.

use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// An instant that is written like `2025-01-31T15:30:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-21T15:30:00.000Z")]
pub(crate) struct Iso(pub(crate) Timestamp);

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl From<Timestamp> for Iso {
    fn from(instant: Timestamp) -> Self {
        Self(instant)
    }
}

impl From<jiff_sqlx::Timestamp> for Iso {
    fn from(stored: jiff_sqlx::Timestamp) -> Self {
        Self(stored.to_jiff())
    }
}

impl Serialize for Iso {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_milliseconds_always() {
        for (instant, written) in [
            ("2025-01-31T15:30:00Z", "\"2025-01-31T15:30:00.000Z\""),
            ("2025-01-31T15:30:00.123456Z", "\"2025-01-31T15:30:00.123Z\""),
        ] {
            let instant: Timestamp = instant.parse().unwrap();
            assert_eq!(serde_json::to_string(&Iso(instant)).unwrap(), written);
        }
    }
}
