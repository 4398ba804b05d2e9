//! `/`: all accounts at a glance, those that need attention first.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;

use super::figures::{self, Metric};
use super::flags::{Flag, flags};
use super::respond::{Frame, SignedIn, html};
use super::tiles::{Tile, tile};
use crate::api::Api;
use crate::problem::Problem;
use crate::query::pages::glance::{self, AccountRow};

/// What a row shows.
const SHOWN: [Metric; 4] = [Metric::Followers, Metric::Reach, Metric::Engagement, Metric::Sentiment];

#[derive(Template)]
#[template(path = "portfolio.html")]
struct Portfolio<'a> {
    frame: &'a Frame,
    rows: Vec<Row>,
}

struct Row {
    link: String,
    title: String,
    name: String,
    tiles: Vec<Tile>,
    flags: Vec<Flag>,
}

/// The page; who has one account goes straight to its own.
pub(crate) async fn page(State(api): State<Api>, SignedIn(frame): SignedIn) -> Result<Response, Problem> {
    let accounts = glance::accounts(&api.pool, frame.scope(), frame.now).await?;
    if let [only] = accounts.as_slice() {
        return Ok(Redirect::to(&frame.view.to(&format!("/accounts/{}", only.id))).into_response());
    }
    let mut rows = Vec::with_capacity(accounts.len());
    let ids: Vec<String> = accounts.iter().map(|account| account.id.clone()).collect();
    let week = frame.view.of_last(7);
    let period = week.period(frame.now.to_zoned(TimeZone::UTC).date());
    let mut held = figures::read(&api.pool, &ids, period, frame.now).await?;
    for account in &accounts {
        let Some(figures) = held.remove(&account.id) else { continue };
        rows.push(Row {
            link: week.to(&format!("/accounts/{}", account.id)),
            title: title(account),
            name: account.name.clone().unwrap_or_default(),
            tiles: SHOWN.into_iter().map(|metric| tile(frame.view.lang, &figures, metric)).collect(),
            flags: flags(frame.view.lang, account, frame.now),
        });
    }
    rows.sort_by_key(|row| Reverse((row.flags.iter().map(|flag| flag.weight).max(), row.flags.len())));
    html(&Portfolio { frame: &frame, rows })
}

/// What an account is called: its user name, or its id until that is known.
pub(crate) fn title(account: &AccountRow) -> String {
    account.username.as_ref().map_or_else(|| account.id.clone(), |name| format!("@{name}"))
}
