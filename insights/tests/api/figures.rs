//! `GET /api/instagram/insights/{media_id}`.

use anyhow::Result;
use cekbrand_schema::{Absence, Figure};
use serde_json::{Value, json};

use crate::rows::{self, Row};
use crate::server::TestApi;

const MEDIA: &str = "17932174733377207";
const PATH: &str = "/api/instagram/insights/17932174733377207";

async fn with_figures(product: Option<&str>, figures: &[Row<'_>]) -> Result<TestApi> {
    let api = TestApi::start().await?;
    rows::medium(&api.pool, MEDIA, product, api.now()).await?;
    rows::figures(&api.pool, MEDIA, figures).await?;
    Ok(api)
}

fn names(body: &Value) -> Vec<&str> {
    let insights = body["insights"].as_array().into_iter().flatten();
    insights.filter_map(|insight| insight["name"].as_str()).collect()
}

#[tokio::test]
async fn the_answer_has_the_shape_that_readers_know() -> Result<()> {
    let api = with_figures(
        Some("FEED"),
        &[
            Row::polled("likes", Figure::count(0), "2026-11-21T09:00:00Z"),
            Row::polled("views", Figure::count(1000), "2026-11-20T09:00:00Z"),
            Row::polled("views", Figure::count(1250), "2026-11-21T09:00:00.5Z"),
            Row::polled("saved", Figure::Absent(Absence::NotYet), "2026-11-21T09:00:00Z"),
            Row::polled("reel_newness", Figure::count(3), "2026-11-21T09:00:00Z"),
        ],
    )
    .await?;
    assert_eq!(
        api.get(PATH).await?,
        json!({
            "success": true,
            "media_id": MEDIA,
            "media_type": "FEED",
            "insights": [
                {
                    "name": "views", "period": "lifetime", "values": [{ "value": 1250 }],
                    "title": "Views", "description": "How often it was played or shown",
                    "source": "poll", "observed_at": "2026-11-21T09:00:00.500Z",
                },
                {
                    "name": "likes", "period": "lifetime", "values": [{ "value": 0 }],
                    "title": "Likes", "description": "How many likes it has",
                    "source": "poll", "observed_at": "2026-11-21T09:00:00.000Z",
                },
                {
                    "name": "saved", "period": "lifetime", "values": [{ "value": null }], "absence": "not_yet",
                    "title": "Saved", "description": "How often it was saved",
                    "source": "poll", "observed_at": "2026-11-21T09:00:00.000Z",
                },
                {
                    "name": "reel_newness", "period": "lifetime", "values": [{ "value": 3 }],
                    "source": "poll", "observed_at": "2026-11-21T09:00:00.000Z",
                },
            ],
            "timestamp": "2026-11-21T12:00:00.250Z",
        })
    );
    Ok(())
}

#[tokio::test]
async fn what_a_story_pushed_is_there_under_its_own_names() -> Result<()> {
    let at = "2026-11-21T10:00:00Z";
    let api = with_figures(
        None,
        &[
            Row::pushed("impressions", Figure::count(40), at),
            Row::pushed("reach", Figure::count(35), at),
            Row::pushed("taps_forward", Figure::count(12), at),
            Row::pushed("taps_back", Figure::Absent(Absence::Suppressed), at),
            Row::pushed("exits", Figure::count(6), at),
            Row::pushed("replies", Figure::Absent(Absence::Suppressed), at),
        ],
    )
    .await?;
    let body = api.get(&format!("{PATH}?media_type=STORY")).await?;
    assert_eq!(body["media_type"], "STORY");
    assert_eq!(names(&body), ["reach", "replies", "exits", "impressions", "taps_back", "taps_forward"]);
    let back = &body["insights"][4];
    assert_eq!(
        (&back["values"][0]["value"], &back["absence"], &back["source"]),
        (&Value::Null, &json!("suppressed"), &json!("webhook"))
    );
    let asked = api.get(&format!("{PATH}?metrics=impressions,taps_forward")).await?;
    assert_eq!(names(&asked), ["impressions", "taps_forward"]);
    assert_eq!(asked["insights"][0]["values"], json!([{ "value": 40 }]));
    assert_eq!(asked["notices"][0]["answered_with"], "impressions");
    assert_eq!(asked["media_type"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_value_that_was_known_is_not_forgotten_when_a_later_reading_finds_nothing() -> Result<()> {
    let api = with_figures(
        Some("STORY"),
        &[
            Row::polled("views", Figure::count(500), "2026-11-19T23:40:00Z"),
            Row::polled("views", Figure::Absent(Absence::Lost), "2026-11-20T08:00:00Z"),
        ],
    )
    .await?;
    let body = api.get(PATH).await?;
    let views = &body["insights"][0];
    assert_eq!(views["values"], json!([{ "value": 500 }]));
    assert_eq!(views["observed_at"], "2026-11-19T23:40:00.000Z");
    assert_eq!(
        views["absent_since"],
        json!({ "absence": "lost", "observed_at": "2026-11-20T08:00:00.000Z" })
    );
    assert_eq!(views.get("absence"), None);
    Ok(())
}

#[tokio::test]
async fn old_names_are_answered_with_those_of_today() -> Result<()> {
    let at = "2026-11-21T09:00:00Z";
    let api = with_figures(
        Some("REELS"),
        &[
            Row::polled("views", Figure::count(900), at),
            Row::polled("ig_reels_video_view_total_time", Figure::count(123_456), at),
        ],
    )
    .await?;
    for old in ["impressions", "plays", "ig_reels_aggregated_all_plays_count", "PLAYS"] {
        let body = api.get(&format!("{PATH}?metrics={old}")).await?;
        assert_eq!(names(&body), ["views"], "{old}");
        assert_eq!(body["insights"][0]["values"], json!([{ "value": 900 }]));
        let notice = &body["notices"][0];
        assert_eq!(
            (&notice["asked"], &notice["answered_with"]),
            (&json!(old.to_lowercase()), &json!("views"))
        );
    }
    let replays = api.get(&format!("{PATH}?metrics=clips_replays_count")).await?;
    assert_eq!(names(&replays), ["clips_replays_count"]);
    assert_eq!(replays["insights"][0]["values"], json!([{ "value": null }]));
    assert_eq!(replays["insights"][0]["absence"], "unsupported");
    assert_eq!(replays["notices"][0]["answered_with"], Value::Null);
    assert!(!replays.to_string().contains("123456"));
    Ok(())
}

#[tokio::test]
async fn a_metric_that_nobody_has_read_is_told_as_such() -> Result<()> {
    let api =
        with_figures(Some("FEED"), &[Row::polled("views", Figure::count(9), "2026-11-21T09:00:00Z")]).await?;
    let body = api.get(&format!("{PATH}?metrics=reach,views")).await?;
    assert_eq!(names(&body), ["reach", "views"]);
    let reach = &body["insights"][0];
    assert_eq!((&reach["values"], &reach["absence"]), (&json!([{ "value": null }]), &json!("not_collected")));
    assert_eq!((reach.get("source"), reach.get("observed_at")), (None, None));
    Ok(())
}

#[tokio::test]
async fn a_medium_without_any_figure_is_not_collected() -> Result<()> {
    let api = with_figures(Some("FEED"), &[]).await?;
    for path in [PATH, "/api/instagram/insights/404404", &format!("{PATH}?metrics=views")] {
        let (status, body) = api.problem(path).await?;
        assert_eq!((status, &body["type"]), (404, &json!("not_collected")), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_parameter_is_told_what_would_be_right() -> Result<()> {
    let api = with_figures(Some("STORY"), &[Row::polled("views", Figure::count(9), "2026-11-21T09:00:00Z")])
        .await?;
    let (status, body) = api.problem(&format!("{PATH}?media_type=CAROUSEL")).await?;
    assert_eq!((status, &body["type"]), (400, &json!("invalid_parameter")));
    assert_eq!(body["allowed"], json!(["FEED", "STORY", "REELS"]));

    let (status, body) = api.problem(&format!("{PATH}?media_type=FEED")).await?;
    assert_eq!((status, &body["allowed"]), (400, &json!(["STORY"])));

    for metric in ["nonsense", "likes", "views,nonsense"] {
        let (status, body) = api.problem(&format!("{PATH}?metrics={metric}")).await?;
        assert_eq!(status, 400, "{metric}");
        let allowed = body["allowed"].as_array().expect("a list");
        assert!(allowed.contains(&json!("navigation")) && !allowed.contains(&json!("likes")));
    }
    for query in ["metrics=", "metrics=views,,reach", "metrics=views&metrics=reach", "media_type="] {
        assert_eq!(api.problem(&format!("{PATH}?{query}")).await?.0, 400, "{query}");
    }
    for id in ["%00", "a%20b", "%ff", &"9".repeat(200)] {
        let (status, body) = api.problem(&format!("/api/instagram/insights/{id}")).await?;
        assert_eq!((status, &body["type"]), (400, &json!("invalid_parameter")), "{id}");
    }
    assert_eq!(api.get(&format!("{PATH}?media_type=story")).await?["media_type"], "STORY");
    Ok(())
}

#[tokio::test]
async fn a_story_with_too_few_viewers_is_a_problem_of_its_own() -> Result<()> {
    let few = Figure::Absent(Absence::NotEnoughViewers);
    let at = "2026-11-21T09:00:00Z";
    let api = with_figures(
        Some("STORY"),
        &[
            Row::polled("views", few, at),
            Row::polled("reach", few, at),
            Row::polled("replies", Figure::count(0), at),
        ],
    )
    .await?;
    assert_eq!(names(&api.get(PATH).await?), ["views", "reach", "replies"]);
    let (status, body) = api.problem(&format!("{PATH}?metrics=views,reach")).await?;
    assert_eq!((status, &body["type"]), (404, &json!("insufficient_viewers")));
    assert_eq!(body["error"]["code"], 10);
    Ok(())
}

#[tokio::test]
async fn figures_that_the_token_may_not_read_are_permission_denied() -> Result<()> {
    let denied = Figure::Absent(Absence::Permission);
    let api = with_figures(
        Some("FEED"),
        &[
            Row::polled("views", denied, "2026-11-21T09:00:00Z"),
            Row::polled("reach", denied, "2026-11-21T09:00:00Z"),
        ],
    )
    .await?;
    let (status, body) = api.problem(PATH).await?;
    assert_eq!((status, &body["type"]), (403, &json!("permission_denied")));
    Ok(())
}

#[tokio::test]
async fn a_figure_keeps_its_decimals_and_a_count_has_none() -> Result<()> {
    let at = "2026-11-21T09:00:00Z";
    let value = |text: &str| text.parse().map(Figure::Value);
    let api = with_figures(
        Some("REELS"),
        &[
            Row::polled("views", value("57687")?, at),
            Row::polled("ig_reels_avg_watch_time", value("4120.5")?, at),
            Row::polled("reels_skip_rate", value("0.37")?, at),
        ],
    )
    .await?;
    let response = api.with_key(PATH).send().await?.text().await?;
    for (metric, written) in
        [("views", "57687"), ("ig_reels_avg_watch_time", "4120.5"), ("reels_skip_rate", "0.37")]
    {
        let figure = format!(r#""name":"{metric}","period":"lifetime","values":[{{"value":{written}}}]"#);
        assert!(response.contains(&figure), "{figure} is not in {response}");
    }
    Ok(())
}
