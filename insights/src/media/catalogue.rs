//! Which metrics there are for a kind of media, and what became of those that Meta took away.

use cekbrand_schema::ProductType;
use cekbrand_schema::metric::{self, retired};
use serde::Serialize;
use utoipa::ToSchema;

/// The metrics of one kind of media.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Catalogue {
    media_type: String,
    metrics: Vec<Listed>,
    retired: Vec<Gone>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Metric)]
pub(crate) struct Listed {
    name: &'static str,
    period: &'static str,
    title: &'static str,
    description: &'static str,
    /// What the number means: count, milliseconds or share.
    unit: &'static str,
    /// What it can be split by.
    #[schema(required = true)]
    breakdown: Option<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RetiredMetric)]
pub(crate) struct Gone {
    name: &'static str,
    /// The metric of today that is answered in its place; null where none means the same.
    #[schema(required = true)]
    answered_with: Option<&'static str>,
}

impl Catalogue {
    pub(super) fn of(product: ProductType) -> Self {
        let metrics = metric::of(product).map(|metric| Listed {
            name: metric.name,
            period: "lifetime",
            title: metric.title,
            description: metric.description,
            unit: metric.unit.as_str(),
            breakdown: metric.breakdown,
        });
        let retired = retired::all_of_media()
            .map(|retired| Gone { name: retired.name, answered_with: retired.successor.metric() });
        Self { media_type: product.to_string(), metrics: metrics.collect(), retired: retired.collect() }
    }
}
