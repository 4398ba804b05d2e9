//! The control interface over HTTP, for processes that cannot call the methods: `/__control/...`, JSON in and
//! out.
//!
//! `GET world`, `GET calls?after=N`, `GET costs`, `DELETE calls`, `POST faults`, `DELETE faults[/{number}]`,
//! and `POST` `clock`, `block`, `usage`, `token`, `delete`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Json, Path, Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::state::State;
use super::{block, kill_token};

type Control = Shared<Arc<State>>;

pub(super) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/world", get(world))
        .route("/calls", get(calls).delete(forget_calls))
        .route("/costs", get(costs))
        .route("/faults", post(add_fault).delete(clear_faults))
        .route("/faults/{number}", delete(remove_fault))
        .route("/clock", post(set_clock))
        .route("/block", post(block_account))
        .route("/usage", post(show_usage))
        .route("/token", post(change_token))
        .route("/delete", post(delete_thing))
        .with_state(state)
}

async fn world(Shared(state): Control) -> Response {
    let tokens = state.tokens();
    let accounts: Vec<Value> = state
        .world
        .accounts()
        .iter()
        .map(|account| {
            let media: Vec<&str> = account.media.iter().map(|place| state.world.media()[*place].id.as_str()).collect();
            let token = tokens.current(account.index);
            json!({ "id": account.id, "username": account.username, "watched": account.watched, "token": token, "media": media })
        })
        .collect();
    let world = json!({ "app_id": state.config.app_id, "app_secret": tokens.secret(), "now": state.now(), "accounts": accounts });
    control_answer(StatusCode::OK, &world)
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn calls(Shared(state): Control, Query(After { after }): Query<After>) -> Response {
    control_answer(StatusCode::OK, &json!({ "calls": state.calls.since(after) }))
}

async fn costs(Shared(state): Control) -> Response {
    control_answer(StatusCode::OK, &json!(state.calls.costs()))
}

async fn forget_calls(Shared(state): Control) -> Response {
    state.calls.clear();
    done()
}

async fn add_fault(Shared(state): Control, Json(fault): Json<Fault>) -> Response {
    control_answer(StatusCode::OK, &json!({ "number": state.faults.add(fault) }))
}

async fn clear_faults(Shared(state): Control) -> Response {
    state.faults.clear();
    done()
}

async fn remove_fault(Shared(state): Control, Path(number): Path<u64>) -> Response {
    if state.faults.remove(number) { done() } else { unknown() }
}

#[derive(Deserialize)]
struct Offset {
    offset_seconds: i64,
}

async fn set_clock(Shared(state): Control, Json(Offset { offset_seconds }): Json<Offset>) -> Response {
    state.set_offset(SignedDuration::from_secs(offset_seconds));
    control_answer(StatusCode::OK, &json!({ "now": state.now() }))
}

#[derive(Deserialize)]
struct Block {
    account: String,
    minutes: u32,
}

/// `minutes: 0` frees the account.
async fn block_account(Shared(state): Control, Json(Block { account, minutes }): Json<Block>) -> Response {
    block(&state, &account, minutes);
    done()
}

#[derive(Deserialize)]
struct Shown {
    account: String,
    percent: Option<u64>,
}

async fn show_usage(Shared(state): Control, Json(Shown { account, percent }): Json<Shown>) -> Response {
    state.usage().show(&account, percent);
    done()
}

#[derive(Deserialize)]
struct TokenChange {
    account: String,
    /// Kills the account's tokens with this subcode; without it a new token is issued.
    dead_subcode: Option<i64>,
}

async fn change_token(Shared(state): Control, Json(change): Json<TokenChange>) -> Response {
    let found = state.world.watched().iter().find(|account| account.id.as_str() == change.account);
    let Some(account) = found else { return unknown() };
    if let Some(subcode) = change.dead_subcode {
        kill_token(&state, account, subcode);
        return done();
    }
    let token = state.tokens().issue(account.index, state.now());
    control_answer(StatusCode::OK, &json!({ "token": token }))
}

#[derive(Deserialize)]
struct Deletion {
    id: String,
}

async fn delete_thing(Shared(state): Control, Json(Deletion { id }): Json<Deletion>) -> Response {
    if state.world.find(&id).is_none() {
        return unknown();
    }
    state.deleted().insert(id);
    done()
}

fn done() -> Response {
    control_answer(StatusCode::OK, &json!({ "success": true }))
}

fn unknown() -> Response {
    control_answer(StatusCode::NOT_FOUND, &json!({ "success": false }))
}

/// An answer of the control interface.
fn control_answer(status: StatusCode, body: &Value) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/json; charset=UTF-8")];
    (status, content_type, body.to_string()).into_response()
}
