//! Split figures and the lists of metrics.

use anyhow::{Context, Result};
use cekbrand_schema::{Absence, Figure};
use serde_json::{Value, json};

use crate::rows::{self, Row};
use crate::server::TestApi;

const AT: &str = "2026-11-21T09:00:00Z";

#[tokio::test]
async fn profile_activity_is_split_by_action() -> Result<()> {
    let api = TestApi::start().await?;
    rows::medium(&api.pool, "7", Some("FEED"), api.now()).await?;
    let activity = |value| Row::polled("profile_activity", Figure::count(value), AT);
    let figures = [
        activity(6),
        activity(5).part("bio_link_clicked"),
        activity(1).part("email"),
        Row::polled("profile_activity", Figure::count(3), "2026-11-20T09:00:00Z").part("email"),
    ];
    rows::figures(&api.pool, "7", &figures).await?;
    let observed = json!({ "source": "poll", "observed_at": "2026-11-21T09:00:00.000Z" });
    let result = |name: &str, value: i64| {
        json!({
            "dimension_values": [name], "value": value,
            "source": observed["source"], "observed_at": observed["observed_at"],
        })
    };
    let breakdown = json!([{
        "dimension_keys": ["action_type"],
        "results": [result("bio_link_clicked", 5), result("email", 1)],
    }]);
    assert_eq!(
        api.get("/api/instagram/insights/7/profile-activity").await?,
        json!({
            "success": true,
            "media_id": "7",
            "media_type": "FEED",
            "data": {
                "name": "profile_activity", "period": "lifetime", "values": [{ "value": 6 }],
                "title": "Profile activity", "description": "What people did on the profile after they saw it",
                "source": "poll", "observed_at": "2026-11-21T09:00:00.000Z",
                "total_value": { "value": 6, "breakdowns": breakdown },
            },
            "breakdown": breakdown,
            "timestamp": "2026-11-21T12:00:00.250Z",
        })
    );
    Ok(())
}

#[tokio::test]
async fn navigation_without_a_total_still_has_its_parts() -> Result<()> {
    let api = TestApi::start().await?;
    let figures = [
        Row::polled("navigation", Figure::count(4), AT).part("tap_back"),
        Row::polled("navigation", Figure::Absent(Absence::Suppressed), AT).part("tap_exit"),
    ];
    rows::figures(&api.pool, "8", &figures).await?;
    let body = api.get("/api/instagram/insights/8/navigation").await?;
    assert_eq!(body["data"]["total_value"]["value"], Value::Null);
    assert_eq!(body["data"]["absence"], "not_collected");
    assert_eq!(body["breakdown"][0]["dimension_keys"], json!(["story_navigation_action_type"]));
    let results = &body["breakdown"][0]["results"];
    assert_eq!(results[0]["value"], 4);
    assert_eq!((&results[1]["value"], &results[1]["absence"]), (&Value::Null, &json!("suppressed")));
    Ok(())
}

#[tokio::test]
async fn a_split_that_nobody_has_read_is_not_collected() -> Result<()> {
    let api = TestApi::start().await?;
    rows::figures(&api.pool, "9", &[Row::polled("views", Figure::count(4), AT)]).await?;
    for part in ["profile-activity", "navigation"] {
        let (status, body) = api.problem(&format!("/api/instagram/insights/9/{part}")).await?;
        assert_eq!((status, &body["type"]), (404, &json!("not_collected")));
    }
    Ok(())
}

#[tokio::test]
async fn each_kind_of_medium_lists_its_metrics() -> Result<()> {
    let api = TestApi::start().await?;
    for (path, kind, has, lacks) in [
        ("feed", "FEED", "profile_activity", "navigation"),
        ("story", "STORY", "navigation", "likes"),
        ("REELS", "REELS", "ig_reels_avg_watch_time", "replies"),
    ] {
        let body = api.get(&format!("/api/instagram/insights/metrics/{path}")).await?;
        assert_eq!(body["media_type"], kind);
        let metrics = body["metrics"].as_array().expect("a list");
        let named = |name: &str| metrics.iter().any(|metric| metric["name"] == name);
        assert!(named("views") && named(has) && !named(lacks), "{path}");
        let retired = body["retired"].as_array().expect("a list");
        let of = |name: &str| retired.iter().find(|retired| retired["name"] == name);
        assert_eq!(of("plays").context("listed")?["answered_with"], "views");
        assert_eq!(
            of("exits").context("listed")?["answered_with"],
            Value::Null,
            "only a part took its place"
        );
        assert!(of("audience_city").is_none(), "a metric of accounts");
    }
    let body = api.get("/api/instagram/insights/metrics/reels").await?;
    let metrics = body["metrics"].as_array().expect("a list");
    let unit =
        |name: &str| metrics.iter().find(|metric| metric["name"] == name).map(|metric| &metric["unit"]);
    assert_eq!(unit("views"), Some(&json!("count")));
    assert_eq!(unit("ig_reels_avg_watch_time"), Some(&json!("milliseconds")));
    assert_eq!(unit("reels_skip_rate"), Some(&json!("share")));
    accounts_list_theirs(&api).await?;
    let (status, body) = api.problem("/api/instagram/insights/metrics/igtv").await?;
    assert_eq!((status, &body["allowed"]), (400, &json!(["FEED", "STORY", "REELS"])));
    Ok(())
}

async fn accounts_list_theirs(api: &TestApi) -> Result<()> {
    let body = api.get("/api/instagram/insights/metrics/account").await?;
    assert_eq!(body["media_type"], "ACCOUNT");
    let find = |list: &str, name: &str| {
        body[list].as_array().into_iter().flatten().find(|one| one["name"] == name).cloned()
    };
    let reach = find("metrics", "reach").context("listed")?;
    assert_eq!((&reach["period"], &reach["minimum_followers"]), (&json!("day"), &json!(0)));
    let groups = find("metrics", "follower_demographics").context("listed")?;
    assert_eq!(groups["breakdowns"], json!(["city", "country", "age,gender"]));
    assert_eq!((&groups["period"], &groups["minimum_followers"]), (&json!("lifetime"), &json!(100)));
    assert_eq!(find("metrics", "profile_links_taps").context("listed")?["breakdown"], "contact_button_type");
    assert!(find("metrics", "navigation").is_none(), "a metric of media");
    assert_eq!(find("retired", "audience_city").context("listed")?["answered_with"], "follower_demographics");
    assert_eq!(find("retired", "audience_locale").context("listed")?["answered_with"], Value::Null);
    assert!(find("retired", "plays").is_none());
    Ok(())
}
