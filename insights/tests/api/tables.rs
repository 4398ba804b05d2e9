//! An account's tables: hashtags, hours, audience, competitors, formats, media, stories; and all of it as
//! CSV.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::brand::{self, ACCOUNT};
use crate::pages::{cookie, get};
use crate::server::TestApi;

fn path(what: &str) -> String {
    format!("/api/accounts/{ACCOUNT}/{what}")
}

async fn csv(api: &TestApi, what: &str) -> Result<String> {
    let response = api.with_key(&path(what)).header("accept", "text/csv").send().await?;
    anyhow::ensure!(response.status() == 200, "{what}: {}", response.status());
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8", "{what}");
    assert_eq!(response.headers()["vary"], "accept, authorization");
    Ok(response.text().await?)
}

#[tokio::test]
async fn hashtags_are_as_of_the_last_day() -> Result<()> {
    let api = brand::api().await?;
    let rows = |body: Value| body["rows"].clone();
    let now = rows(api.get(&path("hashtags")).await?);
    assert_eq!(now.as_array().map(Vec::len), Some(1), "one without posts is none: {now}");
    assert_eq!((&now[0]["hashtag"], &now[0]["engagement"]["value"]), (&json!("kopi"), &json!(44)));
    assert_eq!(now[0]["reach"], json!({ "value": null, "absence": "not_yet" }));
    let then = rows(api.get(&path("hashtags?to=2026-11-18")).await?);
    assert_eq!(then[0]["engagement"]["value"], 10);
    assert_eq!(rows(api.get(&path("hashtags?to=2026-11-09")).await?), json!([]));
    Ok(())
}

#[tokio::test]
async fn hours_name_their_window_and_zone() -> Result<()> {
    let api = brand::api().await?;
    let week = api.get(&path("best-hours?timeframe=7")).await?;
    assert_eq!(week["window"], "2026-11-15/2026-11-21");
    assert_eq!(week["hours"], json!([{ "hour": 19, "online": 77, "day_count": 1 }]));
    // Hour 5 of Meta's 19th, at UTC-7, is 19 o'clock in Jakarta: a Thursday.
    assert_eq!(week["week"], json!([{ "weekday": 4, "hour": 19, "online": 77, "day_count": 1 }]));
    assert_eq!(week["range"]["timezone"], "Asia/Jakarta");
    assert_eq!(api.get(&path("best-hours")).await?["hours"][0]["online"], 60);
    Ok(())
}

#[tokio::test]
async fn the_audience_is_the_newest_list() -> Result<()> {
    let api = brand::api().await?;
    let body = api.get(&path("audience")).await?;
    let countries = body["countries"].as_array().context("countries")?;
    let told: Vec<_> = countries.iter().map(|part| (&part["name"], &part["share"]["value"])).collect();
    assert_eq!(told, [(&json!("ID"), &json!(0.75)), (&json!("MY"), &json!(0.25))]);
    assert_eq!(countries[0]["followers"]["source"], "poll");
    assert_eq!(body["cities"], json!([]));
    let before = api.get(&path("audience?to=2026-11-18")).await?;
    assert_eq!(before["countries"][0]["name"], "SG", "as of a day before the newest list");
    assert_eq!(api.get(&path("audience?to=2026-10-01")).await?["countries"], json!([]));
    Ok(())
}

#[tokio::test]
async fn competitors_stand_beside_the_account() -> Result<()> {
    let api = brand::api().await?;
    let body = api.get(&path("competitors?from=2026-11-15&to=2026-11-20")).await?;
    let (own, other) = (&body["rows"][0], &body["rows"][1]);
    assert_eq!((&own["is_self"], &own["posts"], &own["skipped_posts"]), (&json!(true), &json!(2), &json!(1)));
    assert_eq!((&own["engagement"]["value"], &own["followers_growth"]["value"]), (&json!(44), &json!(0.05)));
    assert_eq!((&other["username"], &other["followers"]["value"]), (&json!("susu"), &json!(400)));
    assert_eq!(other["engagement"], json!({ "value": null, "absence": "no_data" }));
    Ok(())
}

/// 1000 on the evening of the 14th, 1050 on that of the 20th: the days from the 15th on gained 5 %, and what the
/// 15th gained is among it. Of the 21st the followers could not be read: the last known ones stand.
#[tokio::test]
async fn what_a_competitor_gained_is_the_same_in_the_api_and_on_the_page() -> Result<()> {
    let api = brand::api().await?;
    let rows = "INSERT INTO instagram.user_data
            (user_id, followers_count, follows_count, media_count, updated_timestamp, datestamp)
        VALUES
            ('17841400000000001', 1040, 10, 5, '2026-11-15T20:00Z', '2026-11-15'),
            ('17841400000000003', 500, NULL, 3, '2026-11-13T20:00Z', '2026-11-13'),
            ('17841400000000003', 320, NULL, 3, '2026-11-15T20:00Z', '2026-11-15')";
    sqlx::raw_sql(rows).execute(&api.pool).await?;
    let cookie = cookie(&api).await?;
    for to in ["2026-11-20", "2026-11-21"] {
        let days = format!("from=2026-11-15&to={to}");
        let body = api.get(&path(&format!("competitors?{days}"))).await?;
        let gained = |row: usize| body["rows"][row]["followers_growth"]["value"].clone();
        assert_eq!((gained(0), gained(1)), (json!(0.05), json!(-0.2)), "{to}: {body}");
        let asked = format!("/accounts/{ACCOUNT}/csv/competitors?lang=en&{days}");
        let page = get(&api, &asked, &cookie).await?.text().await?;
        for line in ["1050,0.05,", "400,-0.2,"] {
            assert!(page.contains(line), "{to}: {line}\n{page}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn formats_are_compared_by_what_is_known() -> Result<()> {
    let api = brand::api().await?;
    let body = api.get(&path("formats?timeframe=7")).await?;
    let rows = body["rows"].as_array().context("rows")?;
    let of = |format: &str| rows.iter().find(|row| row["format"] == format).cloned().unwrap_or_default();
    assert_eq!((&of("stories")["posts"], &of("feed")["posts"]), (&json!(3), &json!(1)));
    assert_eq!(of("feed")["reach_per_post"]["value"], 300.0);
    assert_eq!(of("reels")["engagement"], json!({ "value": null, "absence": "hidden" }));
    assert_eq!(of("reels")["skipped_engagement"], 1);
    Ok(())
}

#[tokio::test]
async fn media_are_ordered_by_a_figure_and_unknown_ones_come_last() -> Result<()> {
    let api = brand::api().await?;
    let ids = |body: &Value| -> Vec<String> {
        let rows = body["rows"].as_array().into_iter().flatten();
        rows.filter_map(|row| row["id"].as_str()).map(str::to_owned).collect()
    };
    let top = api.get(&path("top-media?sort=views")).await?;
    assert_eq!(ids(&top)[..2], ["101", "105"]);
    assert_eq!(ids(&top).len(), 5);
    let flop = api.get(&path("top-media?sort=views&order=asc")).await?;
    assert_eq!(ids(&flop)[..2], ["105", "101"]);
    let reach = &top["rows"][0]["reach"];
    assert_eq!((&reach["value"], &reach["observed_at"]), (&json!(300), &json!("2026-11-20T02:00:00.000Z")));
    assert_eq!(top["leaders"]["most_engagement"], Value::Null);

    let mut pages = Vec::new();
    let mut cursor = String::new();
    for _ in 0..3 {
        let page = api.get(&path(&format!("top-media?sort=published&limit=2{cursor}"))).await?;
        pages.extend(ids(&page));
        cursor = page["next_cursor"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    assert_eq!(pages, ["103", "102", "104", "101", "105"]);
    assert_eq!(cursor, "");
    Ok(())
}

#[tokio::test]
async fn stories_are_saved_due_or_lost() -> Result<()> {
    let api = brand::api().await?;
    let body = api.get(&path("stories")).await?;
    assert_eq!(body["states"], json!({ "saved": 1, "due": 1, "lost": 1 }));
    let (due, lost, saved) = (&body["rows"][0], &body["rows"][1], &body["rows"][2]);
    assert_eq!((&due["state"], &due["seconds_left"]), (&json!("due"), &json!(82_799)));
    assert_eq!((&lost["state"], &lost["views"]["absence"]), (&json!("lost"), &json!("not_collected")));
    assert_eq!((&saved["saved_by"], &saved["completion_rate"]["value"]), (&json!("webhook"), &json!(0.7)));
    assert_eq!(
        (&saved["exit_rate"]["value"], &saved["replies"]["absence"]),
        (&json!(0.1), &json!("suppressed"))
    );
    Ok(())
}

#[tokio::test]
async fn every_table_is_csv_too_and_no_cell_of_it_is_a_formula() -> Result<()> {
    let api = brand::api().await?;
    for (what, line) in [
        ("engagement?timeframe=7&from=2026-11-20", "2026-11-20,30,,20,,10,,3,0,,no_data,0.028,,,no_data"),
        (
            "followers?timeframe=7&from=2026-11-20",
            "2026-11-20,1050,,2026-11-20T20:00:00.000Z,10,,5,,50,,0.05,",
        ),
        ("reach?timeframe=7&from=2026-11-19", "2026-11-19,500,,poll,2026-11-20T09:00:00.000Z,2500,"),
        ("impressions?from=2026-11-19", "2026-11-19,views,9000,"),
        ("sentiment?from=2026-11-20", "2026-11-20,3,0,1,,0.5,,0,0,0,,,,,no_data"),
        ("hashtags", "kopi,2026-11-19,1,44,"),
        ("best-hours", "4,19,77,1"),
        ("top-media", "101,2026-11-19T03:00:00.000Z,IMAGE,FEED,,'=1+1,44,"),
        ("stories", "105,2026-11-18T11:00:00.000Z,"),
        ("audience", "country,ID,,75,"),
        ("competitors", "17841400000000003,false,susu,Susu,400,"),
        ("formats", "feed,1,44,,44,"),
        ("comments", "902,101,,2026-11-20T02:00:00.000Z,budi,'=cmd|kecewa 100%_,"),
        ("notes", "id,day,until,kind,text"),
        ("labels", "id,name,media"),
        ("alerts", "id,name,metric"),
    ] {
        let text = csv(&api, what).await?;
        assert!(text.lines().any(|found| found.starts_with(line)), "{what}: {line}\n{text}");
        let cells = text.lines().flat_map(|line| line.split(','));
        let formula = |cell: &&str| cell.starts_with(['=', '@', '+']) || cell.starts_with("\"=");
        assert_eq!(cells.filter(formula).collect::<Vec<_>>(), Vec::<&str>::new(), "{what}");
    }
    let list = api.with_key("/api/accounts?limit=1").header("accept", "text/csv").send().await?;
    assert!(list.headers().contains_key("x-next-cursor"));
    let detail = api.with_key("/api/media/101").header("accept", "text/csv").send().await?;
    assert!(detail.text().await?.contains("reach,,2026-11-20,300,,poll,"));
    Ok(())
}
