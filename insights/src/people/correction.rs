//! What a comment feels, as a person says: it counts at once, and over every later scoring.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use cekbrand_sentiment::Label;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::Body;
use crate::problem::Problem;
use crate::query::correction::{self, Corrector};
use crate::reply::{Envelope, done, gone};
use crate::scope::{Caller, is_id};

/// What a comment feels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentimentToSet {
    /// pos, neu or neg.
    #[schema(value_type = String, pattern = "^(pos|neu|neg)$")]
    sentiment: Label,
}

/// A comment that was corrected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Correction {
    comment_id: String,
    #[schema(value_type = String)]
    sentiment: Label,
    /// Always true.
    corrected: bool,
}

type CommentInPath = Result<Path<String>, axum::extract::rejection::PathRejection>;

/// Says what a comment feels. It counts at once and is kept when comments are scored again.
#[utoipa::path(
    put, path = "/api/comments/{comment_id}/sentiment", tag = "people", request_body = SentimentToSet,
    params(
        ("comment_id" = String, Path, description = "Id of the comment", pattern = "^[A-Za-z0-9_.:-]{1,100}$")
    ),
    responses((status = 200, description = "It counts", body = Envelope<Correction>))
)]
pub(crate) async fn put(
    State(api): State<Api>,
    caller: Caller,
    path: CommentInPath,
    Body(wanted): Body<SentimentToSet>,
) -> Result<Response, Problem> {
    let comment_id = comment_id(path)?;
    let now = api.clock.now();
    let by = Corrector { scope: &caller.scope, key_id: &caller.key_id, now };
    if !correction::put(&api.pool, &comment_id, wanted.sentiment, by).await? {
        return Err(Problem::UnknownThing);
    }
    done(StatusCode::OK, &Correction { comment_id, sentiment: wanted.sentiment, corrected: true }, now)
}

/// Takes a correction back: what the model says counts again.
#[utoipa::path(
    delete, path = "/api/comments/{comment_id}/sentiment", tag = "people",
    params(
        ("comment_id" = String, Path, description = "Id of the comment", pattern = "^[A-Za-z0-9_.:-]{1,100}$")
    ),
    responses((status = 204, description = "The model's word counts"))
)]
pub(crate) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    path: CommentInPath,
) -> Result<Response, Problem> {
    let comment_id = comment_id(path)?;
    let by = Corrector { scope: &caller.scope, key_id: &caller.key_id, now: api.clock.now() };
    gone(correction::remove(&api.pool, &comment_id, by).await?)
}

fn comment_id(path: CommentInPath) -> Result<String, Problem> {
    let Path(id) = path.map_err(|_| Problem::UnknownThing)?;
    if is_id(&id) { Ok(id) } else { Err(Problem::UnknownThing) }
}
