//! One medium: what it is, its labels, and every figure with its history.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::MediumInPath;
use crate::api::Api;
use crate::problem::Problem;
use crate::query::labels;
use crate::query::post::{self, FigureDay, PostDetail};
use crate::reply::{Envelope, Reply};
use crate::scope::Caller;

/// A medium.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Detail {
    #[serde(flatten)]
    medium: PostDetail,
    labels: Vec<String>,
    /// Every figure on every day on which it was observed.
    figures: Vec<FigureDay>,
}

/// One medium of an account: what it is, its labels, and every figure with its history. CSV has the figures.
#[utoipa::path(
    get, path = "/api/media/{media_id}", tag = "accounts",
    params(
        ("media_id" = String, Path, description = "Id of the medium", pattern = "^[A-Za-z0-9_.:-]{1,100}$")
    ),
    responses((status = 200, description = "The medium", body = Envelope<Detail>))
)]
pub(crate) async fn detail(
    State(api): State<Api>,
    caller: Caller,
    MediumInPath(id): MediumInPath,
    reply: Reply,
) -> Result<Response, Problem> {
    let medium = post::find(&api.pool, id.as_str(), &caller.scope).await?.ok_or(Problem::UnknownThing)?;
    let labels = labels::of_medium(&api.pool, &medium.id).await?;
    let figures = post::history(&api.pool, &medium.id).await?;
    let csv = figures.clone();
    reply.table(&Detail { medium, labels, figures }, "medium", &csv)
}
