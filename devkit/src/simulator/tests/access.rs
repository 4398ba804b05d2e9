//! Who may read what, and how much.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_token_reads_its_own_account_alone() {
    let test = Test::new().await;
    let other = &test.simulator.world().accounts()[1];
    let foreign = &test.simulator.world().media()[other.media[0]].id;
    for id in [other.id.as_str(), foreign.as_str(), "123"] {
        let (code, subcode, _) = test.error(id).await;
        assert_eq!((code, subcode), (100, Some(33)), "{id}");
    }
    let (code, ..) = {
        let answer = test.get_as("me", "SIMTOKEN-other").await.body;
        (answer["error"]["code"].as_i64(), ())
    };
    assert_eq!(code, Some(190));
    let path = format!(
        "{}?fields=business_discovery.username({})%7Busername,followers_count,media%7Bid,like_count%7D%7D",
        test.account().id,
        other.username
    );
    let found = test.get(&path).await.body;
    assert_eq!(found["business_discovery"]["username"], other.username);
    assert!(found["business_discovery"]["media"]["paging"]["next"].is_null());
    assert!(found["business_discovery"]["media"]["paging"]["cursors"]["after"].is_string());
    assert_eq!(test.simulator.calls().last().unwrap().kind, CallKind::BusinessDiscovery);
}

#[tokio::test]
async fn mentions_are_read_through_the_account() {
    let test = Test::new().await;
    let world = test.simulator.world();
    let outsider = world.accounts().iter().find(|account| !account.watched).unwrap();
    let medium = world.media_of(outsider, |medium| medium.past_comments > 0).next().unwrap();
    let comment = world.comment_under(medium, 0);
    let account = &test.account().id;
    let path =
        format!("{account}?fields=mentioned_comment.comment_id({})%7Btext,media%7Bid%7D%7D", comment.id);
    let found = test.get(&path).await.body;
    assert_eq!(found["mentioned_comment"]["text"], comment.text);
    assert_eq!(found["mentioned_comment"]["media"]["id"], medium.id.as_str());
    let path = format!("{account}?fields=mentioned_media.media_id({})%7Bcaption,media_type%7D", medium.id);
    assert_eq!(test.get(&path).await.body["mentioned_media"]["media_type"], medium.media_type);
    let kinds: Vec<CallKind> = test.simulator.calls().iter().map(|call| call.kind).collect();
    assert_eq!(kinds, [CallKind::MentionedComment, CallKind::MentionedMedia]);
}

#[tokio::test]
async fn several_ids_count_as_several_calls() {
    let test = Test::new().await;
    let ids: Vec<&str> = test
        .account()
        .media
        .iter()
        .take(3)
        .map(|place| test.simulator.world().media()[*place].id.as_str())
        .collect();
    let answer = test.get(&format!("?ids={}&fields=id,media_type", ids.join(","))).await.body;
    assert_eq!(answer.as_object().unwrap().len(), 3);
    assert_eq!(test.simulator.total_cost(), 3);
    assert_eq!(test.error(&format!("?ids={},123", ids[0])).await.1, Some(33));
    assert_eq!(test.error(&format!("?ids={}", vec!["1"; 51].join(","))).await.0, 100);
    let comments = test.get(&format!("comments?ids={}", test.post().id)).await.body;
    assert!(comments[test.post().id.as_str()]["data"].is_array());
}

#[tokio::test]
async fn proofs_are_checked_in_both_forms() {
    let test = Test::with(SimulatorConfig { require_proof: true, ..SimulatorConfig::default() }).await;
    let (token, secret) = (test.token(), test.simulator.app_secret());
    let proof = |text: &str| hmac_hex(secret.expose_secret(), text.as_bytes());
    let now = test.clock.now().as_second();
    assert_eq!(test.get("me").await.body["error"]["code"], 100);
    let timed = |second: i64| {
        format!("me?appsecret_proof={}&appsecret_time={second}", proof(&format!("{token}|{second}")))
    };
    assert_eq!(test.get(&timed(now - 299)).await.status, 200);
    assert_eq!(test.get(&timed(now - 301)).await.status, 400);
    assert_eq!(test.get(&format!("me?appsecret_proof={}", proof(&token))).await.status, 200);
    assert_eq!(test.get("me?appsecret_proof=00").await.status, 400);
    assert!(test.simulator.calls().iter().all(|call| !call.query.contains("proof")));
}

#[tokio::test]
async fn a_blocked_account_is_refused_and_another_is_not() {
    let test = Test::new().await;
    test.simulator.block(test.account(), 10);
    let refused = test.get("me").await;
    assert_eq!(refused.body["error"]["code"], 80_002);
    assert!(
        refused.usage.unwrap().contains(r#""estimated_time_to_regain_access":11"#),
        "calling on lengthens the block"
    );
    let other = &test.simulator.world().accounts()[1];
    let token = test.simulator.token(other).unwrap();
    assert_eq!(test.get_as("me", token.expose_secret()).await.status, 200);
    test.clock.advance(Duration::from_mins(12));
    test.simulator.show_usage(test.account(), Some(77));
    let answer = test.get("me").await;
    assert_eq!(answer.status, 200);
    assert!(answer.usage.unwrap().contains(r#""call_count":77"#));
}

#[tokio::test]
async fn dead_and_expired_tokens_are_refused() {
    let test = Test::new().await;
    test.simulator.kill_token(test.account(), 460);
    assert_eq!((190, Some(460)), {
        let (code, subcode, _) = test.error("me").await;
        (code, subcode)
    });
    test.simulator.issue_token(test.account());
    assert_eq!(test.get("me").await.status, 200);
    test.clock.advance(Duration::from_hours(61 * 24));
    assert_eq!((190, Some(463)), {
        let (code, subcode, _) = test.error("me").await;
        (code, subcode)
    });
}

#[tokio::test]
async fn tokens_are_inspected_and_renewed() {
    let test = Test::new().await;
    let app = format!("{}|{}", test.simulator.app_id(), test.simulator.app_secret().expose_secret());
    let data = &test.get_as(&format!("debug_token?input_token={}", test.token()), &app).await.body["data"];
    assert_eq!((&data["is_valid"], &data["user_id"]), (&true.into(), &test.account().id.as_str().into()));
    assert_eq!(test.get("refresh_access_token?grant_type=ig_refresh_token").await.status, 400, "too young");
    test.clock.advance(Duration::from_hours(25));
    let renewed = test.get("refresh_access_token?grant_type=ig_refresh_token").await.body;
    assert_eq!(renewed["expires_in"], 5_184_000);
    assert_eq!(test.get_as("me", renewed["access_token"].as_str().unwrap()).await.status, 200);
    let secret = test.simulator.app_secret();
    let path = format!(
        "oauth/access_token?grant_type=fb_exchange_token&client_id=1&client_secret={}&fb_exchange_token={}",
        secret.expose_secret(),
        test.token()
    );
    assert!(test.get_as(&path, "none").await.body["access_token"].as_str().unwrap().starts_with(TOKEN_MARK));
    let log = format!("{:?}", test.simulator.calls());
    assert!(test.simulator.secrets().iter().all(|secret| !log.contains(secret)));
    assert_eq!(test.simulator.costs()[&CallKind::TokenExchange], 3);
}

#[tokio::test]
async fn webhook_fields_are_subscribed_per_account() {
    let test = Test::new().await;
    let path = format!("{}/subscribed_apps", test.account().id);
    assert_eq!(test.get(&path).await.body["data"], serde_json::json!([]));
    let url = format!("{}/v25.0/{path}?subscribed_fields=comments,story_insights", test.simulator.base_url());
    let done: Value =
        test.client.post(url).bearer_auth(test.token()).send().await.unwrap().json().await.unwrap();
    assert_eq!(done["success"], true);
    assert_eq!(test.get(&path).await.body["data"][0]["subscribed_fields"].as_array().unwrap().len(), 2);
}
