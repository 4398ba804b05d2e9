//! The command as an operator meets it: help, exit codes, and each subcommand on real servers.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use serde_json::Value;

use crate::command::{Cekbrand, Role, TOKEN_KEY, free_port, http, stderr};

const ACCOUNT: &str = "17841400000000041";

/// What the help lists under "Commands", with what lies below each: every path that can be asked for help.
fn subcommands(cekbrand: &Cekbrand, path: &[String]) -> Vec<Vec<String>> {
    let help = help(cekbrand, path);
    let listed = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
    let names = listed.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        // Longer descriptions go on in lines that are indented further.
        line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split_whitespace().next()
    });
    let mut paths = vec![path.to_vec()];
    for name in names.filter(|name| *name != "help") {
        paths.extend(subcommands(cekbrand, &[path, &[name.to_owned()]].concat()));
    }
    paths
}

fn help(cekbrand: &Cekbrand, path: &[String]) -> String {
    let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
    arguments.push("--help");
    cekbrand.ok(&arguments)
}

/// The command on a database of its own.
async fn on_database() -> (Cekbrand, TestDatabase) {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    (Cekbrand::new().with("CEKBRAND__DATABASE__URL", database.url()), database)
}

#[test]
fn each_help_has_an_example() {
    let cekbrand = Cekbrand::new();
    let paths = subcommands(&cekbrand, &[]);
    assert!(paths.contains(&vec!["account".to_owned(), "token".to_owned()]), "{paths:?}");
    for path in paths {
        let help = help(&cekbrand, &path);
        let has_example = help.contains("Example:\n") || path.is_empty() && help.contains("Start with:");
        assert!(has_example, "{path:?}: {help}");
        assert!(!help.contains("TODO"), "{help}");
    }
}

#[test]
fn completions_know_every_subcommand() {
    let cekbrand = Cekbrand::new();
    let script = cekbrand.ok(&["completions", "bash"]);
    for name in subcommands(&cekbrand, &[]).iter().filter_map(|path| path.last()) {
        assert!(script.contains(name.as_str()), "{name}");
    }
}

#[test]
fn wrong_usage_and_wrong_configuration_end_with_2() {
    let cekbrand = Cekbrand::new();
    assert_eq!(cekbrand.run(&["no-such-thing"]).status.code(), Some(2));
    assert_eq!(cekbrand.run(&["account", "add", "not-a-number"]).status.code(), Some(2));
    let incomplete = cekbrand.run(&["ingest"]);
    assert_eq!(incomplete.status.code(), Some(2));
    let said = stderr(&incomplete);
    assert!(said.contains("CEKBRAND__META__APP_SECRETS is not set"), "{said}");
    assert!(said.contains("CEKBRAND__META__VERIFY_TOKEN is not set"), "{said}");
    let misspelt = Cekbrand::new().with("CEKBRAND__DATABASE__ULR", "x").run(&["ledger"]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(stderr(&misspelt).contains("did you mean CEKBRAND__DATABASE__URL?"), "{}", stderr(&misspelt));
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuild_refuses_what_it_cannot_mean_and_computes_what_it_is_asked_for() {
    let (cekbrand, database) = on_database().await;
    for (arguments, expected) in [
        (["rebuild", "--account", ACCOUNT].as_slice(), "account 17841400000000041 is not known here"),
        (
            &["rebuild", "--from", "2026-06-02", "--to", "2026-06-01"],
            "--from 2026-06-02 lies after --to 2026-06-01",
        ),
        (&["rebuild", "--from", "2026-02-30"], "--from"),
    ] {
        let refused = cekbrand.run(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(expected), "{arguments:?}: {}", stderr(&refused));
    }
    cekbrand.ok(&["account", "add", ACCOUNT]);
    let rows = "INSERT INTO instagram.user_data (user_id, datestamp, followers_count, updated_timestamp)
        VALUES ($1, '2026-06-01', 100, 'epoch'), ($1, '2026-06-08', 150, 'epoch')";
    sqlx::query(rows).bind(ACCOUNT).execute(&database.pool()).await.unwrap();
    let said = cekbrand.ok(&["rebuild", "--account", ACCOUNT, "--from", "2026-06-01", "--to", "2026-06-08"]);
    assert!(said.starts_with("1 accounts, 8 days: "), "{said}");
    let growth = "SELECT growth FROM toba_cek_insta.user_insight_follower_growth
        WHERE user_id = $1 AND timeframe = 7 AND date_stamp = '2026-06-08'";
    let growth: f64 = sqlx::query_scalar(growth).bind(ACCOUNT).fetch_one(&database.pool()).await.unwrap();
    assert!((growth - 0.5).abs() < 1e-9, "{growth}");
    let again = cekbrand.ok(&["rebuild"]);
    assert!(again.contains(": 0 rows were not as they should be, 0 comments had no score"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_file_that_is_named_must_be_readable() {
    // All that the command needs is in the environment: only the file is at fault.
    let (cekbrand, _database) = on_database().await;
    cekbrand.ok(&["key", "list"]);
    std::fs::create_dir(cekbrand.dir().join("folder")).unwrap();
    for file in ["nowhere.toml", "folder"] {
        let refused = cekbrand.run(&["--config", file, "key", "list"]);
        let said = stderr(&refused);
        assert_eq!(refused.status.code(), Some(2), "{file}: {said}");
        assert!(said.contains(&format!("{file} cannot be read")), "{said}");
    }
}

#[test]
fn a_database_that_is_away_ends_with_1_and_says_where_it_was_looked_for() {
    let url = format!("postgres://nobody:hush@127.0.0.1:{}/nothing", free_port());
    let output = Cekbrand::new().with("DATABASE_URL", url).run(&["ledger"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains("PostgreSQL at 127.0.0.1:") && said.contains("CEKBRAND__DATABASE__URL"), "{said}");
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn init_writes_a_file_that_the_command_accepts_and_leaves_alone() {
    let cekbrand = Cekbrand::new();
    cekbrand.ok(&["init"]);
    let path = cekbrand.dir().join("cekbrand.toml");
    let written = std::fs::read_to_string(&path).unwrap();
    let again = cekbrand.run(&["init"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("exists"), "{}", stderr(&again));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    // Nothing in it is wrong; only what a person must fill in is lacking.
    let ledger = cekbrand.run(&["ledger"]);
    assert!(stderr(&ledger).contains("not valid: CEKBRAND__DATABASE__URL is not set"), "{}", stderr(&ledger));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

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

#[test]
fn a_demo_that_ends_by_itself_says_what_came_of_it() {
    let demo = Cekbrand::new().ok(&["demo", "--once", "--events", "600", "--seed", "7", "--json"]);
    let summary: Value = serde_json::from_str(demo.lines().last().unwrap()).unwrap();
    let count = |name: &str| summary[name].as_u64().unwrap_or_else(|| panic!("{name}: {summary}"));
    assert_eq!(summary["ledger_closed"], true, "{summary}");
    assert_eq!((count("sent"), count("accepted"), count("expired")), (600, 600, 0), "{summary}");
    assert_eq!(count("landed") + count("duplicates") + count("dead_lettered"), 600, "{summary}");
    assert!(count("duplicates") > 0 && count("graph_calls") > 0 && count("tasks_done") > 0, "{summary}");
    assert_eq!((count("tasks_open"), count("dirty_marks")), (0, 0), "{summary}");
    assert!(!summary["top_media"].as_array().unwrap().is_empty(), "{summary}");
}

#[test]
fn a_demo_uses_the_broker_that_is_configured() {
    let servers = TestServers::shared().unwrap();
    let cekbrand = Cekbrand::new()
        .with("CEKBRAND__KAFKA__BROKERS", servers.kafka_brokers())
        .with("CEKBRAND__KAFKA__PARTITIONS", "2");
    let demo = cekbrand.ok(&["demo", "--once", "--events", "200", "--json"]);
    let summary: Value = serde_json::from_str(demo.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&summary["kafka"], &summary["ledger_closed"]),
        (&"configured".into(), &true.into()),
        "{summary}"
    );
}

#[test]
fn a_demo_stays_up_until_it_is_interrupted() {
    let cekbrand = ["INGEST", "SERVE", "ADMIN"].into_iter().fold(Cekbrand::new(), |cekbrand, role| {
        cekbrand.with(&format!("CEKBRAND__{role}__LISTEN"), "127.0.0.1:0")
    });
    let mut demo = cekbrand.start_with(&["demo", "--events", "50"]);
    let deadline = Instant::now() + Duration::from_mins(2);
    while place(&demo, "Graph API").is_none() {
        assert!(demo.is_running() && Instant::now() < deadline, "{} {}", demo.stdout(), demo.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    for (start, expected) in
        [("pipeline", "\"lanes\""), ("a medium", "\"success\""), ("metrics", "cekbrand_ingest")]
    {
        let command = place(&demo, start).unwrap();
        let (_, curl) = command.split_once("curl").unwrap();
        let output =
            std::process::Command::new("sh").args(["-c", &format!("curl --silent --fail {curl}")]).output();
        let answer = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        assert!(answer.contains(expected), "{command}: {answer}");
    }
    assert_eq!(demo.interrupt(), Some(0), "{}", demo.log());
}

/// The line of the demo's output that starts like this.
fn place(demo: &Role, start: &str) -> Option<String> {
    demo.stdout().lines().find(|line| line.starts_with(start)).map(str::to_owned)
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

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_asks_for_everything_and_goes_on_after_an_interrupt() {
    let (cekbrand, database) = on_database().await;
    let unknown = cekbrand.run(&["sync", ACCOUNT]);
    assert_eq!(unknown.status.code(), Some(2));
    let said = stderr(&unknown);
    assert!(said.contains("is not watched") && said.trim().lines().count() == 1, "{said}");

    cekbrand.ok(&["account", "add", ACCOUNT]);
    let mut sync = cekbrand.start_with(&["sync", ACCOUNT, "--json"]);
    let started = "SELECT started_at::text FROM pipeline.sync_run WHERE finished_at IS NULL";
    let deadline = Instant::now() + Duration::from_secs(30);
    let first = loop {
        let run: Option<String> = sqlx::query_scalar(started).fetch_optional(&database.pool()).await.unwrap();
        if let Some(run) = run {
            break run;
        }
        assert!(sync.is_running() && Instant::now() < deadline, "{}", sync.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(sync.interrupt(), Some(1));
    assert!(sync.log().contains("the reads go on"), "{}", sync.log());
    let open = "SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'waiting'";
    let wanted: i64 = sqlx::query_scalar(open).fetch_one(&database.pool()).await.unwrap();
    assert!(wanted >= 5, "profile, stories, media, live videos and tags at least: {wanted}");

    // A worker does all of it while nobody looks; one read may not be done.
    let work = "
        UPDATE pipeline.enrichment_task SET state = 'done', finished_at = clock_timestamp()
        WHERE kind <> 'user_tags'";
    sqlx::query(work).execute(&database.pool()).await.unwrap();
    let refuse = "
        UPDATE pipeline.enrichment_task
        SET state = 'parked', reason = 'permission', parked_until = due_at + interval '1 day'
        WHERE kind = 'user_tags'";
    sqlx::query(refuse).execute(&database.pool()).await.unwrap();
    let again = sqlx::query_scalar::<_, String>(started).fetch_one(&database.pool()).await.unwrap();
    assert_eq!(again, first, "it goes on with what was begun");
    let said = cekbrand.ok(&["sync", ACCOUNT, "--json"]);
    let result: Value = serde_json::from_str(said.trim().lines().last().unwrap()).unwrap();
    assert_eq!(result["is_finished"], true);
    assert_eq!(
        (result["done"].as_i64(), result["of"].as_i64()),
        (Some(wanted - 1), Some(wanted - 1)),
        "{result}"
    );
    assert_eq!(result["aside"]["permission"], 1, "{result}");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pipeline.sync_run WHERE finished_at IS NULL")
        .fetch_one(&database.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}
