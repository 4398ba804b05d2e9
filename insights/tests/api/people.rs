//! What people add: notes, labels, rules, links.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::accounts::key_of;
use crate::brand::{self, ACCOUNT, OTHER};
use crate::log;
use crate::server::{TestApi, problem};

fn path(what: &str) -> String {
    format!("/api/accounts/{ACCOUNT}/{what}")
}

/// What a POST that makes something answers.
async fn made(api: &TestApi, path: &str, body: &Value) -> Result<Value> {
    let answer = api.write(Method::POST, path).json(body).send().await?;
    let status = answer.status();
    let body: Value = answer.json().await?;
    anyhow::ensure!(status == 201, "{status} {body}");
    Ok(body)
}

#[tokio::test]
async fn notes_are_written_listed_beside_the_services_own_and_deleted() -> Result<()> {
    let api = brand::api().await?;
    let note = made(&api, &path("notes"), &json!({ "day": "2026-11-20", "text": " Promo mulai " })).await?;
    assert_eq!(
        (&note["note"]["text"], &note["note"]["created_by"]),
        (&json!("Promo mulai"), &json!(api.key.id))
    );
    sqlx::query(
        "INSERT INTO instagram.instagram_tokens (user_id, token, flavour, state, dead_reason, updated_timestamp)
         VALUES ($1, 'sealed', 'facebook', 'dead', 'expired', '2026-11-20T18:00Z')",
    )
    .bind(ACCOUNT)
    .execute(&api.pool)
    .await?;
    let listed = api.get(&path("notes?timeframe=7")).await?;
    let notes = listed["notes"].as_array().context("notes")?;
    let told: Vec<_> = notes.iter().map(|note| (&note["kind"], &note["day"], &note["until"])).collect();
    // Half past midnight of the 21st in Jakarta; between the snapshots of the 14th and the 20th there is
    // none.
    assert_eq!(
        told,
        [
            (&json!("gap"), &json!("2026-11-15"), &json!("2026-11-19")),
            (&json!("person"), &json!("2026-11-20"), &Value::Null),
            (&json!("token_dead"), &json!("2026-11-21"), &Value::Null),
        ]
    );
    let retired = api.get(&path("notes?from=2025-04-21&to=2025-04-21")).await?;
    assert_eq!(retired["notes"][0]["kind"], "metric_retired");

    let one = path(&format!("notes/{}", note["note"]["id"]));
    let foreign = one.replace(ACCOUNT, OTHER);
    assert_eq!(problem(api.write(Method::DELETE, &foreign)).await?.0, 404, "of another account");
    assert_eq!(api.write(Method::DELETE, &one).send().await?.status(), 204);
    assert_eq!(problem(api.write(Method::DELETE, &one)).await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn what_people_write_has_bounds() -> Result<()> {
    let api = brand::api().await?;
    let day = "2026-11-20";
    for bad in [
        json!({ "day": day, "text": "" }),
        json!({ "day": day, "text": "   " }),
        json!({ "day": day, "text": "x".repeat(501) }),
        json!({ "day": day, "text": "a\u{0}b" }),
        json!({ "day": "2026-02-30", "text": "x" }),
        json!({ "day": day }),
        json!({ "day": day, "text": "x", "more": 1 }),
        json!(null),
    ] {
        assert_eq!(problem(api.write(Method::POST, &path("notes")).json(&bad)).await?.0, 400, "{bad:.80}");
    }
    let large = json!({ "day": day, "text": "x".repeat(70_000) });
    assert_eq!(problem(api.write(Method::POST, &path("notes")).json(&large)).await?.0, 413);
    for id in ["x", "-1", "1.5", "99999999999999999999", "0"] {
        assert_eq!(problem(api.write(Method::DELETE, &path(&format!("notes/{id}")))).await?.0, 404, "{id}");
    }
    Ok(())
}

#[tokio::test]
async fn labels_gather_media_and_what_they_did() -> Result<()> {
    let api = brand::api().await?;
    let label = made(&api, &path("labels"), &json!({ "name": "Ramadan" })).await?;
    let twice = api.write(Method::POST, &path("labels")).json(&json!({ "name": "Ramadan" }));
    assert_eq!(problem(twice).await?.0, 409);
    let id = &label["label"]["id"];
    let on = |media: &str| path(&format!("labels/{id}/media/{media}"));
    for (media, status) in [("101", 204), ("101", 204), ("201", 404), ("nobody", 404)] {
        assert_eq!(api.write(Method::PUT, &on(media)).send().await?.status(), status, "{media}");
    }
    let listed = api.get(&path("labels")).await?;
    let told = &listed["labels"][0];
    assert_eq!((&told["name"], &told["media_ids"]), (&json!("Ramadan"), &json!(["101"])));
    assert_eq!((&told["engagement"]["value"], &told["reach_per_post"]["value"]), (&json!(44), &json!(300.0)));
    assert_eq!(api.get("/api/media/101").await?["labels"], json!(["Ramadan"]));
    assert_eq!(api.write(Method::DELETE, &on("101")).send().await?.status(), 204);
    let empty = api.get(&path("labels")).await?;
    assert_eq!(empty["labels"][0]["engagement"], json!({ "value": null, "absence": "no_data" }));
    assert_eq!(api.write(Method::DELETE, &path(&format!("labels/{id}"))).send().await?.status(), 204);
    assert_eq!(api.get(&path("labels")).await?["labels"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_rule_fires_where_its_figure_is_beyond_the_threshold_and_is_silent_where_it_is_unknown()
-> Result<()> {
    let api = brand::api().await?;
    let rule = |metric: &str, measure: &str, direction: &str, threshold: f64| {
        json!({
            "name": metric, "metric": metric, "measure": measure, "direction": direction, "threshold": threshold,
            "timeframe": 7,
        })
    };
    for (rule, firing) in [
        (rule("reach", "value", "above", 2499.0), json!(true)),
        (rule("reach", "value", "above", 2500.0), json!(false)),
        (rule("reach", "growth", "below", 0.0), Value::Null),
        (rule("followers", "value", "below", 10.0), Value::Null),
        (rule("negative_comments", "value", "below", 1.0), json!(true)),
    ] {
        let made = made(&api, &path("alerts"), &rule).await?;
        let listed = api.get(&path("alerts")).await?;
        assert_eq!(listed["rules"][0]["firing"], firing, "{rule} {listed}");
        let one = path(&format!("alerts/{}", made["rule"]["id"]));
        assert_eq!(api.write(Method::DELETE, &one).send().await?.status(), 204);
    }
    let mut bad = rule("reach", "value", "above", 1.0);
    bad["timeframe"] = json!(30);
    assert_eq!(problem(api.write(Method::POST, &path("alerts")).json(&bad)).await?.0, 400);
    assert_eq!(api.get(&path("alerts")).await?["flags"][0]["kind"], "no_token");
    Ok(())
}

#[tokio::test]
async fn a_link_shows_its_account_until_it_ends_and_to_nobody_who_changed_it() -> Result<()> {
    let api = brand::api().await?;
    let wanted =
        json!({ "account_id": ACCOUNT, "from": "2026-11-01", "to": "2026-11-21", "expires_in_days": 1.0 });
    let share = made(&api, "/api/shares", &wanted).await?;
    let token = share["token"].as_str().context("a token")?.to_owned();
    let open = |token: &str| api.request(Method::GET, &format!("/api/shared/{token}"));
    let shown: Value = open(&token).send().await?.json().await?;
    assert_eq!(
        (&shown["account_id"], &shown["from"], &shown["username"]),
        (&json!(ACCOUNT), &json!("2026-11-01"), &json!("kopi"))
    );

    let last = if token.ends_with('0') { "1" } else { "0" };
    let changed = format!("{}{last}", &token[..token.len() - 1]);
    for bad in [changed.as_str(), "", "cbs_", &token.to_uppercase(), &token.replace("cbs", "cbk"), "%00"] {
        assert_eq!(problem(open(bad)).await?.0, 404, "{bad}");
    }
    let stored: String =
        sqlx::query_scalar("SELECT share::text FROM pipeline.share").fetch_one(&api.pool).await?;
    let secret = token.rsplit('_').next().context("a secret")?;
    assert!(!stored.contains(secret) && !log::written().contains(secret));
    let listed = api.get("/api/shares").await?;
    assert!(!listed.to_string().contains(secret));
    assert_eq!(listed["shares"][0]["account_id"], ACCOUNT);

    api.clock.advance(Duration::from_hours(24));
    assert_eq!(problem(open(&token)).await?.0, 404, "it has ended");
    Ok(())
}

#[tokio::test]
async fn a_link_is_revoked_by_a_key_of_its_account_alone() -> Result<()> {
    let api = brand::api().await?;
    let wanted = json!({ "account_id": ACCOUNT, "from": "2026-11-01", "to": "2026-11-21" });
    let share = made(&api, "/api/shares", &wanted).await?;
    let token = share["token"].as_str().context("a token")?;
    let one = format!("/api/shares/{}", share["share"]["id"].as_str().context("an id")?);
    let key = key_of(&api, &[OTHER]).await?;
    let ask = |method, path: &str| api.request(method, path).bearer_auth(&key);
    let listed: Value = ask(Method::GET, "/api/shares").send().await?.json().await?;
    assert_eq!(listed["shares"], json!([]));
    assert_eq!(problem(ask(Method::DELETE, &one)).await?.0, 404);
    assert_eq!(problem(ask(Method::POST, "/api/shares").json(&wanted)).await?.0, 404);
    assert_eq!(api.write(Method::DELETE, &one).send().await?.status(), 204);
    assert_eq!(problem(api.request(Method::GET, &format!("/api/shared/{token}"))).await?.0, 404);
    for bad in [
        json!({ "account_id": ACCOUNT, "from": "2026-11-22", "to": "2026-11-21" }),
        json!({ "account_id": ACCOUNT, "from": "2020-11-22", "to": "2026-11-21" }),
        json!({ "account_id": ACCOUNT, "from": "2026-11-01", "to": "2026-11-21", "expires_in_days": 366 }),
        json!({ "account_id": ACCOUNT, "from": "2026-11-01", "to": "2026-11-21", "timeframe": 30 }),
    ] {
        assert_eq!(problem(api.write(Method::POST, "/api/shares").json(&bad)).await?.0, 400, "{bad}");
    }
    Ok(())
}
