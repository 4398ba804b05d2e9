//! Subscriptions of the app and of accounts, and which secret the app calls with.

use serde_json::json;

use super::{ACCOUNT, Meta, PROOF_BY_ONE, TOKEN, code, credential, refusal};
use crate::api::Flavour;
use crate::management::AppSubscription;

const ALL: &str = "comments,live_comments,mentions,story_insights";

#[tokio::test]
async fn the_apps_subscription_is_that_of_instagram() {
    let answer = json!({"data": [
        {"object": "page", "callback_url": "https://other.example", "active": true, "fields": ["feed"]},
        {"object": "instagram", "callback_url": "https://x.example/hook", "active": false,
         "fields": [{"name": "comments", "version": "v25.0"}, "mentions"]}
    ]});
    let (meta, management) = Meta::with(200, answer).await;
    let expected = AppSubscription {
        callback_url: Some("https://x.example/hook".to_owned()),
        is_active: false,
        fields: vec!["comments".to_owned(), "mentions".to_owned()],
    };
    assert_eq!(management.app_subscription().await.unwrap(), Some(expected));
    let asked = meta.only();
    assert_eq!(asked.what, "GET /facebook/v25.0/42/subscriptions");
    assert_eq!((asked.bearer.as_deref(), asked.parameter("locale")), (Some("42|one"), "en_US"));
    assert!(!asked.parameters.contains_key("appsecret_proof"), "the app proves itself by its secret");
}

#[tokio::test]
async fn an_app_may_have_no_subscription_and_one_that_says_nothing_is_active() {
    for none in [json!({"data": []}), json!({"data": [{"object": "page"}]}), json!({})] {
        let (_meta, management) = Meta::with(200, none).await;
        assert_eq!(management.app_subscription().await.unwrap(), None);
    }
    let (_meta, management) = Meta::with(200, json!({"data": [{"object": "instagram"}]})).await;
    let silent = AppSubscription { callback_url: None, is_active: true, fields: Vec::new() };
    assert_eq!(management.app_subscription().await.unwrap(), Some(silent));
}

#[tokio::test]
async fn the_app_is_subscribed_with_its_address_and_all_fields() {
    let (meta, management) = Meta::with(200, json!({"success": true})).await;
    management.subscribe_app("https://x.example/hook", &"verify".into()).await.unwrap();
    let asked = meta.only();
    assert_eq!(asked.what, "POST /facebook/v25.0/42/subscriptions");
    for (name, value) in [
        ("object", "instagram"),
        ("callback_url", "https://x.example/hook"),
        ("fields", ALL),
        ("include_values", "true"),
        ("verify_token", "verify"),
    ] {
        assert_eq!(asked.parameter(name), value, "{name}");
    }
}

#[tokio::test]
async fn an_account_is_subscribed_to_what_its_login_has() {
    for (flavour, host, fields) in
        [(Flavour::Facebook, "facebook", ALL), (Flavour::Instagram, "instagram", "comments,live_comments")]
    {
        let (meta, management) = Meta::with(200, json!({"success": true})).await;
        management.subscribe_account(&credential(flavour), ACCOUNT).await.unwrap();
        let asked = meta.only();
        assert_eq!(asked.what, format!("POST /{host}/v25.0/{ACCOUNT}/subscribed_apps"));
        assert_eq!(asked.parameter("subscribed_fields"), fields);
        assert_eq!(
            (asked.bearer.as_deref(), asked.parameter("appsecret_proof")),
            (Some(TOKEN), PROOF_BY_ONE)
        );
    }
}

#[tokio::test]
async fn of_an_accounts_subscriptions_only_our_apps_count() {
    let answer = json!({"data": [
        {"id": "41", "subscribed_fields": ["feed"]},
        {"id": "42", "subscribed_fields": ["comments"]},
        {"subscribed_fields": ["mentions"]}
    ]});
    let (meta, management) = Meta::with(200, answer).await;
    let fields = management.account_subscription(&credential(Flavour::Facebook), ACCOUNT).await.unwrap();
    assert_eq!(fields, ["comments", "mentions"]);
    assert_eq!(meta.only().what, format!("GET /facebook/v25.0/{ACCOUNT}/subscribed_apps"));
}

#[tokio::test]
async fn a_secret_that_meta_does_not_take_makes_room_for_the_next_which_is_remembered() {
    for no in [1, 101, 190] {
        let (meta, management) = Meta::start(move |asked| {
            let is_right = asked.bearer.as_deref() == Some("42|two");
            if is_right { (200, json!({"data": []})) } else { refusal(no, "no such secret") }
        })
        .await;
        for calls in [2, 3] {
            assert_eq!(management.app_subscription().await.unwrap(), None);
            assert_eq!(meta.seen().len(), calls, "found once, then remembered");
        }
    }
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_secret_is_final_and_shows_no_secret() {
    let (meta, management) = Meta::with(400, json!({"error": {"code": 2200, "message": "one verify"}})).await;
    let error = management.subscribe_app("https://x.example", &"verify".into()).await.unwrap_err();
    assert_eq!((code(&error), meta.seen().len()), (Some(2200), 1));
    assert_eq!(error.to_string(), "code 2200: [redacted] [redacted]");
    let (meta, management) = Meta::with(400, json!({"error": {"code": 190, "message": "x"}})).await;
    assert_eq!(code(&management.app_subscription().await.unwrap_err()), Some(190));
    assert_eq!(meta.seen().len(), 2, "each secret is tried once");
}
