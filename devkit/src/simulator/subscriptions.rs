//! Webhook subscriptions: of the app, which Meta grants only after a handshake with the receiver, and of each
//! account.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::error::GraphError;
use super::request::{Login, Request};
use super::state::State;
use crate::world::Account;

/// Fields that an app can subscribe to.
const FIELDS: [&str; 10] = [
    "comments",
    "live_comments",
    "mentions",
    "message_reactions",
    "messages",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "standby",
    "story_insights",
];
/// Those of them that Instagram Login does not have.
const FACEBOOK_ONLY: [&str; 2] = ["mentions", "story_insights"];
/// How long the receiver may take to answer the handshake.
const PATIENCE: Duration = Duration::from_secs(5);
const CHALLENGE: &str = "1158201444";

/// Asks the receiver of an app-level subscription for its challenge, as Meta does before it grants one.
pub(super) async fn handshake(state: &State, request: &Request) -> Result<(), GraphError> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let ([_, "subscriptions"], Some(callback)) = (path.as_slice(), request.parameter("callback_url")) else {
        return Ok(());
    };
    if request.method != Method::POST {
        return Ok(());
    }
    let token = request.parameter("verify_token").unwrap_or_default();
    let failed = |why: String| {
        let message = format!("(#2200) Callback verification failed with the following errors: {why}");
        Err(GraphError::new(2200, None, message))
    };
    let query = [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", CHALLENGE)];
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
    let Ok(client) = client else { return failed("no client".to_owned()) };
    let Ok(answer) = client.get(callback).query(&query).send().await else {
        return failed("the URL couldn't be reached".to_owned());
    };
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap_or_default();
    if status != 200 {
        return failed(format!("HTTP Status Code = {status}"));
    }
    if body != CHALLENGE {
        return failed("hub.challenge does not match".to_owned());
    }
    state.subscribed().callback = Some(callback.to_owned());
    Ok(())
}

/// `/{app}/subscriptions`, with the app's own token.
pub(super) fn of_app(state: &State, request: &Request) -> Result<Value, GraphError> {
    let app = state.config.app_id.as_str();
    if request.method == Method::POST {
        if request.parameter("object") != Some("instagram") {
            return Err(GraphError::parameter("The parameter object is required"));
        }
        if request.parameter("callback_url").is_none() {
            return Err(GraphError::parameter("The parameter callback_url is required"));
        }
        let fields = wanted(request, "fields", |_| true)?;
        let mut subscribed = state.subscribed();
        subscribed.end(app);
        subscribed.add(app, &fields);
        return Ok(json!({ "success": true }));
    }
    let subscribed = state.subscribed();
    let named = |name: &String| json!({ "name": name, "version": "v25.0" });
    let fields: Vec<Value> = subscribed.of(app).iter().map(named).collect();
    if fields.is_empty() {
        return Ok(json!({ "data": [] }));
    }
    let shown = json!({ "object": "instagram", "callback_url": subscribed.callback, "active": true, "fields": fields });
    Ok(json!({ "data": [shown] }))
}

/// `/{user}/subscribed_apps`.
pub(super) fn of_account(state: &State, request: &Request, account: &Account) -> Result<Value, GraphError> {
    let id = account.id.as_str();
    if request.method == Method::POST {
        let has = |field: &str| request.login == Login::Facebook || !FACEBOOK_ONLY.contains(&field);
        let fields = wanted(request, "subscribed_fields", has)?;
        state.subscribed().add(id, &fields);
        return Ok(json!({ "success": true }));
    }
    let fields = state.subscribed().of(id);
    if fields.is_empty() {
        return Ok(json!({ "data": [] }));
    }
    Ok(json!({ "data": [{ "id": state.config.app_id, "subscribed_fields": fields }] }))
}

/// The fields of a parameter, all of which must be known.
fn wanted<'a>(
    request: &'a Request,
    parameter: &str,
    has: impl Fn(&str) -> bool,
) -> Result<Vec<&'a str>, GraphError> {
    let given = request.parameter(parameter).filter(|fields| !fields.is_empty());
    let given =
        given.ok_or_else(|| GraphError::parameter(format!("The parameter {parameter} is required")))?;
    let fields: Vec<&str> = given.split(',').collect();
    let known = |field: &&str| FIELDS.contains(field) && has(field);
    if let Some(place) = fields.iter().position(|field| !known(field)) {
        let all: Vec<&str> = FIELDS.into_iter().filter(known).collect();
        let all = all.join(", ");
        return Err(GraphError::parameter(format!("Param {parameter}[{place}] must be one of {{{all}}}")));
    }
    Ok(fields)
}
