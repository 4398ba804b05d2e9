//! Meta's login dialogs: what a person is asked in the browser, and the code that the app is sent away with.
//! The person owns every watched account; with Instagram Login one of them, the first.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};

use super::codes::Grant;
use super::error::GraphError;
use super::request::{Login, Request, app_scoped_id, percent_encoded};
use super::state::State;
use super::token::LIFETIME;

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/{version}/dialog/oauth", get(facebook))
        .route("/oauth/authorize", get(instagram))
        .route("/__dialog/answer", get(answer))
        .with_state(state)
}

/// What the app asks for.
#[derive(Debug, Deserialize)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    state: String,
    #[serde(default)]
    scope: String,
    response_type: String,
}

async fn facebook(Shared(state): Shared<Arc<State>>, Query(asked): Query<Asked>) -> Response {
    dialog(&state, &asked, "facebook")
}

async fn instagram(Shared(state): Shared<Arc<State>>, Query(asked): Query<Asked>) -> Response {
    dialog(&state, &asked, "instagram")
}

/// The page on which a person may take permissions away, and goes on or not.
fn dialog(state: &State, asked: &Asked, login: &str) -> Response {
    if asked.client_id != state.config.app_id || asked.response_type != "code" {
        return (StatusCode::BAD_REQUEST, "Invalid App ID").into_response();
    }
    let mut fields = String::new();
    for (name, value) in
        [("redirect_uri", asked.redirect_uri.as_str()), ("state", &asked.state), ("login", login)]
    {
        fields += &hidden(name, value);
    }
    for scope in asked.scope.split(',').filter(|scope| !scope.is_empty()) {
        fields += &checkbox(scope);
    }
    let page = format!(
        r#"<!DOCTYPE html><title>Log in</title><h1>CekBrand would like access</h1><form action="/__dialog/answer">{fields}<input type="hidden" name="asked" value="{}"><button name="answer" value="allow">Continue</button><button name="answer" value="deny">Cancel</button></form>"#,
        escaped(&asked.scope)
    );
    Html(page).into_response()
}

fn hidden(name: &str, value: &str) -> String {
    format!(r#"<input type="hidden" name="{name}" value="{}">"#, escaped(value))
}

fn checkbox(scope: &str) -> String {
    let scope = escaped(scope);
    format!(r#"<p><label><input type="checkbox" name="{scope}" value="on" checked> {scope}</label></p>"#)
}

/// Sends the person back to the app, with a code or without.
async fn answer(Shared(state): Shared<Arc<State>>, Query(given): Query<HashMap<String, String>>) -> Response {
    let text = |name: &str| given.get(name).map(String::as_str).unwrap_or_default();
    let back = |query: String| {
        let location = format!("{}?{query}&state={}", text("redirect_uri"), percent_encoded(text("state")));
        (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
    };
    if text("answer") != "allow" {
        return back(
            "error=access_denied&error_reason=user_denied&error_description=Permissions+error".to_owned(),
        );
    }
    for scope in text("asked").split(',') {
        let is_granted = given.contains_key(scope);
        for account in state.world.watched() {
            let key = (account.index, scope.to_owned());
            let mut taken = state.taken_scopes();
            if is_granted {
                taken.remove(&key)
            } else {
                taken.insert(key)
            };
        }
    }
    let login = if text("login") == "instagram" { Login::Instagram } else { Login::Facebook };
    let grant = Grant { login, redirect_uri: text("redirect_uri").to_owned() };
    let code = state.codes().give(grant);
    back(format!("code={code}"))
}

/// A short-lived token for a code, which is good once and for the address that it was sent to.
pub(super) fn redeem(state: &State, request: &Request, code: &str) -> Result<Value, GraphError> {
    if request.parameter("client_secret") != Some(state.tokens().secret()) {
        return Err(GraphError::new(1, None, "Error validating client secret."));
    }
    let grant = state.codes().take(code);
    let grant =
        grant.ok_or_else(|| GraphError::new(100, Some(36_009), "This authorization code has been used."))?;
    if request.parameter("redirect_uri") != Some(grant.redirect_uri.as_str()) {
        return Err(GraphError::new(
            100,
            Some(36_008),
            "Error validating verification code. Please make sure your redirect_uri is identical",
        ));
    }
    let now = state.now();
    let account = &state.world.watched()[0];
    match grant.login {
        Login::Facebook => {
            let token = state.tokens().issue_to_person(account.index, now);
            Ok(json!({ "access_token": token, "token_type": "bearer", "expires_in": LIFETIME.as_secs() }))
        }
        Login::Instagram => {
            let token = state.tokens().issue(account.index, now);
            Ok(json!({ "access_token": token, "user_id": app_scoped_id(account), "permissions": [] }))
        }
    }
}

/// `me/accounts`: the person's pages, each with its token and its Instagram account.
pub(super) fn pages(state: &State) -> Value {
    let now = state.now();
    let pages = state.world.watched().iter().map(|account| {
        let token = state.tokens().issue(account.index, now);
        json!({
            "id": format!("10{}", account.ig_id), "name": account.name, "access_token": token,
            "instagram_business_account": { "id": account.id, "username": account.username },
        })
    });
    json!({ "data": pages.collect::<Vec<_>>() })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
