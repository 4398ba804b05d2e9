//! Figures, and what the API does not tell.

use std::time::Duration;

use super::*;

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
