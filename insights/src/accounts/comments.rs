//! Comments on an account's media, or on one medium: searched, filtered by what they feel, explained.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use cekbrand_sentiment::Label;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::media::asked::MediumInPath;
use crate::paging::{Page, PageAsked};
use crate::params::{Params, refused};
use crate::problem::Problem;
use crate::query::account;
use crate::query::comments::{self, Comment, CommentsAsked};
use crate::query::post;
use crate::range::{self, Range, RangeAsked};
use crate::reply::{Envelope, Reply};
use crate::scope::{Caller, Watched, is_id};

const SENTIMENTS: [(&str, Label); 3] = [("pos", Label::Pos), ("neu", Label::Neu), ("neg", Label::Neg)];

/// Which comments are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Words that the text holds, in capitals or not.
    #[param(rename = "q", value_type = Option<String>, min_length = 1, max_length = 200)]
    text: Option<String>,
    /// What they feel: pos, neu or neg.
    #[param(value_type = Option<String>, pattern = "^(pos|neu|neg)$")]
    sentiment: Option<Label>,
    /// `true`: say which words made the sentiment.
    #[param(value_type = Option<bool>)]
    explain: bool,
    #[param(ignore)]
    media_id: Option<String>,
    #[param(ignore)]
    range: RangeAsked,
    #[param(ignore)]
    page: Page,
}

impl<S: Send + Sync> FromRequestParts<S> for Filter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let known =
            [&range::NAMES[..], &["q", "sentiment", "explain", "media_id", "limit", "cursor"]].concat();
        let mut params = Params::of(&parts.uri, &known)?;
        let text = params.text("q");
        if text.as_deref() == Some("") {
            return Err(refused("q", "is not empty"));
        }
        let media_id = params.text("media_id");
        if media_id.as_deref().is_some_and(|id| !is_id(id)) {
            return Err(refused("media_id", "is not the id of a medium"));
        }
        Ok(Self {
            text,
            sentiment: params.word("sentiment", &SENTIMENTS)?,
            explain: params.word("explain", &[("true", true), ("false", false)])?.unwrap_or_default(),
            media_id,
            range: RangeAsked::take(&mut params)?,
            page: Page::take(&mut params, &parts.uri)?,
        })
    }
}

/// The medium that comments are on.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is there to be described")]
struct OnMedium {
    /// On this medium alone.
    #[param(pattern = "^[A-Za-z0-9_.:-]{1,100}$")]
    media_id: Option<String>,
}

/// A page of comments.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommentPage {
    account_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_id: Option<String>,
    range: Range,
    comments: Vec<Comment>,
    /// Where the next page begins; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Comments made in the range on the account's media, the newest first.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/comments", tag = "accounts",
    params(
        ("account_id" = String, Path, description = "Id of the account"), RangeAsked, Filter, OnMedium, PageAsked
    ),
    responses((status = 200, description = "The comments", body = Envelope<CommentPage>))
)]
pub(crate) async fn of_account(
    State(api): State<Api>,
    account: Watched,
    filter: Filter,
    reply: Reply,
) -> Result<Response, Problem> {
    let media = filter.media_id.clone();
    answer(&api, account, media, filter, &reply).await
}

/// Comments made in the range on one medium, on its copies in ads and on its parts, the newest first.
///
/// Without `from` the range is of two years.
#[utoipa::path(
    get, path = "/api/media/{media_id}/comments", tag = "accounts",
    params(
        ("media_id" = String, Path, description = "Id of the medium", pattern = "^[A-Za-z0-9_.:-]{1,100}$"),
        RangeAsked, Filter, PageAsked
    ),
    responses((status = 200, description = "The comments", body = Envelope<CommentPage>))
)]
pub(crate) async fn of_medium(
    State(api): State<Api>,
    caller: Caller,
    MediumInPath(id): MediumInPath,
    mut filter: Filter,
    reply: Reply,
) -> Result<Response, Problem> {
    let found = post::find(&api.pool, id.as_str(), &caller.scope).await?;
    let found = found.ok_or(Problem::UnknownThing)?;
    let account = account::find(&api.pool, &found.account_id, reply.now()).await?;
    if filter.media_id.is_some() {
        return Err(refused("media_id", "stands in the path"));
    }
    filter.range.default_to_all();
    answer(&api, account.ok_or(Problem::UnknownThing)?, Some(found.id), filter, &reply).await
}

async fn answer(
    api: &Api,
    account: Watched,
    media_id: Option<String>,
    filter: Filter,
    reply: &Reply,
) -> Result<Response, Problem> {
    let range = filter.range.on(account.today, &account.timezone)?;
    let asked = CommentsAsked {
        account: &account.id,
        timezone: &account.timezone,
        days: range.days,
        media: media_id.as_deref(),
        sentiment: filter.sentiment,
        text: filter.text.as_deref(),
        after: filter.page.cursor.as_ref(),
        limit: filter.page.beyond(),
    };
    let mut rows = comments::page(&api.pool, asked).await?;
    let next_cursor = filter.page.cut(&mut rows, Comment::place);
    if filter.explain {
        rows.iter_mut().for_each(Comment::explain);
    }
    let csv = rows.clone();
    let answer = CommentPage {
        account_id: account.id,
        media_id,
        range,
        comments: rows,
        next_cursor: next_cursor.clone(),
    };
    reply.paged(&answer, "comments", &csv, next_cursor)
}
