//! Which metrics there are for a kind of media, or for accounts, and what became of those that Meta took
//! away.

use cekbrand_schema::ProductType;
use cekbrand_schema::metric::user::{Shape, USER_METRICS};
use cekbrand_schema::metric::{self, retired};
use serde::Serialize;
use utoipa::ToSchema;

/// In the place of a kind of media.
pub(super) const ACCOUNT: &str = "ACCOUNT";

/// The metrics of one kind of media, or of accounts.
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
    /// What it can be split by, where that is one thing.
    #[schema(required = true)]
    breakdown: Option<&'static str>,
    /// Everything that it is split by, each in a call of its own.
    breakdowns: Vec<&'static str>,
    /// An account with fewer followers has no such figure.
    minimum_followers: i64,
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
            breakdowns: metric.breakdown.into_iter().collect(),
            minimum_followers: 0,
        });
        let retired = retired::all_of_media().map(Gone::from);
        Self { media_type: product.to_string(), metrics: metrics.collect(), retired: retired.collect() }
    }

    pub(super) fn of_accounts() -> Self {
        let metrics = USER_METRICS.iter().map(|metric| Listed {
            name: metric.name,
            period: match metric.shape {
                Shape::Series | Shape::Total => "day",
                Shape::Demographics | Shape::Hours => "lifetime",
            },
            title: metric.title,
            description: metric.description,
            unit: metric.unit.as_str(),
            breakdown: Some(metric.breakdowns).filter(|all| all.len() == 1).map(|all| all[0]),
            breakdowns: metric.breakdowns.to_vec(),
            minimum_followers: metric.minimum_followers,
        });
        let retired = retired::all_of_accounts().map(Gone::from);
        Self { media_type: ACCOUNT.to_owned(), metrics: metrics.collect(), retired: retired.collect() }
    }
}

impl From<&retired::Retired> for Gone {
    fn from(retired: &retired::Retired) -> Self {
        Self { name: retired.name, answered_with: retired.successor.metric() }
    }
}
