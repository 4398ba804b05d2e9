//! What a request asks for, parsed once: the medium in the path, the kind and the metrics in the query.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use cekbrand_schema::{MediaId, ProductType};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::problem::Problem;
use crate::scope::is_id;

/// Parses a medium's id.
pub(crate) fn media_id(text: String) -> Result<MediaId, Problem> {
    if is_id(&text) {
        Ok(MediaId::from(text))
    } else {
        Err(Problem::invalid("This is not the id of a medium."))
    }
}

/// Parses a kind of medium.
pub(super) fn product_type(text: &str) -> Result<ProductType, Problem> {
    let product = ProductType::parse(text);
    if product.has_insights() {
        return Ok(product);
    }
    Err(Problem::InvalidParameter {
        detail: "There is no such media_type.".into(),
        allowed: ProductType::WITH_INSIGHTS.iter().map(ProductType::to_string).collect(),
    })
}

/// The id in the path.
#[derive(Debug)]
pub(crate) struct MediumInPath(pub(crate) MediaId);

impl<S: Send + Sync> FromRequestParts<S> for MediumInPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::invalid("This is not the id of a medium."))?;
        media_id(text).map(Self)
    }
}

/// `?media_type=` and `?metrics=a,b`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The kind that the caller takes the medium for: FEED, STORY or REELS.
    #[param(rename = "media_type", value_type = Option<String>, pattern = "^(FEED|STORY|REELS)$")]
    pub(super) product: Option<ProductType>,
    /// Names of metrics with a comma between two, old ones too; without it all that are stored.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z_]+(,[A-Za-z_]+)*$", example = "views,likes")]
    pub(super) metrics: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RawAsked {
    media_type: Option<String>,
    metrics: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Query(raw) = Query::<RawAsked>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::invalid("media_type and metrics may each be given once."))?;
        Ok(Self {
            product: raw.media_type.as_deref().map(product_type).transpose()?,
            metrics: raw.metrics.map(|list| list.parse::<MetricList>()).transpose()?.map(|list| list.0),
        })
    }
}

struct MetricList(Vec<String>);

impl FromStr for MetricList {
    type Err = Problem;

    fn from_str(list: &str) -> Result<Self, Problem> {
        let mut metrics: Vec<String> = Vec::new();
        for name in list.split(',') {
            let name = name.trim().to_ascii_lowercase();
            if name.is_empty() {
                return Err(Problem::invalid("metrics is a list of names with a comma between two."));
            }
            if !metrics.contains(&name) {
                metrics.push(name);
            }
            if metrics.len() > MAX_METRICS {
                return Err(Problem::invalid("These are more metrics than there are."));
            }
        }
        Ok(Self(metrics))
    }
}

/// More than there are, stored ones with unknown names included.
const MAX_METRICS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_names_each_once_in_lower_case() {
        let read = |list: &str| list.parse::<MetricList>().ok().map(|list| list.0);
        assert_eq!(read("views, Likes,views").unwrap(), ["views", "likes"]);
        for bad in ["", ",", "views,", "a,,b"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let many: Vec<_> = (0..200).map(|n| n.to_string()).collect();
        assert_eq!(read(&many.join(",")), None);
    }

    #[test]
    fn an_id_is_short_and_plain() {
        assert_eq!(media_id("17932174733377207".to_owned()).unwrap().as_str(), "17932174733377207");
        for bad in ["", "a\0b", "a b", "é", &"1".repeat(101)] {
            assert!(media_id(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
