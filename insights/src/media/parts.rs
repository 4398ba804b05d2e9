//! Figures that are split: what people did on the profile, how they left a story.

use std::collections::BTreeMap;

use cekbrand_schema::MediaId;
use cekbrand_schema::metric::Split;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Head, Insight, Provenance};
use super::selection::{Finding, Picked};
use crate::number::Number;
use crate::query::figure::Known;

/// One metric of one medium, split.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartsAnswer {
    #[schema(value_type = String)]
    media_id: MediaId,
    #[schema(required = true)]
    media_type: Option<String>,
    data: Whole,
    /// The same parts again, where readers look first.
    #[schema(value_type = Vec<Breakdown>)]
    breakdown: [Breakdown; 1],
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Whole {
    #[serde(flatten)]
    insight: Insight,
    total_value: TotalValue,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalValue {
    #[schema(value_type = Option<f64>, required = true)]
    value: Option<Number>,
    #[schema(value_type = Vec<Breakdown>)]
    breakdowns: [Breakdown; 1],
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Breakdown {
    #[schema(value_type = Vec<String>)]
    dimension_keys: [&'static str; 1],
    results: Vec<Part>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Part {
    #[schema(value_type = Vec<String>)]
    dimension_values: [String; 1],
    #[schema(value_type = Option<f64>, required = true)]
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
            media_id: head.media_id,
            media_type: head.media_type,
            data: Whole {
                total_value: TotalValue { value: insight.value(), breakdowns: breakdown.clone() },
                insight,
            },
            breakdown,
        }
    }
}

impl Part {
    fn new(name: String, known: Known) -> Self {
        let provenance = Provenance::of(known);
        Self { dimension_values: [name], value: provenance.value, provenance }
    }
}
