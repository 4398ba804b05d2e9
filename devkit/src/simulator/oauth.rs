//! Tokens over HTTP: their state, and their renewal.

use serde_json::{Value, json};

use super::calls::CallKind;
use super::dialog;
use super::error::GraphError;
use super::request::{Login, Request};
use super::state::State;
use super::subscriptions;
use super::token::LIFETIME;

/// What a token of ours may do, unless a test takes something away.
const SCOPES: [&str; 6] = [
    "instagram_basic",
    "instagram_manage_comments",
    "instagram_manage_insights",
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_show_list",
];
/// The same with Instagram Login.
const INSTAGRAM_SCOPES: [&str; 3] =
    ["instagram_business_basic", "instagram_business_manage_comments", "instagram_business_manage_insights"];
const LIFETIME_S: i64 = LIFETIME.as_secs();
/// Younger tokens cannot be refreshed.
const YOUNGEST_S: i64 = 86_400;

/// What a call of this module reads.
pub(super) fn kind(request: &Request) -> Option<CallKind> {
    match path(request).as_slice() {
        ["debug_token"] => Some(CallKind::DebugToken),
        ["oauth", "access_token"] | ["access_token" | "refresh_access_token"] => {
            Some(CallKind::TokenExchange)
        }
        _ => None,
    }
}

/// Answers the calls of this module; nothing if it is another one.
pub(super) fn answer(state: &State, request: &Request) -> Option<Result<Value, GraphError>> {
    match path(request).as_slice() {
        ["debug_token"] => Some(debug_token(state, request)),
        ["oauth", "access_token"] if request.parameter("code").is_some() => {
            Some(dialog::redeem(state, request, request.parameter("code").unwrap_or_default()))
        }
        ["oauth", "access_token"] => Some(exchange(state, request, "fb_exchange_token", "fb_exchange_token")),
        ["access_token"] => Some(exchange(state, request, "ig_exchange_token", "access_token")),
        ["refresh_access_token"] => Some(refresh(state, request)),
        [app] if *app == state.config.app_id => Some(if is_app_token(state, request) {
            Ok(json!({ "id": app, "name": "CekBrand" }))
        } else {
            Err(needs_app_token())
        }),
        [app, "subscriptions"] if *app == state.config.app_id => Some(if is_app_token(state, request) {
            subscriptions::of_app(state, request)
        } else {
            Err(needs_app_token())
        }),
        _ => None,
    }
}

fn debug_token(state: &State, request: &Request) -> Result<Value, GraphError> {
    let caller_known = request.token.as_deref().is_some_and(|token| state.tokens().find(token).is_some());
    if !caller_known && !is_app_token(state, request) {
        return Err(needs_app_token());
    }
    let input = request
        .parameter("input_token")
        .ok_or_else(|| GraphError::parameter("The parameter input_token is required"))?;
    let Some(token) = state.tokens().find(input).cloned() else {
        let error = json!({ "code": 190, "message": "Invalid OAuth access token." });
        return Ok(json!({ "data": { "error": error, "is_valid": false, "scopes": [] } }));
    };
    let check = token.check(state.now());
    let account = &state.world.accounts()[token.account];
    let taken = state.taken_scopes();
    let is_left = |scope: &&str| !taken.contains(&(account.index, (*scope).to_owned()));
    let all = if request.login == Login::Instagram { &INSTAGRAM_SCOPES[..] } else { &SCOPES[..] };
    let scopes: Vec<&str> = all.iter().copied().filter(is_left).collect();
    let mut data = json!({
        "app_id": state.config.app_id, "type": "USER", "application": "CekBrand", "is_valid": check.is_ok(), "scopes": scopes,
        "expires_at": token.expires.as_second(), "issued_at": token.issued.as_second(),
        "data_access_expires_at": token.expires.as_second() + 30 * 86_400,
        "user_id": account.id,
    });
    if let Err(error) = check {
        data["error"] = json!({ "code": error.code, "subcode": error.subcode, "message": error.message });
    }
    Ok(json!({ "data": data }))
}

/// A long-lived token for one that still works.
fn exchange(state: &State, request: &Request, grant: &str, parameter: &str) -> Result<Value, GraphError> {
    if request.parameter("grant_type") != Some(grant) {
        return Err(GraphError::parameter(format!("grant_type must be {grant}")));
    }
    if request.parameter("client_secret") != Some(state.tokens().secret()) {
        return Err(GraphError::new(1, None, "Error validating client secret."));
    }
    let old = request.parameter(parameter).or(request.token.as_deref()).unwrap_or_default();
    renew(state, old, 0)
}

/// A token of Instagram Login for another 60 days, once it is a day old.
fn refresh(state: &State, request: &Request) -> Result<Value, GraphError> {
    if request.parameter("grant_type") != Some("ig_refresh_token") {
        return Err(GraphError::parameter("grant_type must be ig_refresh_token"));
    }
    renew(state, request.token.as_deref().unwrap_or_default(), YOUNGEST_S)
}

fn renew(state: &State, old: &str, youngest_s: i64) -> Result<Value, GraphError> {
    let now = state.now();
    let mut tokens = state.tokens();
    let known =
        tokens.find(old).cloned().ok_or_else(|| GraphError::new(190, None, "Invalid OAuth access token."))?;
    known.check(now)?;
    if now.duration_since(known.issued).as_secs() < youngest_s {
        return Err(GraphError::parameter("The access token must be at least 24 hours old to be refreshed"));
    }
    let token = if known.is_persons {
        tokens.issue_to_person(known.account, now)
    } else {
        tokens.issue(known.account, now)
    };
    Ok(json!({ "access_token": token, "token_type": "bearer", "expires_in": LIFETIME_S }))
}

fn is_app_token(state: &State, request: &Request) -> bool {
    request.token.as_deref() == Some(&format!("{}|{}", state.config.app_id, state.tokens().secret()))
}

fn needs_app_token() -> GraphError {
    GraphError::new(190, None, "Invalid OAuth access token signature.")
}

fn path(request: &Request) -> Vec<&str> {
    request.path.iter().map(String::as_str).collect()
}
