//! A start that fails ends with one sentence and exit code 1; a topic that was lost is named when it is made
//! again.

use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::{Lane, Topics};

use crate::command::{Cekbrand, TOKEN_KEY, free_port, stderr};

/// What every role needs; no server is asked before a role listens.
fn configured() -> Cekbrand {
    Cekbrand::new()
        .with("CEKBRAND__DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing")
        .with("CEKBRAND__KAFKA__BROKERS", "127.0.0.1:1")
        .with("CEKBRAND__META__APP_ID", "1")
        .with("CEKBRAND__META__APP_SECRETS", "hush")
        .with("CEKBRAND__META__VERIFY_TOKEN", "verify")
        .with("CEKBRAND__TOKEN_KEY", TOKEN_KEY)
        .with("CEKBRAND__INGEST__LISTEN", format!("127.0.0.1:{}", free_port()))
        .with("CEKBRAND__SERVE__LISTEN", format!("127.0.0.1:{}", free_port()))
}

/// The role's last line on stderr, after its logs.
fn last_words(cekbrand: &Cekbrand, role: &str) -> String {
    let output = cekbrand.run(&[role]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{role}: {said}");
    assert!(!said.contains("panicked") && !said.contains("backtrace"), "{role}: {said}");
    said.lines().last().unwrap().to_owned()
}

#[test]
fn a_port_that_is_taken_is_named_with_its_holder() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let address = format!("127.0.0.1:{port}");
    let own = std::process::id().to_string();
    for role in ["ingest", "work", "serve"] {
        let said = last_words(&configured().with("CEKBRAND__ADMIN__LISTEN", &address), role);
        assert!(said.contains(&port) && said.contains("CEKBRAND__ADMIN__LISTEN"), "{role}: {said}");
        assert!(!cfg!(target_os = "linux") || said.contains(&own), "{role}: {said}");
    }
    for (role, setting) in [("ingest", "CEKBRAND__INGEST__LISTEN"), ("serve", "CEKBRAND__SERVE__LISTEN")] {
        let admin = format!("127.0.0.1:{}", free_port());
        let cekbrand = configured().with("CEKBRAND__ADMIN__LISTEN", admin).with(setting, &address);
        let said = last_words(&cekbrand, role);
        assert!(said.contains(&port) && said.contains(setting), "{role}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_warns_where_it_makes_a_topic_that_the_books_know() {
    let servers = TestServers::shared().unwrap();
    let database = servers.database().await.unwrap();
    let prefix = servers.topic_prefix("lost");
    let topic = Topics::with_prefix(&prefix).topic(Lane::Comments).to_owned();
    sqlx::query(
        r#"INSERT INTO pipeline.consumer_offset ("group", topic, partition, start, next, epoch, landed, updated_at)
           VALUES ('g', $1, 0, 0, 7, 1, 7, 'epoch')"#,
    )
    .bind(&topic)
    .execute(&database.pool())
    .await
    .unwrap();
    let cekbrand = Cekbrand::new()
        .with("CEKBRAND__DATABASE__URL", database.url())
        .with("CEKBRAND__KAFKA__BROKERS", servers.kafka_brokers())
        .with("CEKBRAND__KAFKA__TOPIC_PREFIX", prefix)
        .with("CEKBRAND__KAFKA__PARTITIONS", "1");
    let output = cekbrand.run(&["migrate"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("the books know").count(), 1, "{said}");
    assert!(said.contains(&topic), "{said}");
    let again = cekbrand.run(&["migrate"]);
    assert!(!stderr(&again).contains("the books know"), "{}", stderr(&again));
    let plan = String::from_utf8(again.stdout).unwrap();
    assert_eq!(plan.matches("is there\n").count(), 5, "made as planned, arrival's time included: {plan}");
}
