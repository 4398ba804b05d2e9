//! Whose a token is, and what a user name stands for.

use serde_json::json;

use super::{ACCOUNT, Meta, TOKEN, code, credential, refusal};
use crate::api::Flavour;
use crate::error::{Disposition, GraphError};
use crate::management::{Business, Identity};

#[tokio::test]
async fn the_owner_is_asked_for_by_the_login_that_gave_the_token() {
    let node = json!({"id": "28970000000000001", "user_id": ACCOUNT, "username": "toko"});
    let expected = Identity {
        account_id: ACCOUNT.to_owned(),
        app_scoped_id: Some("28970000000000001".to_owned()),
        username: Some("toko".to_owned()),
    };
    for (flavour, path, fields) in [
        (Flavour::Facebook, "/facebook/v25.0/17841400000000001", "id,username"),
        (Flavour::Instagram, "/instagram/v25.0/me", "id,user_id,username"),
    ] {
        let (meta, management) = Meta::with(200, node.clone()).await;
        assert_eq!(management.identity(&credential(flavour), ACCOUNT).await.unwrap(), expected);
        let asked = meta.only();
        assert_eq!((asked.what, asked.bearer.as_deref()), (format!("GET {path}"), Some(TOKEN)));
        assert_eq!(asked.parameters["fields"], fields);
    }
    let (_meta, management) = Meta::with(200, json!({"username": "toko"})).await;
    let error = management.identity(&credential(Flavour::Facebook), ACCOUNT).await.unwrap_err();
    assert!(matches!(error, GraphError::Garbage { .. }), "{error:?}");
}

#[tokio::test]
async fn a_business_is_looked_up_through_the_account_that_asks() {
    let found = |business: serde_json::Value| json!({"id": ACCOUNT, "business_discovery": business});
    for (told, username) in [
        (json!({"id": "17841400000000009", "username": "Rival.1"}), "Rival.1"),
        (json!({"id": "17841400000000009"}), "rival.1_"),
    ] {
        let (meta, management) = Meta::with(200, found(told)).await;
        let rival = management.business(&credential(Flavour::Facebook), ACCOUNT, "rival.1_").await.unwrap();
        let expected = Business { id: "17841400000000009".to_owned(), username: username.to_owned() };
        assert_eq!(rival, expected);
        let asked = meta.only();
        assert_eq!(asked.what, format!("GET /facebook/v25.0/{ACCOUNT}"));
        assert_eq!(asked.parameters["fields"], "business_discovery.username(rival.1_){id,username}");
    }
    let (_meta, management) = Meta::with(200, json!({"id": ACCOUNT})).await;
    let error = management.business(&credential(Flavour::Facebook), ACCOUNT, "rival").await.unwrap_err();
    assert!(matches!(error, GraphError::Garbage { .. }), "{error:?}");
    let (_meta, management) = Meta::with(400, refusal(110, "Invalid user id").1).await;
    let error = management.business(&credential(Flavour::Facebook), ACCOUNT, "rival").await.unwrap_err();
    assert_eq!(code(&error), Some(110));
}

#[tokio::test]
async fn a_name_that_could_ask_for_something_else_is_never_sent() {
    let (meta, management) = Meta::with(200, json!({})).await;
    for name in ["", "a b", "a){id},me(b", "@toko", "caf\u{e9}", "a-b"] {
        let error = management.business(&credential(Flavour::Facebook), ACCOUNT, name).await.unwrap_err();
        assert_eq!(error.disposition(), Disposition::BadParameter, "{name}");
    }
    assert!(meta.seen().is_empty());
}
