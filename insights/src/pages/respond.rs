//! The frame around every page, what a page may load, and errors as pages.

use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::session::Reader;
use super::view::View;
use super::{address, assets, format};
use crate::api::Api;
use crate::problem::Problem;
use crate::scope::Scope;

/// Nothing from outside, nothing inline, no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every page needs: the address, who reads, and when.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) view: View,
    /// Nobody on the pages that show nothing.
    pub(crate) reader: Option<Reader>,
    pub(crate) now: Timestamp,
}

impl Frame {
    /// Where an asset is.
    #[expect(clippy::unused_self, reason = "templates reach functions through what they are given")]
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::path(name)
    }

    /// What the reader may see: nothing where nobody is signed in.
    pub(crate) fn scope(&self) -> &Scope {
        static NOTHING: Scope = Scope::Accounts(Vec::new());
        self.reader.as_ref().map_or(&NOTHING, |reader| &reader.scope)
    }

    /// Which entry of the navigation it belongs to.
    pub(crate) fn section(&self) -> &'static str {
        match self.view.path() {
            "/pipeline" => "pipeline",
            "/glossary" => "glossary",
            _ => "accounts",
        }
    }

    /// The other theme, for whoever has no scripts.
    pub(crate) fn other_theme(&self) -> &'static str {
        if self.view.theme.code() == "dark" { "light" } else { "dark" }
    }

    /// The moment of the page, for its foot.
    pub(crate) fn stamp(&self) -> String {
        let year = self.now.to_zoned(TimeZone::UTC).year();
        format!("{} UTC, {year}", format::moment(self.view.lang, self.now, &TimeZone::UTC))
    }
}

impl FromRequestParts<Api> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let view = View::read(&parts.uri, &parts.headers)?;
        let reader = match Reader::from_request_parts(parts, api).await {
            Ok(reader) => Some(reader),
            Err(Problem::Unauthorized) => None,
            Err(problem) => return Err(problem),
        };
        Ok(Self { view, reader, now: api.clock.now() })
    }
}

/// A frame whose reader is signed in.
#[derive(Debug)]
pub(crate) struct SignedIn(pub(crate) Frame);

impl FromRequestParts<Api> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let frame = Frame::from_request_parts(parts, api).await?;
        if frame.reader.is_none() {
            return Err(Problem::Unauthorized);
        }
        Ok(Self(frame))
    }
}

/// A template as an answer.
///
/// # Errors
///
/// [`Problem::Internal`] where it cannot be rendered, which is logged.
pub(crate) fn html(template: &impl Template) -> Result<Response, Problem> {
    let text = template.render().map_err(|error| {
        tracing::error!(error = %error, "a page could not be rendered");
        Problem::Internal
    })?;
    Ok(Html(text).into_response())
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: &'a Frame,
    title: &'static str,
    hint: &'static str,
}

/// A problem becomes a page that says what happened and what to do; who is not signed in goes to sign in.
pub(crate) async fn problems_as_pages(request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|is| is == "application/problem+json");
    if !is_problem {
        return response;
    }
    let status = response.status();
    if status == StatusCode::UNAUTHORIZED {
        return to_sign_in(&uri, &headers);
    }
    let bare = Uri::from_static("/");
    let view = View::read(&uri, &headers).or_else(|_| View::read(&bare, &headers));
    let page = view.and_then(|view| problem_page(view, status));
    match page {
        Ok(page) => (status, page).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn problem_page(view: View, status: StatusCode) -> Result<Response, Problem> {
    let words = &view.words().frame;
    let (title, hint) = match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => (words.not_found, words.not_found_hint),
        StatusCode::BAD_REQUEST => (words.invalid, words.invalid_hint),
        StatusCode::FORBIDDEN => (words.refused, words.refused_hint),
        StatusCode::TOO_MANY_REQUESTS => (words.too_many_attempts, ""),
        StatusCode::SERVICE_UNAVAILABLE => (words.away, words.away_hint),
        _ => (words.broken, words.broken_hint),
    };
    let frame = Frame { view, reader: None, now: Timestamp::UNIX_EPOCH };
    html(&ProblemPage { frame: &frame, title, hint })
}

/// Scripts that swap parts of pages are told to load the form as a whole.
fn to_sign_in(uri: &Uri, headers: &HeaderMap) -> Response {
    let asked = uri.path_and_query().map_or("/", |asked| asked.as_str());
    let mut pairs = vec![("next".to_owned(), asked.to_owned())];
    pairs.extend(address::form_pairs(uri.query().unwrap_or("")).find(|(name, _)| name == "lang"));
    let form = format!("/login?{}", address::encode(&pairs));
    if headers.contains_key("hx-request") {
        return (StatusCode::NO_CONTENT, [(HeaderName::from_static("hx-redirect"), form)]).into_response();
    }
    Redirect::to(&form).into_response()
}

/// What changes something comes from our own pages.
pub(crate) async fn refuse_other_sites(request: Request, next: Next) -> Result<Response, Problem> {
    if request.method() != Method::POST || is_ours(request.headers()) {
        return Ok(next.run(request).await);
    }
    Err(Problem::Refused)
}

/// Browsers say where a request comes from; what says nothing is no browser and has no cookie of ours.
fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    let host = |origin: &str| origin.split_once("://").map(|(_, host)| host.to_owned());
    text(header::ORIGIN).is_none_or(|origin| host(origin).as_deref() == text(header::HOST))
}

/// Pages run nothing but our scripts, and are kept by nobody on the way.
pub(crate) async fn with_page_headers(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_ours(&headers.collect())
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        assert!(sent(&[("sec-fetch-site", "same-origin")]));
        assert!(!sent(&[("sec-fetch-site", "cross-site")]));
        assert!(!sent(&[("sec-fetch-site", "same-site")]));
        assert!(sent(&[("origin", "http://a.example:8081"), ("host", "a.example:8081")]));
        assert!(!sent(&[("origin", "http://b.example"), ("host", "a.example:8081")]));
        assert!(!sent(&[("origin", "null"), ("host", "a.example:8081")]));
    }
}
