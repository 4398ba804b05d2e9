//! The accounts of a key, and one of them.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::Response;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::summary::AccountSummary;
use crate::api::Api;
use crate::cursor::Cursor;
use crate::iso::Iso;
use crate::paging::{Page, PageAsked};
use crate::params::Params;
use crate::problem::Problem;
use crate::query::portfolio;
use crate::range::Timeframe;
use crate::reply::{Envelope, Reply};
use crate::scope::{Caller, Watched};

/// Which accounts are asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAsked {
    /// Days of the windows that figures are of: 7 or 28.
    #[param(value_type = Option<i32>, schema_with = crate::range::timeframe_schema)]
    timeframe: Timeframe,
    #[param(ignore)]
    page: Page,
}

impl<S: Send + Sync> FromRequestParts<S> for ListAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut params = Params::of(&parts.uri, &["timeframe", "limit", "cursor"])?;
        Ok(Self { timeframe: Timeframe::take(&mut params)?, page: Page::take(&mut params, &parts.uri)? })
    }
}

/// Accounts at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Accounts {
    accounts: Vec<AccountSummary>,
    /// Where the next page begins; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The accounts that this key may see, with their newest figures and what needs attention.
#[utoipa::path(
    get, path = "/api/accounts", tag = "accounts", params(ListAsked, PageAsked),
    responses((status = 200, description = "The accounts, by id", body = Envelope<Accounts>))
)]
pub(crate) async fn accounts(
    State(api): State<Api>,
    caller: Caller,
    asked: ListAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let after = asked.page.cursor.as_ref().map(|cursor| cursor.id.as_str());
    let limit = asked.page.beyond();
    let mut accounts =
        portfolio::page(&api.pool, &caller.scope, after, limit, asked.timeframe, reply.now()).await?;
    let next_cursor = asked.page.cut(&mut accounts, |last| Cursor { at: 0, id: last.id.clone() });
    let rows = accounts.clone();
    reply.paged(&Accounts { accounts, next_cursor: next_cursor.clone() }, "accounts", &rows, next_cursor)
}

/// One account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Account {
    #[serde(flatten)]
    summary: AccountSummary,
    #[schema(required = true)]
    biography: Option<String>,
    #[schema(required = true)]
    website: Option<String>,
    /// EU or JP where figures are withheld by law.
    #[schema(required = true)]
    region: Option<String>,
    /// The login that it is read with: facebook or instagram.
    login: String,
    added_at: Iso,
    /// Its present local day.
    today: Date,
}

/// The days that figures are of.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OneAsked {
    /// Days of the windows that figures are of: 7 or 28.
    #[param(value_type = Option<i32>, schema_with = crate::range::timeframe_schema)]
    timeframe: Timeframe,
}

impl<S: Send + Sync> FromRequestParts<S> for OneAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut params = Params::of(&parts.uri, &["timeframe"])?;
        Ok(Self { timeframe: Timeframe::take(&mut params)? })
    }
}

/// One account: its newest figures, what needs attention, and its profile.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), OneAsked),
    responses((status = 200, description = "The account", body = Envelope<Account>))
)]
pub(crate) async fn account(
    State(api): State<Api>,
    account: Watched,
    asked: OneAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    let found = portfolio::one(&api.pool, &account.id, asked.timeframe, reply.now()).await?;
    let summary = found.ok_or(Problem::UnknownAccount)?;
    let rows = [summary.clone()];
    let answer = Account {
        summary,
        biography: account.biography,
        website: account.website,
        region: account.region,
        login: account.login,
        added_at: Iso(account.added_at),
        today: account.today,
    };
    reply.table(&answer, "account", &rows)
}
