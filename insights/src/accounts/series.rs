//! An account's figures day by day: engagement, followers, reach, impressions, sentiment. Every day of the
//! range has a row; a day without a figure says why.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::api::Api;
use crate::problem::Problem;
use crate::query::engagement::{self, EngagementDay};
use crate::query::followers::{self, FollowersDay};
use crate::query::impressions::{self, ImpressionsDay};
use crate::query::reach::{self, ReachDay};
use crate::query::sentiment::{self, SentimentDay};
use crate::range::{Days, Range, RangeAsked, Timeframe};
use crate::reply::{Envelope, Reply};
use crate::scope::Watched;
use crate::table::CsvRow;

/// Figures of an account day by day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Series<T> {
    account_id: String,
    range: Range,
    /// One row for each day of the range, in order.
    days: Vec<T>,
    /// The same for the range before, where `compare=previous` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Vec<T>>,
}

/// Likes and comments of what was published in the timeframe, by day, with growth and rate.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/engagement", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The days", body = Envelope<Series<EngagementDay>>))
)]
pub(crate) async fn engagement(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    answer::<EngagementDay>(&api.pool, &account, asked, &reply, "engagement").await
}

/// Followers, accounts followed and media published, by day, with growth.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/followers", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The days", body = Envelope<Series<FollowersDay>>))
)]
pub(crate) async fn followers(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    answer::<FollowersDay>(&api.pool, &account, asked, &reply, "followers").await
}

/// How many different people were reached, on each day and in the timeframe up to it.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/reach", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The days", body = Envelope<Series<ReachDay>>))
)]
pub(crate) async fn reach(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    answer::<ReachDay>(&api.pool, &account, asked, &reply, "reach").await
}

/// How often the account's content was seen: views, and impressions before views existed.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/impressions", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The days", body = Envelope<Series<ImpressionsDay>>))
)]
pub(crate) async fn impressions(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    answer::<ImpressionsDay>(&api.pool, &account, asked, &reply, "impressions").await
}

/// What people felt in their comments, by day: all that count, those the day added, and the change.
#[utoipa::path(
    get, path = "/api/accounts/{account_id}/sentiment", tag = "accounts",
    params(("account_id" = String, Path, description = "Id of the account"), RangeAsked),
    responses((status = 200, description = "The days", body = Envelope<Series<SentimentDay>>))
)]
pub(crate) async fn sentiment(
    State(api): State<Api>,
    account: Watched,
    asked: RangeAsked,
    reply: Reply,
) -> Result<Response, Problem> {
    answer::<SentimentDay>(&api.pool, &account, asked, &reply, "sentiment").await
}

/// What an account is on one day.
trait Daily: Serialize + CsvRow + Clone {
    /// Reads a row for every day.
    fn read(
        pool: &PgPool,
        account: &str,
        days: Days,
        timeframe: Timeframe,
    ) -> impl Future<Output = Result<Vec<Self>, sqlx::Error>> + Send;
}

async fn answer<T: Daily>(
    pool: &PgPool,
    account: &Watched,
    asked: RangeAsked,
    reply: &Reply,
    name: &str,
) -> Result<Response, Problem> {
    let range = asked.on(account.today, &account.timezone)?;
    let days = T::read(pool, &account.id, range.days, range.timeframe).await?;
    let previous = match range.previous {
        Some(before) => Some(T::read(pool, &account.id, before, range.timeframe).await?),
        None => None,
    };
    // In the order of time, as the days are.
    let rows = [previous.clone().unwrap_or_default(), days.clone()].concat();
    reply.table(&Series { account_id: account.id.clone(), range, days, previous }, name, &rows)
}

impl Daily for EngagementDay {
    async fn read(
        pool: &PgPool,
        account: &str,
        days: Days,
        timeframe: Timeframe,
    ) -> Result<Vec<Self>, sqlx::Error> {
        engagement::days(pool, account, days, timeframe).await
    }
}

impl Daily for FollowersDay {
    async fn read(
        pool: &PgPool,
        account: &str,
        days: Days,
        timeframe: Timeframe,
    ) -> Result<Vec<Self>, sqlx::Error> {
        followers::days(pool, account, days, timeframe).await
    }
}

impl Daily for ReachDay {
    async fn read(
        pool: &PgPool,
        account: &str,
        days: Days,
        timeframe: Timeframe,
    ) -> Result<Vec<Self>, sqlx::Error> {
        reach::days(pool, account, days, timeframe).await
    }
}

impl Daily for ImpressionsDay {
    async fn read(
        pool: &PgPool,
        account: &str,
        days: Days,
        timeframe: Timeframe,
    ) -> Result<Vec<Self>, sqlx::Error> {
        impressions::days(pool, account, days, timeframe).await
    }
}

impl Daily for SentimentDay {
    async fn read(
        pool: &PgPool,
        account: &str,
        days: Days,
        timeframe: Timeframe,
    ) -> Result<Vec<Self>, sqlx::Error> {
        sentiment::days(pool, account, days, timeframe).await
    }
}
