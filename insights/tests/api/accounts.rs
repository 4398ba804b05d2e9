//! Accounts: the list, one of them, figures day by day, tables; and what other keys see of them.

use std::time::Duration;

use anyhow::Result;
use cekbrand_insights::keys::{self, Scope};
use cekbrand_schema::Clock;
use jiff_sqlx::ToSqlx;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::brand::{self, ACCOUNT, OTHER};
use crate::pages;
use crate::server::{TestApi, problem};

fn path(what: &str) -> String {
    format!("/api/accounts/{ACCOUNT}/{what}")
}

/// A key that sees some accounts.
pub(crate) async fn key_of(api: &TestApi, accounts: &[&str]) -> Result<String> {
    let scope = Scope::Accounts(accounts.iter().map(|id| (*id).to_owned()).collect());
    let key = keys::create(&mut *api.pool.acquire().await?, "some", &scope, None, api.now()).await?;
    Ok(key.token.expose_secret().to_owned())
}

#[tokio::test]
async fn every_day_of_a_range_has_a_row_and_a_missing_figure_its_reason() -> Result<()> {
    let api = brand::api().await?;
    let body = api.get(&path("followers?timeframe=7&from=2026-11-19&to=2026-11-21")).await?;
    assert_eq!(body["account_id"], ACCOUNT);
    let range =
        json!({ "from": "2026-11-19", "to": "2026-11-21", "timeframe": 7, "timezone": "Asia/Jakarta" });
    assert_eq!(body["range"], range);
    let days = body["days"].as_array().expect("days");
    assert_eq!(days.len(), 3);
    assert_eq!(days[0]["followers"], json!({ "value": null, "absence": "not_collected" }));
    assert_eq!(days[1]["followers"], json!({ "value": 1050, "observed_at": "2026-11-20T20:00:00.000Z" }));
    assert_eq!(days[1]["growth"], json!({ "value": 0.05 }));
    assert_eq!(days[2]["followers"]["absence"], "permission");
    Ok(())
}

#[tokio::test]
async fn the_range_before_is_there_where_it_is_asked_for() -> Result<()> {
    let api = brand::api().await?;
    let body = api.get(&path("followers?timeframe=7&compare=previous")).await?;
    assert_eq!(body["range"]["previous"], json!({ "from": "2026-11-08", "to": "2026-11-14" }));
    assert_eq!(body["days"].as_array().map(Vec::len), Some(7));
    assert_eq!(body["previous"][6]["followers"]["value"], 1000);
    let alone = api.get(&path("followers?timeframe=7")).await?;
    assert!(alone.get("previous").is_none());
    Ok(())
}

#[tokio::test]
async fn daily_figures_of_meta_say_where_they_come_from() -> Result<()> {
    let api = brand::api().await?;
    let reach = api.get(&path("reach?timeframe=7&from=2026-11-19&to=2026-11-20")).await?;
    assert_eq!(
        reach["days"][0],
        json!({
            "day": "2026-11-19",
            "reach": { "value": 500, "source": "poll", "observed_at": "2026-11-20T09:00:00.000Z" },
            "window_reach": { "value": 2500, "source": "poll", "observed_at": "2026-11-20T09:00:00.000Z" },
            "growth": { "value": null, "absence": "no_data" },
        })
    );
    assert_eq!(reach["days"][1]["reach"]["absence"], "not_yet");
    assert_eq!(reach["days"][1]["window_reach"]["absence"], "not_collected");
    let seen = api.get(&path("impressions?from=2026-11-19&to=2026-11-19")).await?;
    assert_eq!(
        (&seen["days"][0]["metric"], &seen["days"][0]["impressions"]["value"]),
        (&json!("views"), &json!(9000))
    );
    Ok(())
}

#[tokio::test]
async fn engagement_and_sentiment_are_by_day() -> Result<()> {
    let api = brand::api().await?;
    let liked = api.get(&path("engagement?timeframe=7&from=2026-11-19")).await?;
    let days = &liked["days"];
    assert_eq!(
        (&days[0]["engagement"]["absence"], &days[0]["media_count"]),
        (&json!("no_data"), &Value::Null)
    );
    assert_eq!((&days[1]["engagement"]["value"], &days[1]["rate"]["value"]), (&json!(30), &json!(0.028)));
    assert_eq!(days[2]["engagement"], json!({ "value": null, "absence": "hidden" }));
    assert_eq!(days[2]["comments"]["value"], 12);
    assert_eq!(
        (&days[1]["computed_at"], &days[0]["computed_at"]),
        (&json!("2026-11-20T00:00:00.000Z"), &Value::Null)
    );
    let felt = api.get(&path("sentiment?timeframe=7&from=2026-11-19")).await?;
    assert_eq!(felt["days"][0]["total"]["pos"], json!({ "value": null, "absence": "no_data" }));
    assert_eq!(felt["days"][1]["balance"]["value"], 0.5);
    assert_eq!(felt["days"][1]["added"]["pos"]["value"], 0);
    assert_eq!(felt["days"][2]["added"]["pos"]["value"], 1);
    Ok(())
}

#[tokio::test]
async fn a_list_of_accounts_has_headlines_and_flags_and_goes_on() -> Result<()> {
    let api = brand::api().await?;
    let first = api.get("/api/accounts?limit=1&timeframe=7").await?;
    let account = &first["accounts"][0];
    assert_eq!((&account["id"], &account["username"]), (&json!(ACCOUNT), &json!("kopi")));
    assert_eq!(account["followers"]["absence"], "permission");
    assert_eq!((&account["reach"]["value"], &account["reach"]["day"]), (&json!(2500), &json!("2026-11-19")));
    assert_eq!(account["sentiment"]["balance"]["value"], 0.6);
    assert_eq!(account["stories"], json!({ "live": 1, "at_risk": 0 }));
    assert_eq!(account["flags"][0]["kind"], "no_token");
    let next = first["next_cursor"].as_str().expect("it goes on");
    let second = api.get(&format!("/api/accounts?limit=1&timeframe=7&cursor={next}")).await?;
    assert_eq!((&second["accounts"][0]["id"], &second["next_cursor"]), (&json!(OTHER), &Value::Null));
    let (status, body) = api.problem(&format!("/api/accounts?limit=1&timeframe=28&cursor={next}")).await?;
    assert_eq!((status, &body["type"]), (400, &json!("invalid_parameter")));

    let one = api.get(&format!("/api/accounts/{ACCOUNT}")).await?;
    assert_eq!((&one["today"], &one["login"]), (&json!("2026-11-21"), &json!("facebook")));
    Ok(())
}

/// The page and the API say the same: of a live story without a figure, in its last six hours.
#[tokio::test]
async fn a_story_is_at_risk_in_its_last_six_hours_until_a_figure_is_known() -> Result<()> {
    let api = brand::api().await?;
    let stories = "INSERT INTO instagram.media
            (id, user_id, media_product_type, \"timestamp\", first_seen_at, updated_timestamp, deleted_at)
        SELECT '90' || hours, $1, 'STORY', $2::timestamptz - hours * interval '1 hour', $2, $2,
            CASE WHEN hours = 20 THEN $2::timestamptz END
        FROM unnest(ARRAY[17, 19, 20, 21, 25]) AS hours";
    let now = api.clock.now().to_sqlx();
    sqlx::query(stories).bind(ACCOUNT).bind(now).execute(&api.pool).await?;
    // One of two has a figure; one is deleted, one over, one has time.
    let figure = "INSERT INTO instagram.media_insight
            (id, media_id, metric, datestamp, value, source, observed_at, updated_timestamp)
        VALUES ('9021', '9021', 'reach', $1::timestamptz::date, 3, 'poll', $1, $1)";
    sqlx::query(figure).bind(now).execute(&api.pool).await?;
    let one = &api.get("/api/accounts?limit=1&timeframe=7").await?["accounts"][0];
    assert_eq!(one["stories"]["at_risk"], 1);
    let cookie = pages::cookie(&api).await?;
    let page = pages::get(&api, "/?lang=en", &cookie).await?.text().await?;
    assert!(page.contains("1 story is about to be lost"), "{page}");
    Ok(())
}

#[tokio::test]
async fn a_key_sees_its_accounts_and_nothing_tells_it_of_others() -> Result<()> {
    let api = brand::api().await?;
    let key = key_of(&api, &[OTHER]).await?;
    let ask = |path: &str| api.request(Method::GET, path).bearer_auth(&key);
    let listed: Value = ask("/api/accounts").send().await?.json().await?;
    assert_eq!(listed["accounts"].as_array().map(Vec::len), Some(1));
    assert_eq!(listed["accounts"][0]["id"], OTHER);

    let (_, unknown) = problem(ask("/api/accounts/17841499999999999/reach")).await?;
    let whats = [
        "",
        "/engagement",
        "/followers",
        "/reach",
        "/impressions",
        "/sentiment",
        "/hashtags",
        "/best-hours",
        "/top-media",
        "/stories",
        "/audience",
        "/competitors",
        "/formats",
        "/comments",
        "/notes",
        "/labels",
        "/alerts",
    ];
    for what in whats {
        let (status, body) = problem(ask(&format!("/api/accounts/{ACCOUNT}{what}"))).await?;
        assert_eq!((status, &body), (404, &unknown), "{what}");
        assert_eq!(ask(&format!("/api/accounts/{OTHER}{what}")).send().await?.status(), 200, "{what}");
    }
    for path in [
        "/api/media/101",
        "/api/media/101/comments",
        "/api/instagram/insights/101",
        "/api/instagram/insights/test?media_id=101",
    ] {
        assert_eq!(problem(ask(path)).await?.0, 404, "{path}");
        assert_eq!(ask(&path.replace("101", "201")).send().await?.status(), 200, "{path}");
    }
    assert_eq!(problem(ask("/api/pipeline")).await?.0, 403);
    Ok(())
}

#[tokio::test]
async fn an_account_that_is_no_longer_watched_is_unknown() -> Result<()> {
    let api = brand::api().await?;
    sqlx::query("UPDATE pipeline.account SET removed_at = added_at").execute(&api.pool).await?;
    assert_eq!(api.problem(&path("reach")).await?.0, 404);
    assert_eq!(api.get("/api/accounts").await?["accounts"], json!([]));
    Ok(())
}

#[tokio::test]
async fn bad_parameters_are_named_and_nothing_breaks() -> Result<()> {
    let api = brand::api().await?;
    let long = "x".repeat(10_000);
    for bad in [
        "reach?timeframe=14".to_owned(),
        "reach?from=2026-11-22&to=2026-11-21".to_owned(),
        "reach?from=2020-01-01".to_owned(),
        "reach?from=yesterday".to_owned(),
        "reach?compare=next".to_owned(),
        "reach?metric=reach".to_owned(),
        "reach?timeframe=7&timeframe=7".to_owned(),
        "hashtags?sort=best".to_owned(),
        "hashtags?cursor=AAAA".to_owned(),
        "hashtags?cursor=%00".to_owned(),
        "top-media?limit=0".to_owned(),
        "top-media?order=up".to_owned(),
        "comments?q=".to_owned(),
        "comments?q=%00".to_owned(),
        format!("comments?q={long}"),
        "comments?sentiment=sad".to_owned(),
        "comments?media_id=%27%3B".to_owned(),
        format!("comments?{long}=1"),
    ] {
        let (status, body) = api.problem(&path(&bad)).await?;
        assert_eq!((status, &body["type"]), (400, &json!("invalid_parameter")), "{bad:.60}");
    }
    for unknown in ["1", "%00", "a%20b", "%27", &long] {
        assert_eq!(api.problem(&format!("/api/accounts/{unknown}/reach")).await?.0, 404, "{unknown:.60}");
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_that_the_caller_has_is_not_sent_again() -> Result<()> {
    let api = brand::api().await?;
    let first = api.with_key(&path("reach")).send().await?;
    let etag = first.headers()["etag"].to_str()?.to_owned();
    assert_eq!(first.headers()["cache-control"], "private, no-cache");
    api.clock.advance(Duration::from_mins(1));
    let again = api.with_key(&path("reach")).header("if-none-match", &etag).send().await?;
    assert_eq!((again.status().as_u16(), again.text().await?.as_str()), (304, ""));
    sqlx::query("UPDATE instagram.user_insight_reach SET value = 501 WHERE value = 500")
        .execute(&api.pool)
        .await?;
    let changed = api.with_key(&path("reach")).header("if-none-match", &etag).send().await?;
    assert_eq!(changed.status(), 200);
    Ok(())
}

/// What the operator was told stands in the list, in its CSV and on the dashboard, until it is mended.
#[tokio::test]
async fn an_account_whose_webhooks_stopped_is_flagged() -> Result<()> {
    let api = brand::api().await?;
    let raise = "INSERT INTO pipeline.operator_alert (account_id, kind, detail, raised_at, resolved_at)
        VALUES ($1, 'no_webhooks', 'd', '2026-11-20Z', NULL), ($1, 'not_subscribed', 'd', '2026-11-19Z', '2026-11-20Z')";
    sqlx::query(raise).bind(ACCOUNT).execute(&api.pool).await?;
    let body = api.get(&format!("/api/accounts/{ACCOUNT}")).await?;
    let kinds = |body: &Value| -> Vec<String> {
        let flags = body["flags"].as_array().into_iter().flatten();
        flags.filter_map(|flag| flag["kind"].as_str().map(str::to_owned)).collect()
    };
    let flagged = kinds(&body["account"]).into_iter().chain(kinds(&body)).collect::<Vec<_>>();
    assert!(flagged.iter().any(|kind| kind == "no_webhooks"), "{body}");
    assert!(!flagged.iter().any(|kind| kind == "not_subscribed"), "it was mended: {body}");
    Ok(())
}
