//! Everything that can be made to go wrong.

use super::*;

#[tokio::test]
async fn every_fault_can_be_switched_on_and_wears_off() {
    let test = Test::new().await;
    let post = test.post().id.clone();
    let insights = format!("{post}/insights?metric=reach,likes");
    let errors = [
        (Effect::NotEnoughViewers, 10),
        (Effect::NoPermission, 10),
        (Effect::Gone, 100),
        (Effect::BeforeConversion, 100),
        (Effect::TokenDead { subcode: 463 }, 190),
        (Effect::Throttled { minutes: 7 }, 80_002),
        (Effect::AppThrottled, 4),
        (Effect::PolicyBlock, 368),
        (Effect::UnsupportedMetric, 100),
        (Effect::ServerError, 2),
        (Effect::Error { code: 613, subcode: None, message: None, status: None, is_transient: None }, 613),
    ];
    for (effect, code) in errors {
        test.simulator.add_fault(
            Fault::new(effect.clone())
                .for_target(post.as_str())
                .for_metric("likes")
                .for_kind(CallKind::MediaInsights)
                .times(1),
        );
        assert_eq!(test.get(post.as_str()).await.status, 200, "another kind of call passes");
        assert_eq!(
            test.get(&format!("{post}/insights?metric=reach")).await.status,
            200,
            "another metric passes"
        );
        assert_eq!(test.error(&insights).await.0, code, "{effect:?}");
        assert_eq!(test.get(&insights).await.status, 200, "{effect:?} wore off");
    }
    let number =
        test.simulator.add_fault(Fault::new(Effect::EmptyData).for_account(test.account().id.as_str()));
    assert_eq!(test.get(&insights).await.body, serde_json::json!({ "data": [] }));
    assert!(test.simulator.remove_fault(number));
    test.simulator.add_fault(Fault::new(Effect::HiddenLikes));
    test.simulator.add_fault(Fault::new(Effect::FlaggedMedia));
    let node = test.get(&format!("{post}?fields=like_count,media_url,media_type")).await.body;
    assert_eq!(node.as_object().unwrap().len(), 2, "{node}");
    test.simulator.clear_faults();
}

#[tokio::test]
async fn answers_can_be_broken_on_the_way() {
    let test = Test::new().await;
    let url = format!("{}/v25.0/{}?fields=id,caption,username", test.simulator.base_url(), test.post().id);
    let get = || test.client.get(&url).bearer_auth(test.token()).send();
    test.simulator.add_fault(Fault::new(Effect::Html).times(1));
    let page = get().await.unwrap();
    assert_eq!((page.status().as_u16(), page.text().await.unwrap().starts_with("<!DOCTYPE")), (502, true));
    test.simulator.add_fault(Fault::new(Effect::TruncatedJson).times(1));
    let half = get().await.unwrap().text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&half).is_err());
    test.simulator.add_fault(Fault::new(Effect::Cut).times(1));
    let cut = async { get().await?.bytes().await };
    assert!(cut.await.is_err());
    assert_eq!(test.simulator.calls().last().unwrap().status, None);
    test.simulator.add_fault(Fault::new(Effect::Latency { millis: 30 }).times(1));
    get().await.unwrap();
    assert!(test.simulator.calls().last().unwrap().duration_ms.unwrap() >= 30);
}

#[tokio::test]
async fn other_processes_control_it_over_http() {
    let test = Test::new().await;
    let control = format!("{}/__control", test.simulator.base_url());
    let account = test.account().id.to_string();
    let post = |path: &str, body: Value| test.client.post(format!("{control}/{path}")).json(&body).send();
    let fault = serde_json::json!({ "effect": { "type": "throttled", "minutes": 3 }, "account": account, "kind": "user", "times": 1 });
    assert_eq!(post("faults", fault).await.unwrap().status(), 200);
    assert_eq!(test.error("me").await.0, 80_002);
    post("block", serde_json::json!({ "account": account, "minutes": 1 })).await.unwrap();
    assert_eq!(test.error("me").await.0, 80_002);
    post("block", serde_json::json!({ "account": account, "minutes": 0 })).await.unwrap();
    post("usage", serde_json::json!({ "account": account, "percent": 50 })).await.unwrap();
    assert!(test.get("me").await.usage.unwrap().contains(r#""call_count":50"#));
    post("token", serde_json::json!({ "account": account, "dead_subcode": 463 })).await.unwrap();
    assert_eq!(test.error("me").await.0, 190);
    post("token", serde_json::json!({ "account": account })).await.unwrap();
    post("clock", serde_json::json!({ "offset_seconds": 60 })).await.unwrap();
    post("delete", serde_json::json!({ "id": test.post().id })).await.unwrap();
    assert_eq!(test.error(test.post().id.as_str()).await.1, Some(33));
    let world: Value =
        test.client.get(format!("{control}/world")).send().await.unwrap().json().await.unwrap();
    assert_eq!(world["accounts"][0]["token"], test.token());
    assert_eq!(world["now"], "2026-11-20T08:01:00Z");
    let calls: Value =
        test.client.get(format!("{control}/calls?after=2")).send().await.unwrap().json().await.unwrap();
    assert_eq!(calls["calls"].as_array().unwrap().len(), test.simulator.calls().len() - 2);
    let costs: Value =
        test.client.get(format!("{control}/costs")).send().await.unwrap().json().await.unwrap();
    assert_eq!(costs["user"], 4);
    assert_eq!(test.client.delete(format!("{control}/calls")).send().await.unwrap().status(), 200);
    assert_eq!(test.simulator.total_cost(), 0);
}
