//! An account in tables: hashtags, best hours, audience, competitors, formats.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::paging::{Page, PageAsked};
use crate::params::Params;
use crate::problem::Problem;
use crate::query::audience::{self, Audience};
use crate::query::competitors::{self, Competitor};
use crate::query::formats::{self, FormatFigures};
use crate::query::hashtags::{self, HashtagFigures, HashtagSort};
use crate::query::hours::{self, HoursOnline};
use crate::range::{self, Range, RangeAsked};
use crate::reply::{Envelope, Reply};
use crate::scope::Watched;

/// A table of an account over a range.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Table<T> {
    account_id: String,
    range: Range,
    rows: Vec<T>,
    /// The same for the range before, where `compare=previous` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Vec<T>>,
}

/// A page of a table of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PagedTable<T> {
    pub(super) account_id: String,
    pub(super) range: Range,
    pub(super) rows: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required = true)]
    pub(super) next_cursor: Option<String>,
}

/// How hashtags are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HashtagsAsked {
    /// What they are ordered by, the largest first: engagement, reach or saved for each post, or posts.
    #[param(value_type = Option<String>, pattern = "^(engagement|reach|saved|posts)$")]
    sort: HashtagSort,
    #[param(ignore)]
    range: RangeAsked,
    #[param(ignore)]
    page: Page,
}

impl<S: Send + Sync> FromRequestParts<S> for HashtagsAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let known = [&range::NAMES[..], &["sort", "limit", "cursor"]].concat();
        let mut params = Params::of(&parts.uri, &known)?;
        Ok(Self {
            sort: params.word("sort", &HashtagSort::WORDS)?.unwrap_or_default(),
            range: RangeAsked::take(&mut params)?,
            page: Page::take(&mut params, &parts.uri)?,
        })
    }
}

/// Hashtags as of the last day of the range, over all media with them up to that day.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/hashtags", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked, HashtagsAsked, PageAsked),
    responses((status = 200, description = "The hashtags", body = Envelope<PagedTable<HashtagFigures>>))
)]
pub(crate) async fn hashtags(
    State(api): State<Api>,
    account: Watched,
    asked: HashtagsAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let range = asked.range.on(account.today, &account.timezone)?;
    let (limit, offset) = (asked.page.beyond(), asked.page.offset());
    let mut rows = hashtags::list(&api.pool, &account.id, range.days.to, asked.sort, limit, offset).await?;
    let next_cursor = asked.page.cut_counted(&mut rows);
    let csv = rows.clone();
    let answer = PagedTable { account_id: account.id, range, rows, next_cursor: next_cursor.clone() };
    reply.paged(&answer, "hashtags", &csv, next_cursor)
}

/// When followers are online.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BestHours {
    account_id: String,
    range: Range,
    #[serde(flatten)]
    hours: HoursOnline,
}

/// When followers are online: by hour, by weekday and hour, and in a sentence. CSV has the week.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/best-hours", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The hours", body = Envelope<BestHours>))
)]
pub(crate) async fn best_hours(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let range = asked.on(account.today, &account.timezone)?;
    let hours = hours::best(&api.pool, &account.id, &account.timezone, range.days, range.timeframe).await?;
    let week = hours.week.clone();
    reply.table(&BestHours { account_id: account.id, range, hours }, "best-hours", &week)
}

/// Who follows the account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AudienceAnswer {
    account_id: String,
    range: Range,
    #[serde(flatten)]
    audience: Audience,
}

/// Followers by country, city, gender and age, by the newest lists that Meta gave up to the last day of the
/// range.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/audience", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The audience", body = Envelope<AudienceAnswer>))
)]
pub(crate) async fn audience(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let range = asked.on(account.today, &account.timezone)?;
    let audience = audience::latest(&api.pool, &account.id, range.days.to).await?;
    let parts = [&audience.countries[..], &audience.cities, &audience.genders_and_ages].concat();
    reply.table(&AudienceAnswer { account_id: account.id, range, audience }, "audience", &parts)
}

/// The account and its competitors side by side, over the range.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/competitors", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The sides", body = Envelope<Table<Competitor>>))
)]
pub(crate) async fn competitors(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let range = asked.on(account.today, &account.timezone)?;
    let rows = competitors::list(&api.pool, &account.id, &account.timezone, range.days).await?;
    let previous = match range.previous {
        Some(before) => Some(competitors::list(&api.pool, &account.id, &account.timezone, before).await?),
        None => None,
    };
    let csv = rows.clone();
    reply.table(&Table { account_id: account.id, range, rows, previous }, "competitors", &csv)
}

/// Formats compared, over the media of the range.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/formats", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The formats", body = Envelope<Table<FormatFigures>>))
)]
pub(crate) async fn formats(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let range = asked.on(account.today, &account.timezone)?;
    let rows = formats::list(&api.pool, &account.id, &account.timezone, range.days).await?;
    let previous = match range.previous {
        Some(before) => Some(formats::list(&api.pool, &account.id, &account.timezone, before).await?),
        None => None,
    };
    let csv = rows.clone();
    reply.table(&Table { account_id: account.id, range, rows, previous }, "formats", &csv)
}
