//! The three classes of sentiment.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a comment says about the brand or the post. The discriminant is the column in every array of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Praise, joy, thanks, longing.
    Pos = 0,
    /// A question, a request, a statement, an advertisement.
    Neu = 1,
    /// Complaint, anger, sorrow, mockery.
    Neg = 2,
}

impl Label {
    /// All classes in column order.
    pub const ALL: [Self; 3] = [Self::Pos, Self::Neu, Self::Neg];

    /// The name used in files, rows and JSON: `pos`, `neu` or `neg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pos => "pos",
            Self::Neu => "neu",
            Self::Neg => "neg",
        }
    }

    /// The column of this class in arrays of three.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The class with the greatest value; the earlier one wins a tie.
    pub fn strongest(values: [f32; 3]) -> Self {
        let mut best = Self::Pos;
        for label in Self::ALL {
            if values[label.index()] > values[best.index()] {
                best = label;
            }
        }
        best
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A class name that is none of `pos`, `neu`, `neg`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown class {0:?}, expected pos, neu or neg")]
pub struct UnknownLabel(pub String);

impl FromStr for Label {
    type Err = UnknownLabel;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|label| label.as_str() == name)
            .ok_or_else(|| UnknownLabel(name.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for label in Label::ALL {
            assert_eq!(label.as_str().parse(), Ok(label));
        }
        assert!("positive".parse::<Label>().is_err());
    }

    #[test]
    fn a_tie_goes_to_the_earlier_class() {
        assert_eq!(Label::strongest([0.5, 0.5, 0.0]), Label::Pos);
        assert_eq!(Label::strongest([0.1, 0.2, 0.7]), Label::Neg);
    }
}
