//! What is known of one medium.
//!
//! - [`asked`]: the request, parsed. `selection`: which figures it gets. [`answer`], [`parts`],
//!   [`knowledge`], [`catalogue`]: the shapes of answers. [`detail`]: the medium itself.

mod answer;
pub(crate) mod asked;
mod catalogue;
pub(crate) mod detail;
mod knowledge;
mod parts;
mod selection;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use cekbrand_schema::metric::{NAVIGATION, PROFILE_ACTIVITY, Split};
use cekbrand_schema::{MediaId, ProductType};
use serde::Deserialize;

use self::answer::{Head, MediaAnswer};
use self::asked::{Asked, MediumInPath};
use self::catalogue::Catalogue;
use self::knowledge::{Knowledge, KnowledgeAnswer};
use self::parts::PartsAnswer;
use self::selection::{Selection, Stored};
use crate::api::Api;
use crate::problem::Problem;
use crate::query::{figure, medium};
use crate::reply::{Envelope, Reply};
use crate::scope::Caller;

/// What is known of a medium's figures.
///
/// Old metric names are accepted and answered with those of today; `notices` says so.
#[utoipa::path(
    get, path = "/api/instagram/insights/{media_id}", tag = "media",
    params(
        ("media_id" = String, Path, description = "Id of the medium", pattern = "^[A-Za-z0-9_.:-]{1,100}$"), Asked
    ),
    responses((status = 200, description = "The figures", body = Envelope<MediaAnswer>))
)]
pub(crate) async fn figures(
    State(api): State<Api>,
    caller: Caller,
    MediumInPath(id): MediumInPath,
    asked: Asked,
    reply: Reply,
) -> Result<Response, Problem> {
    let known_type = stored_type(&api, &caller, &id).await?;
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
    reply.json(&MediaAnswer::new(Head { media_id: id, media_type }, selection))
}

/// What people did on the profile after they saw a medium.
#[utoipa::path(
    get, path = "/api/instagram/insights/{media_id}/profile-activity", tag = "media",
    params(
        ("media_id" = String, Path, description = "Id of the medium", pattern = "^[A-Za-z0-9_.:-]{1,100}$")
    ),
    responses((status = 200, description = "The figure and its parts", body = Envelope<PartsAnswer>))
)]
pub(crate) async fn profile_activity(
    State(api): State<Api>,
    caller: Caller,
    MediumInPath(id): MediumInPath,
    reply: Reply,
) -> Result<Response, Problem> {
    split(&api, &caller, id, PROFILE_ACTIVITY, &reply).await
}

/// How people moved on from a story.
#[utoipa::path(
    get, path = "/api/instagram/insights/{media_id}/navigation", tag = "media",
    params(
        ("media_id" = String, Path, description = "Id of the story", pattern = "^[A-Za-z0-9_.:-]{1,100}$")
    ),
    responses((status = 200, description = "The figure and its parts", body = Envelope<PartsAnswer>))
)]
pub(crate) async fn navigation(
    State(api): State<Api>,
    caller: Caller,
    MediumInPath(id): MediumInPath,
    reply: Reply,
) -> Result<Response, Problem> {
    split(&api, &caller, id, NAVIGATION, &reply).await
}

/// Which metrics there are for a kind of media, or for accounts.
#[utoipa::path(
    get, path = "/api/instagram/insights/metrics/{media_type}", tag = "media",
    params(("media_type" = inline(MediaKind), Path, description = "The kind of media, or account")),
    responses((status = 200, description = "The metrics", body = Envelope<Catalogue>))
)]
pub(crate) async fn metrics(
    named: Result<Path<String>, axum::extract::rejection::PathRejection>,
    reply: Reply,
) -> Result<Response, Problem> {
    let Path(named) = named.map_err(|_| Problem::invalid("There is no such media_type."))?;
    if named.eq_ignore_ascii_case(catalogue::ACCOUNT) {
        return reply.json(&Catalogue::of_accounts());
    }
    reply.json(&Catalogue::of(asked::product_type(&named)?))
}

/// The kinds of media in a path.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it is there to be described")]
enum MediaKind {
    Feed,
    Story,
    Reels,
    Account,
}

/// The medium that `/test` is about.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TestQuery {
    /// Id of the medium.
    #[param(pattern = "^[A-Za-z0-9_.:-]{1,100}$")]
    media_id: String,
}

/// What we know of a medium and of the reads of it. It makes no call to Meta.
#[utoipa::path(
    get, path = "/api/instagram/insights/test", tag = "media", params(TestQuery),
    responses((status = 200, description = "What is known", body = Envelope<KnowledgeAnswer>))
)]
pub(crate) async fn test(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<TestQuery>, axum::extract::rejection::QueryRejection>,
    reply: Reply,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|_| Problem::invalid("media_id is needed, once."))?;
    let media_id = asked::media_id(query.media_id)?;
    if !medium::is_visible(&api.pool, &caller.scope, &media_id).await? {
        return Err(Problem::NotCollected);
    }
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
    let known = Knowledge { media_id, media_type, account_id, medium, token, reads, figures };
    reply.json(&KnowledgeAnswer::from(known))
}

async fn split(
    api: &Api,
    caller: &Caller,
    id: MediaId,
    by: Split,
    reply: &Reply,
) -> Result<Response, Problem> {
    let media_type = stored_type(api, caller, &id).await?;
    let mut stored: Stored = figure::latest(&api.pool, &id).await?;
    let total = stored.remove(by.metric);
    let parts = figure::latest_parts(&api.pool, &id, by.metric).await?;
    if total.is_none() && parts.is_empty() {
        return Err(Problem::NotCollected);
    }
    reply.json(&PartsAnswer::new(Head { media_id: id, media_type }, by, total, parts))
}

/// The kind of the medium as Meta told it, in capitals. To a key that may not see the medium nothing was
/// collected of it.
async fn stored_type(api: &Api, caller: &Caller, id: &MediaId) -> Result<Option<String>, Problem> {
    if !medium::is_visible(&api.pool, &caller.scope, id).await? {
        return Err(Problem::NotCollected);
    }
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
