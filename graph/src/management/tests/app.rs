//! The app's secrets each by itself, and whether a host can be reached.

use serde_json::json;

use super::{Meta, code, refusal};
use crate::api::Flavour;

#[tokio::test]
async fn each_secret_is_tried_by_itself_in_the_order_of_the_settings() {
    let (meta, management) = Meta::start(|asked| {
        let is_right = asked.bearer.as_deref() == Some("42|two");
        if is_right { (200, json!({"id": "42"})) } else { refusal(190, "x") }
    })
    .await;
    let tried = management.try_secrets().await;
    let codes: Vec<_> = tried.iter().map(|tried| tried.as_ref().err().and_then(code)).collect();
    assert_eq!(codes, [Some(190), None]);
    assert!(tried[1].is_ok());
    for asked in meta.seen() {
        assert_eq!((asked.what.as_str(), asked.parameter("fields")), ("GET /facebook/v25.0/42", "id"));
    }
}

#[tokio::test]
async fn a_host_that_refuses_was_reached_and_says_what_time_it_is() {
    let (meta, management) = Meta::with(400, refusal(2500, "who asks?").1).await;
    for (flavour, host) in [(Flavour::Facebook, "facebook"), (Flavour::Instagram, "instagram")] {
        let reached = management.reach(flavour).await.unwrap();
        assert_eq!(reached.host_time.unwrap().to_string(), "2023-11-14T22:13:07Z");
        assert_eq!(reached.own_time.as_second(), 1_700_000_000);
        assert!(management.host(flavour).trim_end_matches('/').ends_with(host));
        let asked = meta.seen().pop().unwrap();
        assert_eq!((asked.what, asked.bearer), (format!("GET /{host}/v25.0/me"), None));
        assert!(asked.parameters.is_empty(), "as nobody");
    }
}
