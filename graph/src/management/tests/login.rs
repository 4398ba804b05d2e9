//! What comes of the code that a person brings back from a dialog, and the pages that they run.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{Meta, TOKEN, code, credential, refusal};
use crate::api::Flavour;

const BACK: &str = "https://x.example/back?a=1";

fn brought_back() -> SecretString {
    SecretString::from("the-code")
}

#[tokio::test]
async fn a_code_of_facebook_login_becomes_a_long_lived_token() {
    let (meta, management) = Meta::start(|asked| {
        let token = if asked.parameters.contains_key("code") { "short" } else { "long" };
        (200, json!({"access_token": token, "expires_in": 60}))
    })
    .await;
    let new = management.redeem(Flavour::Facebook, &brought_back(), BACK).await.unwrap();
    assert_eq!((new.token.expose_secret(), new.lasts), ("long", Some(Duration::from_mins(1))));
    let seen = meta.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|asked| asked.what == "GET /facebook/v25.0/oauth/access_token"));
    for (name, value) in
        [("client_id", "42"), ("client_secret", "one"), ("redirect_uri", BACK), ("code", "the-code")]
    {
        assert_eq!(seen[0].parameter(name), value, "{name}");
    }
    assert!(!seen[0].parameters.contains_key("grant_type"));
    assert_eq!(seen[1].parameter("fb_exchange_token"), "short");
}

#[tokio::test]
async fn a_code_of_instagram_login_is_redeemed_at_a_host_of_its_own() {
    let (meta, management) = Meta::start(|asked| {
        let token = if asked.what.starts_with("POST") { "short" } else { "long" };
        (200, json!({"access_token": token}))
    })
    .await;
    let new = management.redeem(Flavour::Instagram, &brought_back(), BACK).await.unwrap();
    assert_eq!(new.token.expose_secret(), "long");
    let seen = meta.seen();
    let what: Vec<_> = seen.iter().map(|asked| asked.what.as_str()).collect();
    assert_eq!(what, ["POST /login/oauth/access_token", "GET /instagram/access_token"]);
    assert_eq!(seen[0].parameter("grant_type"), "authorization_code");
    assert_eq!((seen[0].parameter("code"), seen[0].parameter("client_id")), ("the-code", "42"));
    for (name, value) in
        [("grant_type", "ig_exchange_token"), ("client_secret", "one"), ("access_token", "short")]
    {
        assert_eq!(seen[1].parameter(name), value, "{name}");
    }
}

/// A code is good once, so that only a refusal that may be about the secret is worth another try.
#[tokio::test]
async fn the_next_secret_is_tried_only_where_this_one_may_be_wrong() {
    let (meta, management) = Meta::start(|asked| match asked.parameter("client_secret") {
        "two" => (200, json!({"access_token": "token"})),
        _ => refusal(1, "another secret"),
    })
    .await;
    assert!(management.redeem(Flavour::Instagram, &brought_back(), BACK).await.is_ok());
    let secrets: Vec<_> =
        meta.seen().iter().map(|asked| asked.parameter("client_secret").to_owned()).collect();
    assert_eq!(secrets, ["one", "two", "two"], "the token is lengthened by the secret that was taken");
    for flavour in [Flavour::Facebook, Flavour::Instagram] {
        let (meta, management) = Meta::with(400, refusal(100, "the-code of one was used").1).await;
        let error = management.redeem(flavour, &brought_back(), BACK).await.unwrap_err();
        assert_eq!((code(&error), meta.seen().len()), (Some(100), 1));
        assert_eq!(error.to_string(), "code 100: [redacted] of [redacted] was used");
    }
}

fn page(id: &str) -> Value {
    json!({"id": id, "access_token": format!("token-of-{id}")})
}

#[tokio::test]
async fn every_page_is_listed_answer_by_answer() {
    let (meta, management) = Meta::start(|asked| {
        let next = "https://graph.example/next?access_token=x";
        let answer = match asked.parameter("after") {
            "" => json!({"data": [page("1"), {"name": "no id"}],
                "paging": {"cursors": {"after": "b"}, "next": next}}),
            "b" => json!({"data": [page("2")], "paging": {"cursors": {"after": "c"}}}),
            other => panic!("no answer after {other}"),
        };
        (200, answer)
    })
    .await;
    let pages = management.pages(&credential(Flavour::Facebook)).await.unwrap();
    let listed: Vec<_> =
        pages.iter().map(|page| (page.id.as_str(), page.token.as_ref().unwrap().expose_secret())).collect();
    assert_eq!(listed, [("1", "token-of-1"), ("2", "token-of-2")]);
    assert_eq!(pages[0].name, "1", "a page without a name is called by its id");
    let seen = meta.seen();
    assert_eq!(seen[0].what, "GET /facebook/v25.0/me/accounts");
    assert_eq!((seen[0].bearer.as_deref(), seen[0].parameter("limit")), (Some(TOKEN), "100"));
    let fields = "id,name,access_token,instagram_business_account{id,username}";
    assert_eq!(seen[0].parameter("fields"), fields);
}

#[tokio::test]
async fn a_list_that_leads_nowhere_or_never_ends_is_left() {
    let paging = |after: &str| json!({"cursors": {"after": after}, "next": "https://x.example"});
    let same = json!({"data": [page("1")], "paging": paging("b")});
    let (meta, management) = Meta::with(200, same).await;
    management.pages(&credential(Flavour::Facebook)).await.unwrap();
    assert_eq!(meta.seen().len(), 2, "the same cursor again");
    let (meta, management) = Meta::start(move |asked| {
        (200, json!({"data": [page("1")], "paging": paging(&format!("{}x", asked.parameter("after")))}))
    })
    .await;
    assert_eq!(management.pages(&credential(Flavour::Facebook)).await.unwrap().len(), 20);
    assert_eq!(meta.seen().len(), 20);
}
