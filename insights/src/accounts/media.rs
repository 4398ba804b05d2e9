//! Media of an account over a range: the top and the flop, and the stories with what became of them.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::tables::PagedTable;
use crate::api::Api;
use crate::paging::{Page, PageAsked};
use crate::params::Params;
use crate::problem::Problem;
use crate::query::posts::{self, Leaders, Post, PostSort, PostsAsked};
use crate::query::stories::{self, StoriesAsked, Story};
use crate::range::{self, Range, RangeAsked};
use crate::reply::{Envelope, Reply};
use crate::scope::Watched;

/// How media are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TopAsked {
    /// What they are ordered by; media whose figure is not known come last.
    #[param(value_type = Option<String>, pattern = "^(engagement|likes|comments|reach|views|saved|published)$")]
    sort: PostSort,
    /// desc: the largest first. asc: the smallest first.
    #[param(rename = "order", value_type = Option<String>, pattern = "^(asc|desc)$")]
    ascending: bool,
    #[param(ignore)]
    range: RangeAsked,
    #[param(ignore)]
    page: Page,
}

impl<S: Send + Sync> FromRequestParts<S> for TopAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let known = [&range::NAMES[..], &["sort", "order", "limit", "cursor"]].concat();
        let mut params = Params::of(&parts.uri, &known)?;
        Ok(Self {
            sort: params.word("sort", &PostSort::WORDS)?.unwrap_or_default(),
            ascending: params.word("order", &[("desc", false), ("asc", true)])?.unwrap_or_default(),
            range: RangeAsked::take(&mut params)?,
            page: Page::take(&mut params, &parts.uri)?,
        })
    }
}

/// Media of a range, and those that lead.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopMedia {
    leaders: Leaders,
    #[serde(flatten)]
    table: PagedTable<Post>,
}

/// Media that were published in the range with their newest figures, ordered by one of these; and the media
/// that lead in the timeframe.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/top-media", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked, TopAsked, PageAsked),
    responses((status = 200, description = "The media", body = Envelope<TopMedia>))
)]
pub(crate) async fn top_media(
    State(api): State<Api>,
    account: Watched,
    asked: TopAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let range = asked.range.on(account.today, &account.timezone)?;
    let posts = PostsAsked {
        account: &account.id,
        timezone: &account.timezone,
        days: range.days,
        sort: asked.sort,
        ascending: asked.ascending,
        limit: asked.page.beyond(),
        offset: asked.page.offset(),
    };
    let mut rows = posts::list(&api.pool, posts).await?;
    let leaders = posts::leaders(&api.pool, &account.id, range.timeframe).await?;
    let next_cursor = asked.page.cut_counted(&mut rows);
    let csv = rows.clone();
    let table = PagedTable { account_id: account.id, range, rows, next_cursor: next_cursor.clone() };
    reply.paged(&TopMedia { leaders, table }, "top-media", &csv, next_cursor)
}

/// How stories are asked for.
#[derive(Debug)]
pub(crate) struct RangeAndPage {
    range: RangeAsked,
    page: Page,
}

impl<S: Send + Sync> FromRequestParts<S> for RangeAndPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let known = [&range::NAMES[..], &["limit", "cursor"]].concat();
        let mut params = Params::of(&parts.uri, &known)?;
        let range = RangeAsked::take(&mut params)?;
        Ok(Self { range, page: Page::take(&mut params, &parts.uri)? })
    }
}

/// How many stories of the page are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct StoryStates {
    saved: usize,
    due: usize,
    lost: usize,
}

/// Stories of a range.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stories {
    states: StoryStates,
    #[serde(flatten)]
    table: PagedTable<Story>,
}

/// Stories that were published in the range, the newest first: saved, due or lost, and their figures.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/stories", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked, PageAsked),
    responses((status = 200, description = "The stories", body = Envelope<Stories>))
)]
pub(crate) async fn stories(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAndPage,
    reply: Reply,
) -> Result<Response, Problem> {
    let range: Range = asked.range.on(account.today, &account.timezone)?;
    let wanted = StoriesAsked {
        account: &account.id,
        timezone: &account.timezone,
        days: range.days,
        limit: asked.page.beyond(),
        offset: asked.page.offset(),
    };
    let mut rows = stories::list(&api.pool, wanted, reply.now()).await?;
    let next_cursor = asked.page.cut_counted(&mut rows);
    let count = |state| rows.iter().filter(|story| story.state == state).count();
    let states = StoryStates { saved: count("saved"), due: count("due"), lost: count("lost") };
    let csv = rows.clone();
    let table = PagedTable { account_id: account.id, range, rows, next_cursor: next_cursor.clone() };
    reply.paged(&Stories { states, table }, "stories", &csv, next_cursor)
}
