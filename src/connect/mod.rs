//! Connecting accounts in a browser: Meta's dialog, the code that comes back, the accounts to choose from,
//! and what is done with those that were chosen.
//!
//! ```text
//!  / ──▶ /start/{login} ──▶ Meta's dialog ──▶ /callback (state, code) ──▶ long-lived token, pages, permissions
//!                                                                            │ the person chooses
//!                                     watched, token sealed, subscribed ◀── /choose
//!                                              first reads begun ──▶ /progress/{secret}
//! ```
//!
//! A `state` is good once, and so is the form: neither can be made by somebody else. Tokens stay in this
//! process until they are sealed; none is ever part of a page or an address.

mod choice;
mod first_reads;
mod pages;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use cekbrand_graph::Flavour;
use cekbrand_graph::management::Dialog;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

pub(crate) use self::choice::Means;
use self::choice::{Choice, Connected};
use self::first_reads::FirstReads;
use self::pages::Reads;

/// What the pages of one run share.
pub(crate) struct Connecting {
    means: Means,
    /// Cancelled once accounts were connected and their first reads are done, or nobody looks at them.
    pub(crate) done: CancellationToken,
    /// Dialogs under way, by their state.
    started: Mutex<HashMap<String, Flavour>>,
    /// Choices that wait for a person, by the form's own secret.
    open: Mutex<HashMap<String, Choice>>,
    /// First reads that were begun, by the secret of their page.
    begun: Mutex<HashMap<String, Arc<FirstReads>>>,
}

type Shared = State<Arc<Connecting>>;

impl Connecting {
    /// Nothing is under way yet.
    pub(crate) fn new(means: Means) -> Self {
        let (started, open, begun) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { means, done: CancellationToken::new(), started, open, begun }
    }

    /// The pages.
    pub(crate) fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/", get(begin))
            .route("/start/{login}", get(start))
            .route("/callback", get(callback))
            .route("/choose", post(choose))
            .route("/progress/{secret}", get(progress))
            .route("/progress.js", get(script))
            .with_state(self)
    }
}

async fn begin() -> Response {
    page(StatusCode::OK, pages::begin())
}

/// Sends the browser to Meta's dialog.
async fn start(State(connecting): Shared, Path(login): Path<String>) -> Response {
    let Ok(flavour) = login.parse::<Flavour>() else {
        return page(StatusCode::NOT_FOUND, pages::failed("There is no such login."));
    };
    let state = secret();
    let dialog = Dialog { flavour, redirect_uri: &connecting.means.redirect_uri, state: &state };
    match connecting.means.management.dialog_url(dialog) {
        Ok(url) => {
            held(&connecting.started).insert(state, flavour);
            Redirect::to(&url).into_response()
        }
        Err(error) => page(StatusCode::BAD_GATEWAY, pages::failed(&error.to_string())),
    }
}

/// What Meta sends a person back with. Not to be shown: the code is worth a token.
#[derive(serde::Deserialize)]
struct Answer {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn callback(State(connecting): Shared, Query(answer): Query<Answer>) -> Response {
    let flavour = answer.state.and_then(|state| held(&connecting.started).remove(&state));
    let Some(flavour) = flavour else {
        let why = "This answer belongs to no dialog that was started here. Begin again.";
        return page(StatusCode::BAD_REQUEST, pages::failed(why));
    };
    if let Some(error) = answer.error {
        let why = answer.error_description.unwrap_or(error);
        return page(
            StatusCode::OK,
            pages::failed(&format!("Meta says that access was not granted: {why}. Nothing was changed.")),
        );
    }
    let Some(code) = answer.code.map(SecretString::from) else {
        return page(StatusCode::BAD_REQUEST, pages::failed("Meta sent neither a code nor an error."));
    };
    match choice::offer(&connecting.means, flavour, &code).await {
        Ok(choice) => {
            let form = secret();
            let shown = pages::choose(&choice, &form);
            held(&connecting.open).insert(form, choice);
            page(StatusCode::OK, shown)
        }
        Err(error) => page(StatusCode::BAD_GATEWAY, pages::failed(&error.to_string())),
    }
}

async fn choose(State(connecting): Shared, Form(given): Form<Vec<(String, String)>>) -> Response {
    let of = |name: &'static str| {
        given.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    };
    let form = of("form").next().unwrap_or_default().to_owned();
    let Some(choice) = held(&connecting.open).remove(&form) else {
        let why = "This form was sent before, or is not ours. Begin again.";
        return page(StatusCode::BAD_REQUEST, pages::failed(why));
    };
    let chosen: Vec<&str> = of("account").collect();
    let connected: Vec<Connected> = choice::connect(&connecting.means, choice, &chosen).await;
    let Some(reads) = FirstReads::begin(&connecting.means, &connected).await else {
        return page(StatusCode::OK, pages::connected(&connected, None));
    };
    let (reads, shown_at) = (Arc::new(reads), secret());
    held(&connecting.begun).insert(shown_at.clone(), Arc::clone(&reads));
    let (done, followed) = (connecting.done.clone(), Arc::clone(&reads));
    tokio::spawn(async move {
        followed.follow().await;
        done.cancel();
    });
    // Where they cannot be told now, the page asks again.
    let looks = reads.look().await.unwrap_or_default();
    page(StatusCode::OK, pages::connected(&connected, Some(&Reads { shown_at, looks })))
}

/// How the first reads get on.
async fn progress(State(connecting): Shared, Path(shown_at): Path<String>) -> Response {
    let reads = held(&connecting.begun).get(&shown_at).cloned();
    let Some(reads) = reads else {
        return page(StatusCode::NOT_FOUND, pages::failed("Nothing is being read here."));
    };
    match reads.look().await {
        Ok(looks) => page(StatusCode::OK, pages::progress(&looks)),
        Err(error) => page(StatusCode::BAD_GATEWAY, pages::failed(&format!("{error:#}"))),
    }
}

async fn script() -> Response {
    ([("content-type", "text/javascript")], pages::SCRIPT).into_response()
}

/// A page that loads one script of ours at most and sends its forms here only.
fn page(status: StatusCode, body: String) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; \
                          form-action 'self'; base-uri 'none'";
    let headers = [
        ("content-security-policy", POLICY),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
    ];
    (status, headers, Html(body)).into_response()
}

/// Nothing that can be guessed.
fn secret() -> String {
    format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>())
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
