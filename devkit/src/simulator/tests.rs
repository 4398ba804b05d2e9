//! The simulator over HTTP: answers in Meta's shapes, and every error when it is due.

use std::sync::Arc;

use cekbrand_schema::{Clock, ManualClock};
use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::*;
use crate::world::{Medium, Product};

struct Test {
    simulator: Simulator,
    clock: ManualClock,
    client: Client,
}

/// A status, headers and a body.
struct Answer {
    status: u16,
    usage: Option<String>,
    body: Value,
}

impl Test {
    async fn new() -> Self {
        Self::with(SimulatorConfig::default()).await
    }

    async fn with(config: SimulatorConfig) -> Self {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let clock = ManualClock::new("2026-11-20T08:00:00Z".parse().unwrap());
        let simulator = Simulator::start(11, config, Arc::new(clock.clone())).await.unwrap();
        Self { simulator, clock, client: Client::builder().no_proxy().build().unwrap() }
    }

    fn account(&self) -> &Account {
        &self.simulator.world().accounts()[0]
    }

    fn medium<'a>(&'a self, wanted: impl Fn(&Medium) -> bool + 'a) -> &'a Medium {
        let world = self.simulator.world();
        world.media_of(self.account(), wanted).next().unwrap()
    }

    fn post(&self) -> &Medium {
        self.medium(|medium| {
            medium.product == Product::Feed && medium.past_comments > 20 && !medium.likes_hidden
        })
    }

    fn token(&self) -> String {
        self.simulator.token(self.account()).unwrap().expose_secret().to_owned()
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_as(path, &self.token()).await
    }

    async fn get_as(&self, path: &str, token: &str) -> Answer {
        let url = format!("{}/v25.0/{path}", self.simulator.base_url());
        let response = self.client.get(url).bearer_auth(token).send().await.unwrap();
        let usage = response
            .headers()
            .get("x-business-use-case-usage")
            .map(|value| value.to_str().unwrap().to_owned());
        Answer { status: response.status().as_u16(), usage, body: response.json().await.unwrap() }
    }

    async fn error(&self, path: &str) -> (i64, Option<i64>, String) {
        let error = &self.get(path).await.body["error"];
        (
            error["code"].as_i64().unwrap(),
            error["error_subcode"].as_i64(),
            error["message"].as_str().unwrap().to_owned(),
        )
    }
}

#[tokio::test]
async fn a_node_shows_the_fields_that_were_asked_for() {
    let test = Test::new().await;
    let user = test
        .get(&format!("{}?fields=id,username,followers_count,media_count,ig_id", test.account().id))
        .await;
    assert_eq!((user.status, &user.body["username"]), (200, &"kopisenja.demo".into()));
    assert!(user.body["followers_count"].as_u64().unwrap() >= 1000);
    assert_eq!(test.get("me").await.body, serde_json::json!({ "id": test.account().id }));

    let medium = test.post();
    let path = format!(
        "{}?fields=id,media_type,media_product_type,timestamp,like_count,comments_count,owner,caption",
        medium.id
    );
    let node = test.get(&path).await.body;
    assert_eq!(node["id"], medium.id.as_str());
    assert_eq!(node["owner"]["id"], test.account().id.as_str());
    assert_eq!(node["comments_count"], medium.comments());
    assert!(node["timestamp"].as_str().unwrap().ends_with("+0000"));
    assert_eq!(test.get(&path).await.body, node, "two reads at one instant agree");

    let (code, _, message) = test.error(&format!("{}?fields=id,colour", medium.id)).await;
    assert_eq!(code, 100);
    assert!(message.contains("nonexisting field (colour)"));
}

#[tokio::test]
async fn a_comment_is_what_its_webhook_said() {
    let test = Test::new().await;
    let comment = test.simulator.world().add_comment(test.post());
    let path =
        format!("{}?fields=id,text,timestamp,username,from,media,like_count,parent_id,hidden", comment.id);
    let node = test.get(&path).await.body;
    assert_eq!(node["text"], comment.text);
    assert_eq!(node["from"]["id"], comment.author.id);
    assert_eq!(node["media"]["id"], test.post().id.as_str());
}

#[tokio::test]
async fn comments_come_in_pages_of_fifty_and_add_up() {
    let test = Test::new().await;
    let medium = test.post();
    for _ in 0..150 {
        test.simulator.world().add_comment(medium);
    }
    let mut path = format!("{}/comments?fields=id,timestamp,replies%7Bid%7D", medium.id);
    let (mut seen, mut pages, mut times) = (0, 0, Vec::new());
    loop {
        let page = test.get(&path).await.body;
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 50);
        times.extend(data.iter().map(|comment| comment["timestamp"].as_str().unwrap().to_owned()));
        seen += data
            .iter()
            .map(|comment| 1 + comment["replies"]["data"].as_array().map_or(0, Vec::len))
            .sum::<usize>();
        pages += 1;
        let Some(next) = page["paging"]["next"].as_str() else {
            assert!(page.get("paging").is_none(), "the last page has no paging");
            break;
        };
        assert!(next.contains(TOKEN_MARK), "Meta puts the token into the address");
        let after = page["paging"]["cursors"]["after"].as_str().unwrap();
        path = format!("{}/comments?fields=id,timestamp,replies%7Bid%7D&after={after}", medium.id);
    }
    assert_eq!(seen as u64, medium.comments());
    assert!(pages > 2);
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    let plain = test.get(&format!("{}/comments", medium.id)).await.body;
    assert!(plain["data"][0].get("replies").is_none());
}

#[tokio::test]
async fn one_call_reads_a_medium_with_comments_and_insights() {
    let test = Test::new().await;
    let medium = test.post();
    let fields = "id,like_count,comments.limit(3){id,text,replies{id}},insights.metric(reach,likes)";
    let url = format!("{}/v25.0/{}", test.simulator.base_url(), medium.id);
    let request = test.client.get(url).query(&[("fields", fields), ("access_token", &test.token())]);
    let node: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(node["comments"]["data"].as_array().unwrap().len(), 3);
    assert_eq!(node["insights"]["data"][1]["values"][0]["value"], node["like_count"]);
    let call = test.simulator.calls().pop().unwrap();
    assert_eq!((call.kind, call.status), (CallKind::Media, Some(200)));
    assert!(!call.query.contains(TOKEN_MARK));
}

#[tokio::test]
async fn one_bad_metric_fails_the_whole_call() {
    let test = Test::new().await;
    let post = test.post();
    let good = test
        .get(&format!("{}/insights?metric=reach,likes,saved,views,total_interactions", post.id))
        .await
        .body;
    assert_eq!(good["data"].as_array().unwrap().len(), 5);
    assert_eq!(good["data"][0]["id"], format!("{}/insights/reach/lifetime", post.id));

    let unknown = test.error(&format!("{}/insights?metric=reach,impressions", post.id)).await;
    assert!(
        unknown.0 == 100 && unknown.2.contains("metric[1] must be one of the following values: reach,"),
        "{unknown:?}"
    );
    let wrong = test.error(&format!("{}/insights?metric=reach,navigation", post.id)).await;
    assert!(wrong.0 == 100 && wrong.2.contains("does not support the navigation metric"), "{wrong:?}");
    let crossposted = test.error(&format!("{}/insights?metric=reach,crossposted_views", post.id)).await;
    assert_eq!((crossposted.0, crossposted.1), (100, Some(2_207_086)));
    let child = test.medium(|medium| !medium.children.is_empty()).children[0];
    let child = &test.simulator.world().media()[child].id;
    assert_eq!(test.error(&format!("{child}/insights?metric=reach")).await.0, 100);
}

#[tokio::test]
async fn a_breakdown_belongs_to_its_metric() {
    let test = Test::new().await;
    let post = test.post();
    let path = format!("{}/insights?metric=profile_activity&breakdown=action_type", post.id);
    let total = &test.get(&path).await.body["data"][0]["total_value"];
    let parts = total["breakdowns"][0]["results"].as_array().unwrap();
    assert_eq!(
        parts.iter().map(|part| part["value"].as_u64().unwrap()).sum::<u64>(),
        total["value"].as_u64().unwrap()
    );
    for metric in ["reach", "profile_activity,reach"] {
        let (code, _, message) =
            test.error(&format!("{}/insights?metric={metric}&breakdown=action_type", post.id)).await;
        assert!(code == 100 && message.contains("for the metric reach"), "{message}");
    }
    assert_eq!(test.error(&format!("{}/insights?metric=reach&breakdown=colour", post.id)).await.0, 100);
}

#[tokio::test]
async fn stories_are_gone_after_24_hours() {
    let test = Test::new().await;
    let account = test.account().id.clone();
    let living = test.get(&format!("{account}/stories?fields=id,timestamp")).await.body;
    let stories = living["data"].as_array().unwrap();
    assert_eq!(stories.len(), 3);
    let eldest = stories[2]["id"].as_str().unwrap();
    let figures = format!("{eldest}/insights?metric=navigation&breakdown=story_navigation_action_type");
    let read = test.get(&figures).await;
    assert_eq!(read.status, 200, "{}", read.body);
    test.clock.advance(Duration::from_hours(5));
    for path in [eldest.to_owned(), figures] {
        let (code, subcode, _) = test.error(&path).await;
        assert_eq!((code, subcode), (100, Some(33)));
    }
    test.simulator.set_clock_offset(SignedDuration::from_hours(24));
    let none = test.get(&format!("{account}/stories")).await.body;
    assert_eq!(none, serde_json::json!({ "data": [] }));
}

#[tokio::test]
async fn small_stories_have_not_enough_viewers() {
    let test = Test::new().await;
    let small = test.simulator.world().watched().last().unwrap();
    let token = test.simulator.token(small).unwrap();
    let world = test.simulator.world();
    let now = test.simulator.now();
    let tiny = |medium: &Medium| {
        medium.product == Product::Story && medium.is_there(now) && world.figures(medium, now).reach < 5
    };
    let story = world.media_of(small, tiny).next().unwrap();
    let answer = test.get_as(&format!("{}/insights?metric=reach", story.id), token.expose_secret()).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.body["error"]["message"], "(#10) Not enough viewers for the media to show insights");
}

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

#[tokio::test]
async fn user_insights_follow_their_own_rules() {
    let test = Test::new().await;
    let account = &test.account().id;
    let series =
        test.get(&format!("{account}/insights?metric=reach&period=day&metric_type=time_series")).await.body;
    assert_eq!(series["data"][0]["values"].as_array().unwrap().len(), 2);
    assert!(series["paging"]["next"].is_string());
    let total = test
        .get(&format!("{account}/insights?metric=views,reach&period=day&metric_type=total_value"))
        .await
        .body;
    assert!(total["data"][0]["total_value"]["value"].as_u64().unwrap() > 0);
    for path in [
        "metric=views&period=day",
        "metric=reach&period=lifetime",
        "metric=impressions&period=day",
        "metric=reach",
        "metric=accounts_engaged&period=day&metric_type=total_value&breakdown=age",
        "metric=reach&period=day&since=1&until=9000000",
        "metric=follower_demographics&period=lifetime&metric_type=total_value&breakdown=city",
    ] {
        assert_eq!(test.error(&format!("{account}/insights?{path}")).await.0, 100, "{path}");
    }
    let cities = "metric=follower_demographics&period=lifetime&timeframe=this_month&metric_type=total_value&breakdown=age,gender";
    let cities = test.get(&format!("{account}/insights?{cities}")).await.body;
    assert_eq!(
        cities["data"][0]["total_value"]["breakdowns"][0]["dimension_keys"],
        serde_json::json!(["age", "gender"])
    );
    assert_eq!(test.simulator.calls().last().unwrap().kind, CallKind::UserInsights);
}

#[tokio::test]
async fn figures_of_accounts_come_in_metas_days_and_with_its_limits() {
    let test = Test::new().await;
    let account = &test.account().id;
    let window = "since=1783839600&until=1784444399";
    let series = test.get(&format!("{account}/insights?metric=reach&period=day&{window}")).await.body;
    let values = series["data"][0]["values"].as_array().unwrap();
    assert_eq!(
        (values.len(), &values[6]["end_time"]),
        (7, &"2026-07-19T07:00:00+0000".into()),
        "summer time"
    );
    let next = series["paging"]["next"].as_str().unwrap();
    assert!(next.contains("since=1784444400&until=1785049199"), "the week that follows: {next}");
    let daily: u64 = values.iter().map(|value| value["value"].as_u64().unwrap()).sum();
    let total = format!("{account}/insights?metric=reach&period=day&metric_type=total_value&{window}");
    let week = test.get(&total).await.body["data"][0]["total_value"]["value"].as_u64().unwrap();
    assert!(week < daily && week > daily / 7, "people do not add up");
    let old = test.error(&format!("{account}/insights?metric=follower_count&period=day&{window}")).await;
    assert!(old.0 == 100 && old.2.contains("last 30 days"), "{old:?}");
    let cities = "metric=follower_demographics&period=lifetime&timeframe=this_month&metric_type=total_value&breakdown=city";
    let cities = test.get(&format!("{account}/insights?{cities}")).await.body;
    let groups = cities["data"][0]["total_value"]["breakdowns"][0]["results"].as_array().unwrap().clone();
    assert_eq!((groups.len(), &groups[0]["dimension_values"][0]), (45, &"Jakarta, Jakarta".into()));
}

#[tokio::test]
async fn a_version_that_is_gone_is_served_by_the_oldest_and_one_to_come_is_not() {
    let test = Test::new().await;
    let url = |version: &str| {
        format!("{}/{version}/{}?access_token={}", test.simulator.base_url(), test.account().id, test.token())
    };
    for (version, status) in [("v10.0", 200), ("v21.0", 200), ("v26.0", 200), ("v27.0", 400), ("v99.1", 400)]
    {
        assert_eq!(test.client.get(url(version)).send().await.unwrap().status(), status, "{version}");
    }
}

#[tokio::test]
async fn the_oldest_version_tells_impressions_of_old_media() {
    let anchor = "2024-07-20T08:00:00Z".parse().unwrap();
    let world = Arc::new(World::new(WorldConfig::new(11, anchor)));
    let clock = ManualClock::new(anchor);
    let simulator = Simulator::start_in(world, SimulatorConfig::default(), Arc::new(clock)).await.unwrap();
    let account = &simulator.world().accounts()[0];
    let token = simulator.token(account).unwrap();
    let client = Client::builder().no_proxy().build().unwrap();
    let limit: Timestamp = "2024-07-02T07:00:00Z".parse().unwrap();
    for medium in simulator.world().media_of(account, |m| m.product == Product::Feed && m.parent.is_none()) {
        for version in ["v21.0", "v22.0"] {
            let url = format!("{}/{version}/{}/insights?metric=impressions", simulator.base_url(), medium.id);
            let answer = client.get(url).bearer_auth(token.expose_secret()).send().await.unwrap();
            let is_told = version == "v21.0" && medium.published < limit;
            assert_eq!(answer.status().is_success(), is_told, "{version} {}", medium.published);
        }
    }
}

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
async fn what_is_deleted_is_gone_and_no_longer_counted() {
    let test = Test::new().await;
    let medium = test.post();
    let comment = World::comment_id(medium, 3);
    test.simulator.delete(comment.as_str());
    assert_eq!(test.error(comment.as_str()).await.1, Some(33));
    let node = test.get(&format!("{}?fields=comments_count", medium.id)).await.body;
    assert_eq!(node["comments_count"], medium.comments() - 1);
    test.simulator.delete(medium.id.as_str());
    assert_eq!(test.error(&format!("{}/comments", medium.id)).await.1, Some(33));
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
