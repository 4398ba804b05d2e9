//! `/glossary`: what the words mean, and why a figure may differ from the app's own.

use askama::Template;
use axum::response::Response;

use super::respond::{Frame, SignedIn, html};
use super::words::{Entry, glossary};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "glossary.html")]
struct Glossary<'a> {
    frame: &'a Frame,
    entries: Vec<Entry>,
}

/// The page.
pub(crate) async fn page(SignedIn(frame): SignedIn) -> Result<Response, Problem> {
    html(&Glossary { entries: glossary(frame.view.lang), frame: &frame })
}
