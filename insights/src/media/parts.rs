//! Figures that are split: what people did on the profile, how they left a story.

use std::collections::BTreeMap;

use cekbrand_schema::MediaId;
use cekbrand_schema::metric::Split;
use serde::Serialize;

use super::answer::{Head, Insight, Provenance};
use super::selection::{Finding, Picked};
use crate::iso::Iso;
use crate::number::Number;
use crate::query::figure::Known;

/// One metric of one medium, split.
#[derive(Debug, Serialize)]
pub struct PartsAnswer {
    success: bool,
    media_id: MediaId,
    media_type: Option<String>,
    data: Whole,
    /// The same parts again, where readers look first.
    breakdown: [Breakdown; 1],
    timestamp: Iso,
}

#[derive(Debug, Serialize)]
struct Whole {
    #[serde(flatten)]
    insight: Insight,
    total_value: TotalValue,
}

#[derive(Debug, Serialize)]
struct TotalValue {
    value: Option<Number>,
    breakdowns: [Breakdown; 1],
}

#[derive(Debug, Clone, Serialize)]
struct Breakdown {
    dimension_keys: [&'static str; 1],
    results: Vec<Part>,
}

#[derive(Debug, Clone, Serialize)]
struct Part {
    dimension_values: [String; 1],
    value: Option<Number>,
    #[serde(flatten)]
    provenance: Provenance,
}

impl PartsAnswer {
    /// `total` is the figure itself, where it is stored beside its parts.
    pub(super) fn new(head: Head, by: Split, total: Option<Known>, parts: BTreeMap<String, Known>) -> Self {
        let results = parts.into_iter().map(|(name, known)| Part::new(name, known)).collect();
        let breakdown = [Breakdown { dimension_keys: [by.breakdown], results }];
        let finding = total.map_or(Finding::NotCollected, Finding::Stored);
        let insight = Insight::new(Picked { metric: by.metric.to_owned(), finding });
        Self {
            success: true,
            media_id: head.media_id,
            media_type: head.media_type,
            data: Whole {
                total_value: TotalValue { value: insight.value(), breakdowns: breakdown.clone() },
                insight,
            },
            breakdown,
            timestamp: head.now,
        }
    }
}

impl Part {
    fn new(name: String, known: Known) -> Self {
        let provenance = Provenance::of(known);
        Self { dimension_values: [name], value: provenance.value, provenance }
    }
}
