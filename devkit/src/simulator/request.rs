//! A request, read once: version, path, parameters, token, and what it wants.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{Method, Uri, header};

use super::calls::CallKind;
use super::error::GraphError;
use super::fields::{self, Field};
use crate::world::Account;

/// Parameters that never reach the log.
const SECRET_PARAMETERS: &[&str] = &[
    "access_token",
    "appsecret_proof",
    "appsecret_time",
    "client_secret",
    "fb_exchange_token",
    "input_token",
    "input_tokens",
    "verify_token",
];

/// Edges, with what a call of them reads; the same name means different things under different nodes.
const EDGES: &[(&str, CallKind)] = &[
    ("media", CallKind::UserMedia),
    ("stories", CallKind::UserStories),
    ("live_media", CallKind::UserLiveMedia),
    ("tags", CallKind::UserTags),
    ("insights", CallKind::MediaInsights),
    ("comments", CallKind::MediaComments),
    ("children", CallKind::MediaChildren),
    ("replies", CallKind::CommentReplies),
    ("subscribed_apps", CallKind::Subscription),
    ("subscriptions", CallKind::Subscription),
];

/// Stands before the paths of the host for Instagram Login.
pub(super) const INSTAGRAM: &str = "instagram";

/// Meta's two ways of logging in, each with a host of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Login {
    Facebook,
    Instagram,
}

/// The id of an account that Instagram Login tells the app: another one than webhooks carry.
pub(super) fn app_scoped_id(account: &Account) -> String {
    format!("2{}", account.id.as_str().get(1..).unwrap_or_default())
}

/// A request to the Graph API.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Which host it came to.
    pub(super) login: Login,
    /// `v25.0`, or nothing if the path names no version.
    pub(super) version: Option<String>,
    /// The path without the version.
    pub(super) path: Vec<String>,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) token: Option<String>,
}

impl Request {
    /// Reads a request; the parameters of a form body count like those of the query.
    pub(super) fn read(parts: &Parts, body: &[u8]) -> Self {
        let mut parameters: BTreeMap<String, String> = pairs(&parts.uri).into_iter().collect();
        let form = std::str::from_utf8(body).ok().and_then(|form| format!("/?{form}").parse::<Uri>().ok());
        parameters.extend(form.as_ref().map(pairs).unwrap_or_default());
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
        let token = bearer.or_else(|| parameters.get("access_token").cloned());
        let mut path: Vec<String> =
            parts.uri.path().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let is_instagram = path.first().is_some_and(|first| first == INSTAGRAM);
        let login = if is_instagram { Login::Instagram } else { Login::Facebook };
        if is_instagram {
            path.remove(0);
        }
        let version = path.first().filter(|first| is_version(first)).cloned();
        if version.is_some() {
            path.remove(0);
        }
        Self { method: parts.method.clone(), login, version, path, parameters, token }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The fields that are wanted.
    pub(super) fn fields(&self) -> Result<Vec<Field>, GraphError> {
        fields::parse(self.parameter("fields").unwrap_or_default()).map_err(|error| GraphError {
            code: 2500,
            ..GraphError::new(2500, None, format!("Syntax error \"{error}\""))
        })
    }

    /// The ids that are asked for: of `ids=`, else the one in the path.
    pub(super) fn targets(&self) -> Vec<String> {
        match (self.parameter("ids"), self.path.first()) {
            (Some(ids), _) => ids.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect(),
            (None, Some(id)) => vec![id.clone()],
            (None, None) => Vec::new(),
        }
    }

    /// The edge in the path, if any: after the id, or alone when the ids are parameters.
    pub(super) fn edge(&self) -> Option<&str> {
        let place = usize::from(self.parameter("ids").is_none());
        self.path.get(place).map(String::as_str)
    }

    /// What the call reads, as far as the path alone says; nodes are told apart by their id.
    pub(super) fn edge_kind(&self) -> Option<CallKind> {
        let edge = self.edge()?;
        Some(EDGES.iter().find(|(name, _)| *name == edge).map_or(CallKind::Other, |(_, kind)| *kind))
    }

    /// The metrics it wants, of an insights edge or of expanded insights.
    pub(super) fn metrics(&self) -> BTreeSet<String> {
        let mut metrics = BTreeSet::new();
        let mut add = |list: &str| metrics.extend(list.split(',').map(str::to_owned));
        if let Some(list) = self.parameter("metric") {
            add(list);
        }
        let mut open = self.fields().unwrap_or_default();
        while let Some(field) = open.pop() {
            if let Some(list) = field.parameter("metric") {
                add(list);
            }
            open.extend(field.fields);
        }
        metrics
    }

    /// The parameters as the log shows them.
    pub(super) fn logged_query(&self) -> String {
        let shown = self.parameters.iter().filter(|(key, _)| !SECRET_PARAMETERS.contains(&key.as_str()));
        shown.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
    }
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(major, minor)| {
        !major.is_empty() && major.chars().chain(minor.chars()).all(|letter| letter.is_ascii_digit())
    })
}

/// Text as it may stand in a query.
pub(super) fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&const_hex::encode_upper([byte]));
        }
    }
    out
}
