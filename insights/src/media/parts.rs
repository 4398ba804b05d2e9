//! Figures that are split: what people did on the profile, how they left a story.

use std::collections::BTreeMap;

use cekbrand_schema::MediaId;
use cekbrand_schema::metric::Split;
use serde::Serialize;

use super::answer::{Insight, Provenance};
use super::selection::Finding;
use crate::iso::Iso;
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
    value: Option<i64>,
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
    value: Option<i64>,
    #[serde(flatten)]
    provenance: Provenance,
}

impl PartsAnswer {
    /// `total` is the figure itself, where it is stored beside its parts.
    pub(super) fn new(
        (media_id, media_type): (MediaId, Option<String>),
        by: Split,
        total: Option<Known>,
        parts: BTreeMap<String, Known>,
        now: Iso,
    ) -> Self {
        let breakdown =
            [Breakdown { dimension_keys: [by.breakdown], results: parts.into_iter().map(part).collect() }];
        let insight =
            Insight::new(by.metric.to_owned(), total.map_or(Finding::NotCollected, Finding::Stored));
        Self {
            success: true,
            media_id,
            media_type,
            data: Whole {
                total_value: TotalValue { value: insight.value(), breakdowns: breakdown.clone() },
                insight,
            },
            breakdown,
            timestamp: now,
        }
    }
}

fn part((name, known): (String, Known)) -> Part {
    let provenance = Provenance::of(known);
    Part { dimension_values: [name], value: provenance.value, provenance }
}
