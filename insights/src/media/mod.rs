//! What is known of one medium.
//!
//! - [`asked`]: the request, parsed. `selection`: which figures it gets. [`answer`], [`parts`],
//!   [`knowledge`]: the shapes of answers.

pub mod answer;
pub mod asked;
pub mod knowledge;
pub mod parts;
mod selection;

use axum::Json;
use axum::extract::{Path, Query, State};
use cekbrand_schema::metric::{self, NAVIGATION, PROFILE_ACTIVITY, Split, retired};
use cekbrand_schema::{MediaId, ProductType};
use serde::Deserialize;
use serde_json::{Value, json};

use self::answer::{Head, MediaAnswer};
use self::asked::{Asked, MediumInPath};
use self::knowledge::{Knowledge, KnowledgeAnswer};
use self::parts::PartsAnswer;
use self::selection::{Selection, Stored};
use crate::api::Api;
use crate::iso::Iso;
use crate::problem::Problem;
use crate::query::{figure, medium};

/// `GET /api/instagram/insights/{media_id}`.
///
/// # Errors
///
/// [`Problem`]: bad parameters, nothing collected, everything withheld.
pub async fn figures(
    State(api): State<Api>,
    MediumInPath(id): MediumInPath,
    asked: Asked,
) -> Result<Json<MediaAnswer>, Problem> {
    let known_type = stored_type(&api, &id).await?;
    let product = agreed_product(asked.product, known_type.as_deref())?;
    let stored = figure::latest(&api.pool, &id).await?;
    if stored.is_empty() {
        return Err(Problem::NotCollected);
    }
    let selection = match &asked.metrics {
        Some(metrics) => Selection::of(metrics, product, &stored)?,
        None => Selection::all(&stored),
    };
    if let Some(problem) = selection.withheld() {
        return Err(problem);
    }
    let media_type = known_type.or(product.map(|product| product.to_string()));
    let head = Head { media_id: id, media_type, now: Iso(api.clock.now()) };
    Ok(Json(MediaAnswer::new(head, selection)))
}

/// `GET /api/instagram/insights/{media_id}/profile-activity`.
///
/// # Errors
///
/// [`Problem::NotCollected`] where it was never read.
pub async fn profile_activity(
    State(api): State<Api>,
    MediumInPath(id): MediumInPath,
) -> Result<Json<PartsAnswer>, Problem> {
    split(&api, id, PROFILE_ACTIVITY).await
}

/// `GET /api/instagram/insights/{story_id}/navigation`.
///
/// # Errors
///
/// [`Problem::NotCollected`] where it was never read.
pub async fn navigation(
    State(api): State<Api>,
    MediumInPath(id): MediumInPath,
) -> Result<Json<PartsAnswer>, Problem> {
    split(&api, id, NAVIGATION).await
}

/// `GET /api/instagram/insights/metrics/{media_type}`.
///
/// # Errors
///
/// [`Problem::InvalidParameter`] where there is no such kind of medium.
pub async fn metrics(
    named: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Json<Value>, Problem> {
    let Path(named) = named.map_err(|_| Problem::invalid("There is no such media_type."))?;
    let product = asked::product_type(&named)?;
    let metrics = metric::of(product).map(|metric| {
        json!({
            "name": metric.name,
            "period": "lifetime",
            "title": metric.title,
            "description": metric.description,
            "unit": metric.unit.as_str(),
            "breakdown": metric.breakdown,
        })
    });
    let retired = retired::all_of_media()
        .map(|retired| json!({ "name": retired.name, "answered_with": retired.successor.metric() }));
    Ok(Json(json!({
        "success": true,
        "media_type": product,
        "metrics": metrics.collect::<Vec<_>>(),
        "retired": retired.collect::<Vec<_>>(),
    })))
}

/// The medium that `/test` is about.
#[derive(Debug, Deserialize)]
pub struct TestQuery {
    media_id: String,
}

/// `GET /api/instagram/insights/test?media_id=`.
///
/// # Errors
///
/// [`Problem::NotCollected`] where not even a task knows the medium.
pub async fn test(
    State(api): State<Api>,
    query: Result<Query<TestQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<KnowledgeAnswer>, Problem> {
    let Query(query) = query.map_err(|_| Problem::invalid("media_id is needed, once."))?;
    let media_id = asked::media_id(query.media_id)?;
    let medium = medium::find(&api.pool, &media_id).await?;
    let reads = medium::reads(&api.pool, &media_id).await?;
    let figures = figure::latest(&api.pool, &media_id).await?;
    if medium.is_none() && reads.is_empty() && figures.is_empty() {
        return Err(Problem::NotCollected);
    }
    let owner = medium.as_ref().and_then(|medium| medium.account_id.clone());
    let account_id = owner.or_else(|| reads.first().map(|read| read.account_id.clone()));
    let token = match &account_id {
        Some(account) => medium::token(&api.pool, account).await?,
        None => None,
    };
    let media_type = medium.as_ref().and_then(|medium| medium.product_type.clone());
    Ok(Json(KnowledgeAnswer::from(Knowledge {
        media_id,
        media_type,
        account_id,
        medium,
        token,
        reads,
        figures,
        now: api.clock.now(),
    })))
}

async fn split(api: &Api, id: MediaId, by: Split) -> Result<Json<PartsAnswer>, Problem> {
    let media_type = stored_type(api, &id).await?;
    let mut stored: Stored = figure::latest(&api.pool, &id).await?;
    let total = stored.remove(by.metric);
    let parts = figure::latest_parts(&api.pool, &id, by.metric).await?;
    if total.is_none() && parts.is_empty() {
        return Err(Problem::NotCollected);
    }
    let head = Head { media_id: id, media_type, now: Iso(api.clock.now()) };
    Ok(Json(PartsAnswer::new(head, by, total, parts)))
}

/// The kind of the medium as Meta told it, in capitals.
async fn stored_type(api: &Api, id: &MediaId) -> Result<Option<String>, Problem> {
    let medium = medium::find(&api.pool, id).await?;
    let told = medium.and_then(|medium| medium.product_type);
    Ok(told.map(|told| told.to_ascii_uppercase()))
}

/// The kind to go by: what is stored, else what the caller says. They may not differ.
fn agreed_product(asked: Option<ProductType>, stored: Option<&str>) -> Result<Option<ProductType>, Problem> {
    let Some(stored) = stored.map(ProductType::parse) else {
        return Ok(asked);
    };
    let known = Some(stored).filter(|stored| stored.has_insights());
    match asked {
        Some(asked) if asked != stored => Err(Problem::InvalidParameter {
            detail: format!("This medium is not of media_type {asked}.").into(),
            allowed: known.iter().map(ProductType::to_string).collect(),
        }),
        _ => Ok(known),
    }
}
