//! The kinds of media that insights tell apart.

use std::fmt;

use serde::{Serialize, Serializer};

/// The kind of a medium as far as insights are concerned (`media_product_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProductType {
    /// Post or album.
    Feed,
    /// Story.
    Story,
    /// Reel.
    Reels,
    /// Anything else (an ad's copy, a live video, an album's child): it has no insights.
    Other,
}

impl ProductType {
    /// The kinds that have insights.
    pub const WITH_INSIGHTS: [Self; 3] = [Self::Feed, Self::Story, Self::Reels];

    /// Reads `media_product_type`, in any case. What has no insights is [`ProductType::Other`].
    pub fn parse(name: &str) -> Self {
        let named = |kind: &Self| kind.as_str().eq_ignore_ascii_case(name);
        Self::WITH_INSIGHTS.into_iter().find(named).unwrap_or(Self::Other)
    }

    /// The name as the API writes it; `OTHER` for what has no insights.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "FEED",
            Self::Story => "STORY",
            Self::Reels => "REELS",
            Self::Other => "OTHER",
        }
    }

    /// Whether media of this kind have insights at all.
    pub const fn has_insights(self) -> bool {
        !matches!(self, Self::Other)
    }
}

impl fmt::Display for ProductType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProductType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_in_any_case() {
        let named =
            [("feed", ProductType::Feed), ("Story", ProductType::Story), ("REELS", ProductType::Reels)];
        for (name, kind) in named {
            assert_eq!(ProductType::parse(name), kind);
            assert!(kind.has_insights());
        }
    }

    #[test]
    fn what_meta_calls_otherwise_has_no_insights() {
        for name in ["AD", "IGTV", "OTHER", ""] {
            assert_eq!(ProductType::parse(name), ProductType::Other);
        }
        assert!(!ProductType::Other.has_insights());
    }
}
