//! Accounts: two ids that are one account, tokens of the wrong account, competitors, and what `show` says
//! about each kind of read.

use serde_json::Value;

use super::Bench;
use crate::command::stderr;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_added_by_the_id_of_instagram_login_goes_by_the_webhooks_one() {
    let bench = Bench::new().await;
    let (id, cekbrand) = (bench.id(0), &bench.cekbrand);
    let scoped = bench.simulator.app_scoped_id(&bench.simulator.world().watched()[0]);
    cekbrand.ok(&["account", "add", &scoped, "--login", "instagram", "--timezone", "Asia/Jakarta"]);
    let said = cekbrand.ok_with_input(&["account", "token", &scoped], &bench.token(0));
    assert!(said.contains(&id), "{said}");
    let listed = json(&cekbrand.ok(&["account", "list", "--json"]));
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!((&listed[0]["id"], &listed[0]["app_scoped_id"]), (&id.into(), &scoped.clone().into()));
    let users: i64 = bench.value(r#"SELECT count(*) FROM instagram."user""#).await;
    let zone: String = bench.value(r#"SELECT timezone FROM instagram."user""#).await;
    assert_eq!((users, zone.as_str()), (1, "Asia/Jakarta"));
    let owed: i64 =
        bench.value("SELECT count(*) FROM pipeline.enrichment_task WHERE target_id LIKE '17841%'").await;
    assert_eq!(owed, 1, "its profile is to be read under the id that it goes by");
    // From now on either id will do.
    assert_eq!(json(&cekbrand.ok(&["account", "show", &scoped, "--json"]))["token"]["state"], "valid");
    cekbrand.ok(&["account", "remove", &scoped]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_account_or_a_dead_one_is_refused_and_one_that_nobody_can_check_is_not() {
    let bench = Bench::new().await;
    let (id, cekbrand) = (bench.id(0), &bench.cekbrand);
    for login in ["facebook", "instagram"] {
        cekbrand.ok(&["account", "add", &id, "--login", login]);
        let foreign = cekbrand.run_with_input(&["account", "token", &id], &bench.token(1));
        let said = stderr(&foreign);
        assert_eq!(foreign.status.code(), Some(1), "{said}");
        assert!(said.contains("another account's") || said.contains(&bench.id(1)), "{login}: {said}");
    }
    let watched = &bench.simulator.world().watched()[0];
    bench.simulator.kill_token(watched, 463);
    let dead = cekbrand.run_with_input(&["account", "token", &id], &bench.token(0));
    let said = stderr(&dead);
    assert!(dead.status.code() == Some(1) && said.contains("190/463"), "{said}");
    assert!(!said.contains(&bench.token(0)), "{said}");
    let stored: i64 = bench.value("SELECT count(*) FROM instagram.instagram_tokens").await;
    assert_eq!(stored, 0, "a token that was refused is stored");
    cekbrand.ok_with_input(&["account", "token", &id, "--unchecked"], &bench.token(0));
    let stored: i64 = bench.value("SELECT count(*) FROM instagram.instagram_tokens").await;
    assert_eq!(stored, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn show_says_for_each_kind_of_read_when_it_is_due_or_why_not() {
    let bench = Bench::new().await;
    let (id, cekbrand) = (bench.watch(0), &bench.cekbrand);
    let write =
        async |sql: &'static str| sqlx::query(sql).bind(&id).execute(&bench.database.pool()).await.unwrap();
    write(
        "INSERT INTO pipeline.enrichment_task
            (kind, target_id, account_id, lane, due_at, wanted_at, created_at, state, reason, parked_until, last_error, finished_at)
         VALUES
            ('media', '1', $1, 1, '2031-01-01Z', '2026-01-01Z', '2026-01-01Z', 'parked', 'permission', '2031-01-01Z', 'code 10: no', NULL),
            ('media_insights', '1', $1, 1, '2030-01-01Z', '2026-01-01Z', '2026-01-01Z', 'parked', 'fresh', '2030-01-01Z', NULL, '2026-01-02Z'),
            ('comment', '2', $1, 1, '2026-01-01Z', '2026-01-01Z', '2026-01-01Z', 'done', NULL, NULL, NULL, '2026-01-03Z')",
    )
    .await;
    let shown = json(&cekbrand.ok(&["account", "show", &id, "--json"]));
    let read = |kind: &str| {
        let reads = shown["reads"].as_array().unwrap();
        reads.iter().find(|read| read["kind"] == kind).unwrap_or_else(|| panic!("{kind}: {shown}")).clone()
    };
    assert!(read("user")["next_due"].is_string() && read("user")["why_not"].is_null(), "{shown}");
    assert_eq!((&read("media")["next_due"], &read("media")["reason"]), (&Value::Null, &"permission".into()));
    assert!(read("media")["why_not"].as_str().unwrap().contains("code 10: no"), "{shown}");
    let fresh = read("media_insights");
    assert_eq!((&fresh["next_due"], &fresh["why_not"]), (&"2030-01-01T00:00:00Z".into(), &Value::Null));
    assert_eq!(read("comment")["last_done"], "2026-01-03T00:00:00Z");
    assert!(read("comment")["why_not"].as_str().unwrap().contains("asked for it again"), "{shown}");
    assert!(read("mentioned_media")["why_not"].as_str().unwrap().contains("yet"), "{shown}");
    let text = cekbrand.ok(&["account", "show", &id]);
    assert!(text.contains("1 parked, permission until 2031-01-01T00:00:00Z: code 10: no"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn competitors_are_found_by_their_name_and_need_facebook_login() {
    let bench = Bench::new().await;
    let (id, cekbrand) = (bench.watch(0), &bench.cekbrand);
    let other = bench.simulator.world().accounts().iter().find(|account| !account.watched).unwrap();
    let name = format!("@{}", other.username);
    cekbrand.ok(&["account", "competitor", "add", &id, &name]);
    cekbrand.ok(&["account", "competitor", "add", &id, &name]);
    let listed = json(&cekbrand.ok(&["account", "competitor", "list", &id, "--json"]));
    assert_eq!(listed, serde_json::json!([{ "id": other.id, "username": other.username }]));
    let nobody = cekbrand.run(&["account", "competitor", "add", &id, "nobody.at.all"]);
    assert!(
        nobody.status.code() == Some(1) && stderr(&nobody).contains("@nobody.at.all"),
        "{}",
        stderr(&nobody)
    );
    let itself = &bench.simulator.world().watched()[0].username;
    assert_eq!(cekbrand.run(&["account", "competitor", "add", &id, itself]).status.code(), Some(1));
    cekbrand.ok(&["account", "competitor", "remove", &id, &name]);
    assert_eq!(cekbrand.ok(&["account", "competitor", "list", &id, "--json"]).trim(), "[]");
    cekbrand.ok(&["account", "add", &id, "--login", "instagram"]);
    let instagram = cekbrand.run(&["account", "competitor", "add", &id, &name]);
    assert!(stderr(&instagram).contains("Facebook Login"), "{}", stderr(&instagram));
}
