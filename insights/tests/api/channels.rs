//! Who is told: receivers and their secrets, what fired, and the log.

use anyhow::{Context, Result};
use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::brand::{self, ACCOUNT, OTHER};
use crate::log;
use crate::server::problem;

fn path(what: &str) -> String {
    format!("/api/accounts/{ACCOUNT}/alerts/{what}")
}

#[tokio::test]
async fn a_receivers_secret_is_shown_once_and_stored_nowhere() -> Result<()> {
    let api = brand::api().await?;
    let wanted = json!({ "address": "https://hooks.example.com/a?b=c", "lang": "en", "digest": false });
    let answer = api.write(Method::POST, &path("channels")).json(&wanted).send().await?;
    assert_eq!(answer.status(), 201);
    let made: Value = answer.json().await?;
    let secret = made["secret"].as_str().context("a secret")?;
    assert!(secret.starts_with("whsec_") && secret.len() == 50);
    let stored: String = sqlx::query_scalar("SELECT channel::text FROM pipeline.alert_channel AS channel")
        .fetch_one(&api.pool)
        .await?;
    let listed = api.get(&path("channels")).await?;
    let bare = secret.trim_start_matches("whsec_");
    assert!(!stored.contains(bare) && !listed.to_string().contains(bare) && !log::written().contains(bare));
    let channel = &listed["channels"][0];
    assert_eq!(
        (&channel["address"], &channel["lang"], &channel["alerts"], &channel["digest"]),
        (&wanted["address"], &json!("en"), &json!(true), &json!(false))
    );
    let twice = api.write(Method::POST, &path("channels")).json(&wanted);
    assert_eq!(problem(twice).await?.0, 409);
    Ok(())
}

#[tokio::test]
async fn receivers_are_on_the_public_internet_and_of_their_account() -> Result<()> {
    let api = brand::api().await?;
    for bad in [
        json!({ "address": "http://hooks.example.com/" }),
        json!({ "address": "https://127.0.0.1/" }),
        json!({ "address": "https://[::ffff:10.0.0.1]/" }),
        json!({ "address": "https://me:secret@hooks.example.com/" }),
        json!({ "address": "https://hooks.example.com/", "lang": "fr" }),
        json!({ "address": "https://hooks.example.com/", "more": 1 }),
    ] {
        let asked = api.write(Method::POST, &path("channels")).json(&bad);
        assert_eq!(problem(asked).await?.0, 400, "{bad}");
    }
    let wanted = json!({ "address": "https://hooks.example.com/" });
    let made: Value = api.write(Method::POST, &path("channels")).json(&wanted).send().await?.json().await?;
    let one = path(&format!("channels/{}", made["channel"]["id"]));
    let foreign = one.replace(ACCOUNT, OTHER);
    assert_eq!(problem(api.write(Method::DELETE, &foreign)).await?.0, 404);
    assert_eq!(problem(api.write(Method::POST, &format!("{foreign}/test"))).await?.0, 404);

    let tested: Value = api.write(Method::POST, &format!("{one}/test")).send().await?.json().await?;
    let told = api.get(&path("deliveries")).await?;
    let delivery = &told["deliveries"][0];
    assert_eq!((&delivery["id"], &delivery["state"]), (&tested["delivery_id"], &json!("waiting")));
    assert_eq!((&delivery["kind"], &delivery["attempts"]), (&json!("test"), &json!([])));
    assert_eq!(api.write(Method::DELETE, &one).send().await?.status(), 204);
    assert_eq!(api.get(&path("deliveries")).await?["deliveries"], json!([]));
    Ok(())
}

#[tokio::test]
async fn who_is_told_by_mail_has_one_plain_address_and_no_secret() -> Result<()> {
    let api = brand::api().await?;
    for bad in [
        "mailto:",
        "mailto:a@b",
        "a@example.com,b@example.com",
        "mailto:a@example.com\r\nBcc: b@example.com",
        "mailto:a@example.com?cc=b@example.com",
        "Ops <ops@example.com>",
    ] {
        let asked = api.write(Method::POST, &path("channels")).json(&json!({ "address": bad }));
        assert_eq!(problem(asked).await?.0, 400, "{bad}");
    }
    let wanted = json!({ "address": "mailto:ops@agency.example", "lang": "en" });
    let made: Value = api.write(Method::POST, &path("channels")).json(&wanted).send().await?.json().await?;
    assert_eq!((&made["channel"]["kind"], &made["secret"]), (&json!("email"), &Value::Null));
    assert_eq!(made["channel"]["address"], "mailto:ops@agency.example");
    let as_people_write_it = json!({ "address": " ops@agency.example " });
    let twice = api.write(Method::POST, &path("channels")).json(&as_people_write_it);
    assert_eq!(problem(twice).await?.0, 409);
    Ok(())
}

#[tokio::test]
async fn what_fired_and_each_try_to_tell_are_shown() -> Result<()> {
    let api = brand::api().await?;
    let rows = format!(
        "INSERT INTO pipeline.alert_firing
            (account_id, rule_id, period, rule_name, metric, measure, direction, threshold, timeframe, value, fired_at)
         VALUES ('{ACCOUNT}', 7, '2026-11-20', '=1+1', 'reach', 'growth', 'below', -0.2, 7, -0.5, '2026-11-20T02:00Z');
         INSERT INTO pipeline.alert_channel (account_id, kind, address, lang, alerts, digest, created_at, created_by)
         VALUES ('{ACCOUNT}', 'webhook', 'https://hooks.example.com/', 'id', TRUE, TRUE, '2026-11-01', 'k');
         INSERT INTO pipeline.alert_delivery (id, channel_id, account_id, kind, occasion, body, due_at, attempts, created_at)
         SELECT '00000000-0000-7000-8000-00000000000a', id, account_id, 'alert', 'firing:1', '{{}}', '2026-11-21T13:00Z', 2, '2026-11-20T02:00Z'
         FROM pipeline.alert_channel;
         INSERT INTO pipeline.alert_attempt (delivery_id, number, started_at, ended_at, status, error) VALUES
            ('00000000-0000-7000-8000-00000000000a', 1, '2026-11-20T02:00Z', '2026-11-20T02:00:01Z', 500, 'it answered 500'),
            ('00000000-0000-7000-8000-00000000000a', 2, '2026-11-20T02:00:11Z', NULL, NULL, NULL)"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&api.pool).await?;
    let told = &api.get(&path("deliveries")).await?["deliveries"][0];
    assert_eq!(told["id"], "msg_0000000000007000800000000000000a");
    assert_eq!(told["next_at"], "2026-11-21T13:00:00.000Z");
    assert_eq!(
        (&told["attempts"][0]["status"], &told["attempts"][1]["ended_at"]),
        (&json!(500), &Value::Null)
    );
    let fired = &api.get(&path("history")).await?["firings"][0];
    assert_eq!((&fired["day"], &fired["value"]), (&json!("2026-11-20"), &json!(-0.5)));
    let csv = api.with_key(&path("history")).header(header::ACCEPT, "text/csv").send().await?.text().await?;
    assert!(csv.contains(",'=1+1,"), "{csv}");
    let foreign = api.get(&path("history").replace(ACCOUNT, OTHER)).await?;
    assert_eq!(foreign["firings"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_state_has_no_change_to_be_compared() -> Result<()> {
    let api = brand::api().await?;
    let rules = format!("/api/accounts/{ACCOUNT}/alerts");
    let rule = |metric: &str, measure: &str| json!({ "name": "x", "metric": metric, "measure": measure, "direction": "above", "threshold": 0, "timeframe": 7 });
    let refused = api.write(Method::POST, &rules).json(&rule("token_at_risk", "growth"));
    assert_eq!(problem(refused).await?.0, 400);
    for (metric, measure, current, firing) in [
        ("token_at_risk", "value", json!(1.0), json!(true)),
        ("stories_at_risk", "value", json!(0.0), json!(false)),
        ("negative_comments_today", "value", json!(0.0), json!(false)),
        ("reach", "usual", Value::Null, Value::Null),
    ] {
        let made: Value =
            api.write(Method::POST, &rules).json(&rule(metric, measure)).send().await?.json().await?;
        let listed = api.get(&rules).await?;
        let state = &listed["rules"][0];
        assert_eq!((&state["current"]["value"], &state["firing"]), (&current, &firing), "{metric}");
        let one = format!("{rules}/{}", made["rule"]["id"]);
        assert_eq!(api.write(Method::DELETE, &one).send().await?.status(), 204);
    }
    Ok(())
}
