//! Links that show an account over a range of days to people without a key. A link's token is shown once;
//! only its hash is stored.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::{Body, whole};
use crate::iso::Iso;
use crate::keys::{self, PresentedKey};
use crate::params;
use crate::problem::Problem;
use crate::query::account;
use crate::query::shares::{self, NewShare, Share};
use crate::range::{Days, MAX_DAYS, Timeframe};
use crate::reply::{Envelope, Reply, done, gone};
use crate::scope::{Caller, is_id};

pub(crate) const PREFIX: &str = "cbs";
const USUAL_LIFE_IN_DAYS: i32 = 30;
const LONGEST_LIFE_IN_DAYS: i32 = 365;

/// The links of a key's accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shares {
    shares: Vec<Share>,
}

/// The links to the key's accounts; never their tokens.
#[utoipa::path(
    get, path = "/api/shares", tag = "people",
    responses((status = 200, description = "The links, oldest first", body = Envelope<Shares>))
)]
pub(crate) async fn list(State(api): State<Api>, caller: Caller, reply: Reply) -> Result<Response, Problem> {
    reply.json(&Shares { shares: shares::list(&api.pool, &caller.scope).await? })
}

/// A link to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareToMake {
    #[schema(pattern = "^[A-Za-z0-9_.:-]{1,100}$")]
    account_id: String,
    /// First day that it shows.
    #[schema(value_type = String, format = Date)]
    from: String,
    /// Last day that it shows.
    #[schema(value_type = String, format = Date)]
    to: String,
    /// Days of the windows that figures are of: 7 or 28.
    #[serde(default, deserialize_with = "whole")]
    #[schema(schema_with = crate::range::timeframe_schema, required = false)]
    timeframe: Option<i32>,
    /// After so many days it shows nothing; 30 where nothing is said.
    #[serde(default, deserialize_with = "whole")]
    #[schema(value_type = i32, minimum = 1, maximum = 365, required = false)]
    expires_in_days: Option<i32>,
}

/// A link that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShareMade {
    share: Share,
    /// What opens it. It is shown this once.
    token: String,
    /// Where the dashboard shows it.
    path: String,
}

/// Makes a link that shows an account over a range of days, until it ends or is revoked.
#[utoipa::path(
    post, path = "/api/shares", tag = "people", request_body = ShareToMake,
    responses((status = 201, description = "The link, with its token", body = Envelope<ShareMade>))
)]
pub(crate) async fn create(
    State(api): State<Api>,
    caller: Caller,
    Body(wanted): Body<ShareToMake>,
) -> Result<Response, Problem> {
    let now = api.clock.now();
    if !is_id(&wanted.account_id) || !caller.scope.allows(&wanted.account_id) {
        return Err(Problem::UnknownAccount);
    }
    let account = account::find(&api.pool, &wanted.account_id, now).await?.ok_or(Problem::UnknownAccount)?;
    let token = keys::generate_as(PREFIX);
    let share = NewShare {
        id: &token.id,
        hash: &token.hash,
        account: &account.id,
        days: wanted.days()?,
        timeframe: Timeframe::wanted(wanted.timeframe)?,
        key_id: &caller.key_id,
        expires_at: wanted.end(now)?,
    };
    let share = shares::create(&api.pool, share, now).await?;
    let token = token.token.expose_secret().to_owned();
    let path = format!("/s/{token}");
    done(StatusCode::CREATED, &ShareMade { share, token, path }, now)
}

impl ShareToMake {
    fn days(&self) -> Result<Days, Problem> {
        let days = params::day(&self.from).zip(params::day(&self.to));
        let (from, to) =
            days.ok_or_else(|| Problem::invalid("from and to are days, written like 2026-01-31."))?;
        let days = Days { from, to };
        if from > to {
            return Err(Problem::invalid("from is after to."));
        }
        if days.count() > MAX_DAYS {
            return Err(Problem::invalid("The range from `from` to `to` is longer than two years."));
        }
        Ok(days)
    }

    fn end(&self, now: Timestamp) -> Result<Timestamp, Problem> {
        let days = self.expires_in_days.unwrap_or(USUAL_LIFE_IN_DAYS);
        if !(1..=LONGEST_LIFE_IN_DAYS).contains(&days) {
            return Err(Problem::invalid("expires_in_days is a whole number from 1 to 365."));
        }
        now.checked_add(SignedDuration::from_hours(i64::from(days) * 24)).map_err(|_| Problem::Internal)
    }
}

/// Revokes a link at once.
#[utoipa::path(
    delete, path = "/api/shares/{share_id}", tag = "people",
    params(
        ("share_id" = String, Path, description = "Id of the link", pattern = "^[0-9a-f]{16}$")
    ),
    responses((status = 204, description = "It shows nothing any more"))
)]
pub(crate) async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let Path(id) = path.map_err(|_| Problem::UnknownThing)?;
    gone(is_id(&id) && shares::revoke(&api.pool, &id, &caller.scope, api.clock.now()).await?)
}

/// What a link shows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Shared {
    account_id: String,
    #[schema(required = true)]
    username: Option<String>,
    #[schema(required = true)]
    name: Option<String>,
    #[serde(flatten)]
    days: Days,
    /// Days of the windows that figures are of: 7 or 28.
    #[serde(serialize_with = "crate::range::in_days")]
    #[schema(value_type = i32)]
    timeframe: Timeframe,
    /// When it ends.
    #[schema(required = true)]
    expires_at: Option<Iso>,
}

/// What a link shows, and how long. The link itself is the key to it.
#[utoipa::path(
    get, path = "/api/shared/{token}", tag = "people",
    params(
        ("token" = String, Path, description = "The link's token", pattern = "^cbs_[0-9a-f]{16}_[0-9a-f]{64}$")
    ),
    responses((status = 200, description = "What it shows", body = Envelope<Shared>))
)]
pub(crate) async fn shared(
    State(api): State<Api>,
    path: Result<Path<String>, axum::extract::rejection::PathRejection>,
    reply: Reply,
) -> Result<Response, Problem> {
    let Path(token) = path.map_err(|_| Problem::UnknownThing)?;
    let share = open(&api.pool, &token, reply.now()).await?.ok_or(Problem::UnknownThing)?;
    let account = account::find(&api.pool, &share.account_id, reply.now()).await?;
    let account = account.ok_or(Problem::UnknownThing)?;
    reply.json(&Shared {
        account_id: account.id,
        username: account.username,
        name: account.name,
        days: share.days,
        timeframe: share.timeframe,
        expires_at: share.expires_at,
    })
}

/// What a link's token opens; `None` where it is malformed, unknown, changed, expired or revoked.
///
/// # Errors
///
/// The database's.
pub(crate) async fn open(pool: &PgPool, token: &str, now: Timestamp) -> Result<Option<Share>, sqlx::Error> {
    let Some(presented) = PresentedKey::parse_as(PREFIX, token) else {
        return Ok(None);
    };
    let found = shares::find(pool, presented.id, now).await?;
    Ok(found.filter(|share| presented.matches(&share.hash)))
}
