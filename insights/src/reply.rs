//! What every data endpoint answers with: JSON or CSV, an ETag of what is in it, 304 where the caller has it.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::api::Api;
use crate::iso::Iso;
use crate::problem::Problem;
use crate::table::{self, CsvRow};

/// An answer as it is described: what was asked for, between `success` and `timestamp`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Envelope<T> {
    /// Always true; a problem says false.
    success: bool,
    #[serde(flatten)]
    data: T,
    /// When the answer was given. It is not part of the ETag.
    timestamp: Iso,
}

/// How a caller wants the answer, and what it has already.
pub(crate) struct Reply {
    wants_csv: bool,
    has: Vec<String>,
    now: Timestamp,
}

impl Reply {
    /// When the request is answered.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// An answer that has no table.
    ///
    /// # Errors
    ///
    /// [`Problem::Internal`] where it cannot be written.
    pub(crate) fn json<T: Serialize>(&self, data: &T) -> Result<Response, Problem> {
        let inner = serde_json::to_string(data).map_err(|_| Problem::Internal)?;
        let etag = etag(inner.as_bytes());
        if self.has_it(&etag) {
            return with_headers(StatusCode::NOT_MODIFIED, &etag, None, Body::empty());
        }
        let body = enclose(&inner, self.now)?;
        with_headers(StatusCode::OK, &etag, Some("application/json"), Body::from(body))
    }

    /// An answer whose rows are a table as well: CSV for whoever prefers `text/csv`.
    ///
    /// # Errors
    ///
    /// [`Problem::Internal`] where it cannot be written.
    pub(crate) fn table<T: Serialize, R: CsvRow>(
        &self,
        data: &T,
        name: &str,
        rows: &[R],
    ) -> Result<Response, Problem> {
        if !self.wants_csv {
            return self.json(data);
        }
        let csv = table::write(rows)?;
        let etag = etag(&csv);
        if self.has_it(&etag) {
            return with_headers(StatusCode::NOT_MODIFIED, &etag, None, Body::empty());
        }
        let mut response =
            with_headers(StatusCode::OK, &etag, Some("text/csv; charset=utf-8"), Body::from(csv))?;
        let file = HeaderValue::try_from(format!("attachment; filename=\"{name}.csv\""))
            .map_err(|_| Problem::Internal)?;
        response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
        Ok(response)
    }

    /// The same for one page of a list: in CSV, which has no other place, a header says where it goes on.
    ///
    /// # Errors
    ///
    /// [`Problem::Internal`] where it cannot be written.
    pub(crate) fn paged<T: Serialize, R: CsvRow>(
        &self,
        data: &T,
        name: &str,
        rows: &[R],
        next_cursor: Option<String>,
    ) -> Result<Response, Problem> {
        let mut response = self.table(data, name, rows)?;
        if let Some(cursor) = next_cursor {
            let cursor = HeaderValue::try_from(cursor).map_err(|_| Problem::Internal)?;
            response.headers_mut().insert("x-next-cursor", cursor);
        }
        Ok(response)
    }

    fn has_it(&self, etag: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        self.has.iter().any(|tag| tag == "*" || opaque(tag) == opaque(etag))
    }
}

/// The answer to what changed something: nothing of it is kept, so it has no ETag.
///
/// # Errors
///
/// [`Problem::Internal`] where it cannot be written.
pub(crate) fn done<T: Serialize>(status: StatusCode, data: &T, now: Timestamp) -> Result<Response, Problem> {
    let inner = serde_json::to_string(data).map_err(|_| Problem::Internal)?;
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    response.body(Body::from(enclose(&inner, now)?)).map_err(|_| Problem::Internal)
}

/// The answer to what leaves nothing to show: 204 where there was such a thing, else a problem.
///
/// # Errors
///
/// [`Problem::UnknownThing`].
pub(crate) fn gone(was_there: bool) -> Result<Response, Problem> {
    if !was_there {
        return Err(Problem::UnknownThing);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl FromRequestParts<Api> for Reply {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let tags = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        let tags = tags.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
        Ok(Self {
            wants_csv: prefers_csv(&parts.headers),
            has: tags.map(|tag| tag.trim().to_owned()).collect(),
            now: api.clock.now(),
        })
    }
}

/// Puts `success` before and `timestamp` behind an object that is written already.
fn enclose(inner: &str, now: Timestamp) -> Result<String, Problem> {
    let members = inner.strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
    let members = members.ok_or(Problem::Internal)?;
    let timestamp = serde_json::to_string(&Iso(now)).map_err(|_| Problem::Internal)?;
    let comma = if members.is_empty() { "" } else { "," };
    Ok(format!("{{\"success\":true,{members}{comma}\"timestamp\":{timestamp}}}"))
}

/// Weak, because the time of the answer is no part of it.
fn etag(content: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(content).into();
    format!("W/\"{}\"", const_hex::encode(&digest[..16]))
}

fn with_headers(
    status: StatusCode,
    etag: &str,
    content_type: Option<&str>,
    body: Body,
) -> Result<Response, Problem> {
    let mut builder = Response::builder()
        .status(status)
        .header(header::ETAG, etag)
        .header(header::VARY, "accept, authorization")
        // A caller may keep it, and asks each time whether it still holds; nobody on the way may.
        .header(header::CACHE_CONTROL, "private, no-cache");
    if let Some(content_type) = content_type {
        builder = builder.header(header::CONTENT_TYPE, content_type);
    }
    builder.body(body).map_err(|_| Problem::Internal)
}

/// Whether `text/csv` is asked for, and JSON no more than it.
fn prefers_csv(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    let ranges: Vec<(String, f32)> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(weighed)
        .collect();
    let weight = |range: &str| ranges.iter().find(|(name, _)| name == range).map(|(_, weight)| *weight);
    match (weight("text/csv"), weight("application/json")) {
        (Some(csv), Some(json)) => csv > json,
        (Some(csv), None) => csv > 0.0,
        (None, _) => false,
    }
}

fn weighed(range: &str) -> (String, f32) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=")).and_then(|weight| weight.parse().ok());
    (name, weight.unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_for_whoever_prefers_it() {
        for (accept, csv) in [
            ("text/csv", true),
            ("Text/CSV; charset=utf-8, */*;q=0.1", true),
            ("text/csv;q=0.5, application/json", false),
            ("application/json;q=0.5, text/csv", true),
            ("text/csv, application/json", false),
            ("text/csv;q=0", false),
            ("*/*", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(prefers_csv(&headers), csv, "{accept}");
        }
    }

    #[test]
    fn the_etag_does_not_know_what_time_it_is() {
        let reply = |has: &str, second| Reply {
            wants_csv: false,
            has: vec![has.to_owned()],
            now: Timestamp::from_second(second).unwrap(),
        };
        let answer = reply("", 1).json(&serde_json::json!({ "a": 1 })).unwrap();
        let tag = answer.headers()[header::ETAG].to_str().unwrap().to_owned();
        let again = reply(&tag, 2).json(&serde_json::json!({ "a": 1 })).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let changed = reply(&tag, 3).json(&serde_json::json!({ "a": 2 })).unwrap();
        assert_eq!(changed.status(), StatusCode::OK);
    }

    #[test]
    fn an_answer_stands_between_success_and_timestamp() {
        let enclosed = enclose("{\"a\":1}", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(enclosed, r#"{"success":true,"a":1,"timestamp":"1970-01-01T00:00:00.000Z"}"#);
        assert!(enclose("[]", Timestamp::UNIX_EPOCH).is_err());
    }
}
