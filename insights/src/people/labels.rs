//! Labels, and the media that have them.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::{Body, number, words};
use crate::problem::Problem;
use crate::query::labels::{self, Label, Labelled};
use crate::reply::{Envelope, Reply, done, gone};
use crate::scope::{Caller, Watched, is_id};

/// The labels of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Labels {
    account_id: String,
    labels: Vec<Label>,
}

/// The labels of an account, and what the media with each did together.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/labels", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 200, description = "The labels, by name", body = Envelope<Labels>))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    account: Watched,
    reply: Reply,
) -> Result<Response, Problem> {
    let labels = labels::list(&api.pool, &account.id).await?;
    let csv = labels.clone();
    reply.table(&Labels { account_id: account.id, labels }, "labels", &csv)
}

/// A label to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelToMake {
    #[schema(min_length = 1, max_length = 60)]
    name: String,
}

/// A label that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Made {
    label: Label,
}

/// Makes a label.
#[utoipa::path(
    post, path = "/api/accounts/{account_id}/labels", tag = "people", request_body = LabelToMake,
    params(("account_id" = String, Path, description = "Id of the account")),
    responses((status = 201, description = "The label", body = Envelope<Made>))
)]
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    account: Watched,
    Body(wanted): Body<LabelToMake>,
) -> Result<Response, Problem> {
    let name = words("name", &wanted.name, 60)?;
    let now = api.clock.now();
    let label = labels::create(&api.pool, &account.id, name, &caller.key_id, now).await?;
    let label = label.ok_or(Problem::Conflict("The account has a label of this name."))?;
    done(StatusCode::CREATED, &Made { label }, now)
}

/// Deletes a label; its media stay.
#[utoipa::path(
    delete, path = "/api/accounts/{account_id}/labels/{label_id}", tag = "people",
    params(
        ("account_id" = String, Path, description = "Id of the account"),
        ("label_id" = i64, Path, description = "Id of the label", minimum = 1)
    ),
    responses((status = 204, description = "It is gone"))
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    account: Watched,
    Path((_, label_id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    gone(labels::delete(&api.pool, &account.id, number(&label_id)?).await?)
}

/// Puts a label on a medium of the account.
#[utoipa::path(
    put, path = "/api/accounts/{account_id}/labels/{label_id}/media/{media_id}", tag = "people",
    params(
        ("account_id" = String, Path, description = "Id of the account"),
        ("label_id" = i64, Path, description = "Id of the label", minimum = 1),
        ("media_id" = String, Path, description = "Id of the medium", pattern = "^[A-Za-z0-9_.:-]{1,100}$")
    ),
    responses((status = 204, description = "The medium has it"))
)]
pub(crate) async fn attach(
    State(api): State<Api>,
    account: Watched,
    Path((_, label_id, media_id)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let on = labelled(&account, &label_id, &media_id)?;
    gone(labels::attach(&api.pool, on, api.clock.now()).await?)
}

/// Takes a label off a medium.
#[utoipa::path(
    delete, path = "/api/accounts/{account_id}/labels/{label_id}/media/{media_id}", tag = "people",
    params(
        ("account_id" = String, Path, description = "Id of the account"),
        ("label_id" = i64, Path, description = "Id of the label", minimum = 1),
        ("media_id" = String, Path, description = "Id of the medium", pattern = "^[A-Za-z0-9_.:-]{1,100}$")
    ),
    responses((status = 204, description = "The medium has it no more"))
)]
pub(crate) async fn detach(
    State(api): State<Api>,
    account: Watched,
    Path((_, label_id, media_id)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    gone(labels::detach(&api.pool, labelled(&account, &label_id, &media_id)?).await?)
}

fn labelled<'a>(account: &'a Watched, label: &str, media: &'a str) -> Result<Labelled<'a>, Problem> {
    if !is_id(media) {
        return Err(Problem::UnknownThing);
    }
    Ok(Labelled { account: &account.id, label: number(label)?, media })
}
