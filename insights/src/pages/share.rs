//! Links that show one brand over one range of days to whoever has them: `/s/{token}`. Read only; they end by
//! themselves, or when somebody revokes them.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::account::Account;
use super::brand;
use super::format;
use super::respond::{Frame, SignedIn, html};
use crate::api::Api;
use crate::keys;
use crate::people::shares::{self, PREFIX};
use crate::problem::Problem;
use crate::query::pages::glance;
use crate::query::shares::NewShare;
use crate::range::{Days, Timeframe};
use crate::scope::Scope;

/// So long a link lives.
const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Template)]
#[template(path = "shared.html")]
struct Shared<'a> {
    frame: &'a Frame,
    account: &'a Account,
    path: String,
    until: String,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    form_token: String,
}

/// Shows what a link shows, and nothing else whatever the address says.
///
/// # Errors
///
/// [`Problem::NotFound`] for a link that is malformed, unknown, changed, expired or revoked.
pub(crate) async fn page(
    State(api): State<Api>,
    frame: Frame,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let share = shares::open(&api.pool, &token, frame.now).await?.ok_or(Problem::NotFound)?;
    // Who is signed in sees through a link no more than anybody else.
    let frame =
        Frame { view: frame.view.of_days(share.days.from, share.days.to), reader: None, now: frame.now };
    let scope = Scope::Accounts(vec![share.account_id.clone()]);
    let row = glance::account(&api.pool, &share.account_id, &scope, frame.now).await?;
    let account = Account::of(row.ok_or(Problem::NotFound)?, &frame)?;
    if account.day.is_some_and(|day| day < share.days.from || day > share.days.to) {
        return Err(Problem::NotFound);
    }
    let until = share.expires_at.map(|at| format::moment(frame.view.lang, at.0, &account.zone));
    brand::show(&api, &frame, &account, &until.unwrap_or_default()).await
}

/// Makes a link to what the page shows, and shows it this once.
///
/// # Errors
///
/// [`Problem::Refused`], or [`Problem::NotFound`].
pub(crate) async fn make(
    State(api): State<Api>,
    SignedIn(frame): SignedIn,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let reader = frame.reader.as_ref().ok_or(Problem::Unauthorized)?;
    reader.check_form(&sent.form_token)?;
    let account = Account::find(&api, &frame, &id).await?;
    let token = keys::generate_as(PREFIX);
    let expires_at = frame.now + LIFE;
    let share = NewShare {
        id: &token.id,
        hash: &token.hash,
        account: &account.row.id,
        days: Days { from: account.period.from, to: account.period.to },
        timeframe: Timeframe::of_days(account.period.days),
        key_id: &reader.key_id,
        expires_at,
    };
    crate::query::shares::create(&api.pool, share, frame.now).await?;
    html(&Shared {
        path: format!("/s/{}?lang={}", token.token.expose_secret(), frame.view.lang.code()),
        until: format::moment(frame.view.lang, expires_at, &TimeZone::UTC),
        frame: &frame,
        account: &account,
    })
}
