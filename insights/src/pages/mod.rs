//! Pages for people: what is known, in a browser, in Indonesian and English.
//!
//! ```text
//!  GET ─▶ session ─▶ address (View) ─▶ queries ─▶ what is shown ─▶ template ─▶ HTML, nothing from outside
//!        to /login      400
//! ```
//!
//! In reading order: [`view`] is the address, read, with [`days`] and [`theme`]; [`address`] writes one.
//! [`words`] has every word, [`format`](mod@format) numbers and dates. [`session`], [`cookies`],
//! [`attempts`]: who reads. [`respond`]: the frame around every page, and errors as pages. [`assets`]: what
//! pages load. [`account`]: what most pages are about. Then a file for each page, and `cards` with one for
//! each card of the brand's page.
//!
//! Invariants: pages work without scripts, which only spare reloads; whatever strangers wrote is escaped by
//! the templates; the address holds everything that a page shows; an absent figure says why.

mod account;
mod address;
mod alerts;
mod assets;
pub(crate) mod attempts;
mod brand;
mod cards;
mod chart;
mod cookies;
mod days;
mod drawing;
mod figures;
mod flags;
mod format;
mod glossary;
mod labels;
mod login;
mod medium;
mod notes;
mod pipeline;
mod portfolio;
mod respond;
mod session;
mod share;
mod table;
mod theme;
mod tiles;
mod view;
mod words;

use axum::Router;
use axum::middleware::{from_fn, map_response};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;

use crate::api::Api;

/// The pages as a table.
pub(crate) fn routes() -> Router<Api> {
    let pages = Router::new()
        .route("/", get(portfolio::page))
        .route("/accounts/{id}", get(brand::page))
        .route("/accounts/{id}/csv/{part}", get(brand::csv))
        .route("/media/{id}", get(medium::page))
        .route("/media/{id}/labels", post(labels::add))
        .route("/media/{id}/labels/{label}/remove", post(labels::remove))
        .route("/comments/{id}/label", post(cards::comments::correct))
        .route("/s/{token}", get(share::page))
        .route("/accounts/{id}/share", post(share::make))
        .route("/accounts/{id}/notes", post(notes::add))
        .route("/accounts/{id}/alerts", get(alerts::page))
        .route("/accounts/{id}/alerts/rules", post(alerts::add_rule))
        .route("/accounts/{id}/alerts/rules/{rule}/delete", post(alerts::delete_rule))
        .route("/accounts/{id}/alerts/channels", post(alerts::add_channel))
        .route("/accounts/{id}/alerts/channels/{channel}/delete", post(alerts::delete_channel))
        .route("/accounts/{id}/alerts/channels/{channel}/test", post(alerts::test_channel))
        .route("/pipeline", get(pipeline::page))
        .route("/glossary", get(glossary::page))
        .route("/login", get(login::form).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .layer(from_fn(respond::problems_as_pages))
        .layer(from_fn(respond::refuse_other_sites))
        .layer(map_response(respond::with_page_headers));
    pages.route("/assets/{version}/{name}", get(assets::asset)).layer(CompressionLayer::new())
}
