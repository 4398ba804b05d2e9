//! What a token is worth, and a longer life for it.

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;

use super::{Meta, PROOF_BY_ONE, PROOF_BY_TWO, TOKEN, code, credential, refusal};
use crate::api::Flavour;
use crate::error::GraphError;
use crate::management::TokenState;

#[tokio::test]
async fn the_app_asks_what_a_token_is_worth() {
    for (flavour, host) in [(Flavour::Facebook, "facebook"), (Flavour::Instagram, "instagram")] {
        let (meta, management) =
            Meta::with(200, json!({"data": {"is_valid": true, "scopes": ["a"], "user_id": "7"}})).await;
        let state = management.inspect(&credential(flavour)).await.unwrap();
        assert_eq!((state.dead, state.user_id.as_deref()), (None, Some("7")));
        assert_eq!(state.scopes.unwrap(), ["a"]);
        let asked = meta.only();
        assert_eq!(asked.what, format!("GET /{host}/v25.0/debug_token"));
        assert_eq!((asked.bearer.as_deref(), asked.parameter("input_token")), (Some("42|one"), TOKEN));
    }
    let (_meta, management) = Meta::with(200, json!({"id": "1"})).await;
    let error = management.inspect(&credential(Flavour::Facebook)).await.unwrap_err();
    assert!(matches!(error, GraphError::Garbage { .. }), "{error:?}");
}

/// With Instagram Login a call that works says as much; with the other login nobody may guess.
#[tokio::test]
async fn where_nobody_may_ask_the_token_of_instagram_login_is_tried_out() {
    let answers = [(200, json!({"id": "1"})), refusal(190, "expired a-token"), refusal(2, "later")];
    for (at, (status, answer)) in answers.into_iter().enumerate() {
        let (meta, management) = Meta::start(move |asked| {
            let is_tried = asked.what.ends_with("/v25.0/me");
            if is_tried { (status, answer.clone()) } else { refusal(10, "not for this app") }
        })
        .await;
        let state = management.inspect(&credential(Flavour::Instagram)).await;
        let asked = meta.seen().pop().unwrap();
        assert_eq!(asked.what, "GET /instagram/v25.0/me");
        assert_eq!((asked.bearer.as_deref(), asked.parameter("fields")), (Some(TOKEN), "id"));
        match at {
            0 => assert_eq!(state.unwrap(), TokenState::default()),
            1 => {
                let dead = state.unwrap().dead.unwrap();
                assert!(dead.starts_with("code 190") && !dead.contains(TOKEN), "{dead}");
            }
            _ => assert_eq!(code(&state.unwrap_err()), Some(2)),
        }
        let error = management.inspect(&credential(Flavour::Facebook)).await.unwrap_err();
        assert_eq!(code(&error), Some(10));
    }
}

#[tokio::test]
async fn nothing_that_was_received_is_no_verdict_on_a_token() {
    let (meta, management) = Meta::with(500, json!([])).await;
    for flavour in [Flavour::Facebook, Flavour::Instagram] {
        let error = management.inspect(&credential(flavour)).await.unwrap_err();
        assert!(matches!(error, GraphError::Garbage { status: 500, .. }), "{error:?}");
    }
    assert_eq!(meta.seen().len(), 2, "no second question");
}

#[tokio::test]
async fn a_token_of_instagram_login_is_refreshed_outside_of_any_version() {
    let (meta, management) =
        Meta::with(200, json!({"access_token": "a-token-anew", "expires_in": 5_184_000})).await;
    let new = management.renew(&credential(Flavour::Instagram)).await.unwrap();
    assert_eq!(new.token.expose_secret(), "a-token-anew", "what was asked for is not blotted out");
    assert_eq!(new.lasts, Some(Duration::from_hours(60 * 24)));
    let asked = meta.only();
    assert_eq!(asked.what, "GET /instagram/refresh_access_token");
    assert_eq!(asked.parameter("grant_type"), "ig_refresh_token");
    assert_eq!((asked.bearer.as_deref(), asked.parameter("appsecret_proof")), (Some(TOKEN), PROOF_BY_ONE));
    assert_eq!(asked.parameter("appsecret_time"), "1700000000");
}

#[tokio::test]
async fn a_time_that_is_not_told_or_is_none_is_unknown() {
    for answer in [json!({"access_token": "b"}), json!({"access_token": "b", "expires_in": 0})] {
        let (_meta, management) = Meta::with(200, answer).await;
        assert_eq!(management.renew(&credential(Flavour::Instagram)).await.unwrap().lasts, None);
    }
    let (_meta, management) = Meta::with(200, json!({"access_token": ""})).await;
    assert!(management.renew(&credential(Flavour::Instagram)).await.is_err());
}

#[tokio::test]
async fn a_token_of_facebook_login_is_exchanged_with_the_secret_that_meta_takes() {
    let (meta, management) = Meta::start(|asked| {
        let by_two = asked.parameter("client_secret") == "two" || asked.bearer.as_deref() == Some("42|two");
        if by_two { (200, json!({"access_token": "longer"})) } else { refusal(1, "another secret") }
    })
    .await;
    let new = management.renew(&credential(Flavour::Facebook)).await.unwrap();
    assert_eq!(new.token.expose_secret(), "longer");
    let seen = meta.seen();
    let secrets: Vec<_> = seen.iter().map(|asked| asked.parameter("client_secret")).collect();
    assert_eq!(secrets, ["one", "two"]);
    let last = &seen[1];
    assert_eq!((last.what.as_str(), last.bearer.as_ref()), ("GET /facebook/v25.0/oauth/access_token", None));
    for (name, value) in
        [("grant_type", "fb_exchange_token"), ("client_id", "42"), ("fb_exchange_token", TOKEN)]
    {
        assert_eq!(last.parameter(name), value, "{name}");
    }
    // What another call of the app has found out goes first.
    management.app_subscription().await.unwrap();
    management.renew(&credential(Flavour::Facebook)).await.unwrap();
    assert_eq!(meta.seen().len(), 2 + 2 + 1);
    assert_eq!(meta.seen().last().unwrap().parameter("client_secret"), "two");
}

#[tokio::test]
async fn a_dead_token_and_a_silent_host_end_the_exchange_at_once_and_show_nothing() {
    let (meta, management) = Meta::with(400, refusal(190, "a-token of one is dead").1).await;
    let error = management.renew(&credential(Flavour::Facebook)).await.unwrap_err();
    assert_eq!((code(&error), meta.seen().len()), (Some(190), 1));
    assert_eq!(error.to_string(), "code 190: [redacted] of [redacted] is dead");
    let (meta, management) = Meta::with(500, json!([])).await;
    let error = management.renew(&credential(Flavour::Facebook)).await.unwrap_err();
    assert_eq!((code(&error), meta.seen().len()), (None, 1));
    let (meta, management) = Meta::with(400, refusal(1, "x").1).await;
    assert_eq!(code(&management.renew(&credential(Flavour::Facebook)).await.unwrap_err()), Some(1));
    assert_eq!(meta.seen().len(), 2, "each secret is tried once");
}

#[tokio::test]
async fn each_login_remembers_the_secret_that_proves_its_calls() {
    let (meta, management) = Meta::start(|asked| {
        let is_proven = asked.parameter("appsecret_proof") == PROOF_BY_TWO;
        let refused = refusal(100, "Invalid appsecret_proof provided in the API argument");
        if is_proven { (200, json!({"id": "178", "access_token": "b"})) } else { refused }
    })
    .await;
    for (flavour, calls) in [
        (Flavour::Instagram, 2),
        (Flavour::Instagram, 3),
        (Flavour::Facebook, 5),
        (Flavour::Facebook, 6),
        (Flavour::Instagram, 7),
    ] {
        management.identity(&credential(flavour), "178").await.unwrap();
        assert_eq!(meta.seen().len(), calls, "{flavour:?}");
    }
}
