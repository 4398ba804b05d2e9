//! The command as an operator meets it: help, exit codes, and each subcommand on real servers.

mod demo;
mod sync;
mod usage;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use serde_json::Value;

use crate::command::{Cekbrand, Role, TOKEN_KEY, free_port, http, stderr};

const ACCOUNT: &str = "17841400000000041";

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_added_gets_a_sealed_token_and_is_removed() {
    let (cekbrand, database) = on_database().await;
    // Nobody is there who could say whose token it is.
    let away = format!("http://127.0.0.1:{}", free_port());
    let cekbrand = cekbrand.with("CEKBRAND__TOKEN_KEY", TOKEN_KEY).with("CEKBRAND__GRAPH__BASE_URL", away);
    let early = cekbrand.run_with_input(&["account", "token", ACCOUNT], "EAAB-secret");
    assert_eq!(early.status.code(), Some(1));
    assert!(stderr(&early).contains("account add"), "{}", stderr(&early));
    cekbrand.ok(&["account", "add", ACCOUNT, "--timezone", "Asia/Jakarta"]);
    cekbrand.ok(&["account", "add", ACCOUNT]);
    assert!(cekbrand.ok(&["account", "show", ACCOUNT]).contains("user "));
    let said = cekbrand.ok_with_input(&["account", "token", ACCOUNT, "--days", "60"], "EAAB-secret\n");
    assert!(!said.contains("EAAB"), "{said}");
    assert!(cekbrand.ok(&["account", "list"]).contains("valid until"));
    let sealed: String = sqlx::query_scalar("SELECT token FROM instagram.instagram_tokens")
        .fetch_one(&database.pool())
        .await
        .unwrap();
    assert!(sealed.starts_with("v1.") && !sealed.contains("EAAB"), "{sealed}");
    let zone: String = sqlx::query_scalar(r#"SELECT timezone FROM instagram."user""#)
        .fetch_one(&database.pool())
        .await
        .unwrap();
    assert_eq!(zone, "Asia/Jakarta");
    cekbrand.ok(&["account", "remove", ACCOUNT]);
    assert!(cekbrand.ok(&["account", "list"]).contains("none"), "the token is kept");
    assert_eq!(cekbrand.run(&["account", "remove", ACCOUNT]).status.code(), Some(1));
    let audited: Vec<String> = sqlx::query_scalar("SELECT action FROM pipeline.audit ORDER BY id")
        .fetch_all(&database.pool())
        .await
        .unwrap();
    assert_eq!(audited, ["account.add", "account.add", "account.token", "account.remove"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_the_api_until_it_is_revoked() {
    let (cekbrand, _database) = on_database().await;
    let (listen, admin) = (free_port(), free_port());
    let cekbrand = cekbrand
        .with("CEKBRAND__SERVE__LISTEN", format!("127.0.0.1:{listen}"))
        .with("CEKBRAND__ADMIN__LISTEN", format!("127.0.0.1:{admin}"));
    let key = cekbrand.ok(&["key", "create", "--name", "reports", "--days", "1"]);
    let mut serve = cekbrand.start("serve");
    wait_until_ready(admin, &mut serve).await;
    let ask = async || {
        let url = format!("http://127.0.0.1:{listen}/api/pipeline");
        http().get(url).bearer_auth(key.trim()).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask().await, 200);
    let id = key.split('_').nth(1).unwrap();
    assert!(cekbrand.ok(&["key", "list"]).contains(id));
    cekbrand.ok(&["key", "revoke", id]);
    assert_eq!(ask().await, 401);
    assert!(cekbrand.ok(&["key", "list"]).contains("revoked"));
    assert_eq!(cekbrand.run(&["key", "revoke", id]).status.code(), Some(1));

    // A key that is bound to an account does not see the pipeline, and the list says what it is bound to.
    let bound = cekbrand.ok(&["key", "create", "--name", "brand", "--account", "17841400000000001"]);
    let url = format!("http://127.0.0.1:{listen}/api/pipeline");
    let refused = http().get(url).bearer_auth(bound.trim()).send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 403);
    assert!(cekbrand.ok(&["key", "list"]).contains("17841400000000001"));
    assert_eq!(serve.terminate(), Some(0), "{}", serve.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn books_with_one_open_partition_do_not_close_and_end_with_1() {
    let (cekbrand, database) = on_database().await;
    let write = async |sql: &'static str| sqlx::query(sql).execute(&database.pool()).await.unwrap();
    write(
        r#"INSERT INTO pipeline.consumer_offset
            ("group", topic, partition, start, next, epoch, landed, duplicates, dead_lettered, expired, continued, updated_at)
        VALUES
            ('cekbrand.comments', 'instagram.comments.v1', 0, 0, 5, 1, 5, 0, 0, 0, 0, to_timestamp(0)),
            ('cekbrand.comments', 'instagram.comments.v1', 1, 0, 5, 1, 4, 0, 0, 0, 0, to_timestamp(0)),
            ('cekbrand.other', 'instagram.other.v1', 0, 0, 5, 1, 5, 0, 0, 0, 0, to_timestamp(0))"#,
    )
    .await;
    let open = cekbrand.run(&["ledger", "--json"]);
    assert_eq!(open.status.code(), Some(1), "{}", stderr(&open));
    let books: Value = serde_json::from_slice(&open.stdout).unwrap();
    assert_eq!(books["closed"], false, "{books}");
    let closed: Vec<_> = books["partitions"].as_array().unwrap().iter().map(|row| &row["closed"]).collect();
    assert_eq!(closed, [true, false, true], "{books}");
    let shown = cekbrand.run(&["ledger"]);
    assert_eq!(shown.status.code(), Some(1));
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("DOES NOT CLOSE") && shown.contains("THE BOOKS DO NOT CLOSE"), "{shown}");
    write("UPDATE pipeline.consumer_offset SET duplicates = 1 WHERE landed = 4").await;
    let books: Value = serde_json::from_str(&cekbrand.ok(&["ledger", "--json"])).unwrap();
    assert_eq!(books["closed"], true, "{books}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_its_database_is_alive_and_not_ready() {
    let (listen, admin, away) = (free_port(), free_port(), free_port());
    let cekbrand = Cekbrand::new()
        .with("CEKBRAND__DATABASE__URL", format!("postgres://nobody@127.0.0.1:{away}/nothing"))
        .with("CEKBRAND__SERVE__LISTEN", format!("127.0.0.1:{listen}"))
        .with("CEKBRAND__ADMIN__LISTEN", format!("127.0.0.1:{admin}"));
    let mut serve = cekbrand.start("serve");
    let ask = async |path: &str| http().get(format!("http://127.0.0.1:{admin}{path}")).send().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while ask("/healthz").await.is_err() {
        assert!(serve.is_running() && Instant::now() < deadline, "{}", serve.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ask("/healthz").await.unwrap().status(), 200);
    let ready = ask("/readyz").await.unwrap();
    assert_eq!(ready.status(), 503);
    let said: Value = ready.json().await.unwrap();
    assert_eq!(said["reasons"][0], "serve: the database has not answered yet", "{said}");
    assert_eq!(serve.terminate(), Some(0), "{}", serve.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_may_run_twice_and_what_send_posts_is_in_kafka() {
    let servers = TestServers::shared().unwrap();
    let (cekbrand, _database) = on_database().await;
    let (listen, admin) = (free_port(), free_port());
    let cekbrand = cekbrand
        .with("CEKBRAND__KAFKA__BROKERS", servers.kafka_brokers())
        .with("CEKBRAND__KAFKA__TOPIC_PREFIX", servers.topic_prefix("cli"))
        .with("CEKBRAND__KAFKA__PARTITIONS", "2")
        .with("CEKBRAND__META__APP_SECRETS", "new=hush-hush")
        .with("CEKBRAND__META__VERIFY_TOKEN", "verify")
        .with("CEKBRAND__INGEST__LISTEN", format!("127.0.0.1:{listen}"))
        .with("CEKBRAND__ADMIN__LISTEN", format!("127.0.0.1:{admin}"));
    assert_eq!(cekbrand.ok(&["migrate"]).matches("is created").count(), 5);
    assert_eq!(cekbrand.ok(&["migrate"]).matches("is there\n").count(), 5);
    let mut ingest = cekbrand.start("ingest");
    wait_until_ready(admin, &mut ingest).await;
    let url = format!("http://127.0.0.1:{listen}/webhooks/instagram");
    let sent = cekbrand.ok(&["send", "--url", &url, "--events", "200", "--plain", "--json"]);
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!((&sent["sent"], &sent["accepted"]), (&200.into(), &200.into()), "{sent}");
    let metrics =
        http().get(format!("http://127.0.0.1:{admin}/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("cekbrand_ingest_"), "{metrics}");
    let ledger: Value = serde_json::from_str(&cekbrand.ok(&["ledger", "--json"])).unwrap();
    assert_eq!((&ledger["closed"], &ledger["landed"]), (&true.into(), &0.into()), "{ledger}");
    assert_eq!(ledger["lag"], 200, "what no worker has read is not counted: {ledger}");
    assert_eq!(ingest.terminate(), Some(0), "{}", ingest.log());
    let log = ingest.log();
    assert!(log.contains("meta.app_secrets=(secret)") && !log.contains("hush"), "{log}");
    let refused = cekbrand.run(&[
        "send",
        "--url",
        "http://127.0.0.1:1/nowhere",
        "--events",
        "1",
        "--give-up-after",
        "0",
    ]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("were not accepted"), "{}", stderr(&refused));
}

#[test]
fn sentiment_scores_lines_and_measures_itself() {
    let cekbrand = Cekbrand::new();
    let lines = cekbrand.ok_with_input(&["sentiment", "score"], "keren banget kak 😍\nkecewa bgt 😡\n");
    let labels: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["label"].clone()).collect();
    assert_eq!(labels, ["pos", "neg"]);
    let file = cekbrand.dir().join("labelled.tsv");
    std::fs::write(&file, "pos\tkeren banget kak 😍\nneg\tkecewa bgt 😡\n").unwrap();
    let measured = cekbrand.ok(&["sentiment", "eval", "labelled.tsv", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&measured).unwrap()["n"], 2);
    std::fs::write(&file, "no tab").unwrap();
    assert_eq!(cekbrand.run(&["sentiment", "eval", "labelled.tsv"]).status.code(), Some(1));
}

/// The line of the demo's output that starts like this.
pub(crate) fn place(demo: &Role, start: &str) -> Option<String> {
    demo.stdout().lines().find(|line| line.starts_with(start)).map(str::to_owned)
}

/// The command on a database of its own.
async fn on_database() -> (Cekbrand, TestDatabase) {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    (Cekbrand::new().with("CEKBRAND__DATABASE__URL", database.url()), database)
}

/// Asks `/readyz` until it says yes.
pub(crate) async fn wait_until_ready(admin: u16, role: &mut Role) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let url = format!("http://127.0.0.1:{admin}/readyz");
    loop {
        let answer = http().get(&url).send().await;
        if answer.is_ok_and(|answer| answer.status() == 200) {
            return;
        }
        assert!(role.is_running() && Instant::now() < deadline, "not ready: {}", role.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
