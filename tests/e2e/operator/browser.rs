//! A real browser goes from an empty database to the first rows: Meta's dialog, the accounts to choose from, and
//! the first reads, which workers do meanwhile.

#[path = "../../../insights/tests/browser/parts.rs"]
mod parts;

use std::process::Command as Process;
use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::TestServers;
use cekbrand_devkit::simulator::{Simulator, SimulatorConfig};
use cekbrand_schema::SystemClock;
use secrecy::ExposeSecret;

use crate::bench::eventually;
use crate::command::{Cekbrand, Role, TOKEN_KEY, free_port};

fn role(command: &Cekbrand, arguments: &[&str]) -> Role {
    command.start_with(arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_leads_from_an_empty_database_to_the_first_rows() {
    let parts = tokio::task::spawn_blocking(parts::obtain).await.unwrap().unwrap();
    let servers = TestServers::shared().unwrap();
    let database = servers.empty_database().await.unwrap();
    let _already = rustls::crypto::ring::default_provider().install_default();
    let config = SimulatorConfig { require_proof: true, ..SimulatorConfig::default() };
    let simulator = Simulator::start(5, config, Arc::new(SystemClock)).await.unwrap();
    let (there, prefix) = (simulator.base_url().to_owned(), servers.topic_prefix("connect"));
    let command = || {
        let command = Cekbrand::new()
            .with("CEKBRAND__DATABASE__URL", database.url())
            .with("CEKBRAND__KAFKA__BROKERS", servers.kafka_brokers())
            .with("CEKBRAND__KAFKA__TOPIC_PREFIX", &prefix)
            .with("CEKBRAND__KAFKA__PARTITIONS", 1)
            .with("CEKBRAND__META__APP_ID", simulator.app_id())
            .with("CEKBRAND__META__APP_SECRETS", format!("app={}", simulator.app_secret().expose_secret()))
            .with("CEKBRAND__TOKEN_KEY", TOKEN_KEY)
            .with("CEKBRAND__ADMIN__LISTEN", "127.0.0.1:0")
            .with("CEKBRAND__GRAPH__INSTAGRAM_BASE_URL", simulator.instagram_base_url());
        let places = ["BASE_URL", "DIALOG_URL", "INSTAGRAM_DIALOG_URL", "INSTAGRAM_LOGIN_URL"];
        places.iter().fold(command, |command, name| command.with(&format!("CEKBRAND__GRAPH__{name}"), &there))
    };
    let (connect, work) = (command(), command());
    connect.ok(&["migrate"]);
    let _worker = role(&work, &["work", "--only", "enrich,schedule"]);
    let place = format!("127.0.0.1:{}", free_port());
    let base = format!("http://{place}");
    let mut connecting = role(&connect, &["connect", "--listen", &place, "--public-url", &base]);
    eventually(Duration::from_secs(30), || {
        let listens = connecting.stdout().contains(&base);
        std::future::ready(if listens { Ok(()) } else { Err(connecting.log()) })
    })
    .await;

    let account = &simulator.world().watched()[0];
    let mut browse = Process::new(parts.node);
    browse
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/operator/browser.mjs"))
        .env("BASE", &base)
        .env("ACCOUNT", account.id.as_str())
        .env("CHROMIUM", parts.chromium)
        .env("MODULES", &parts.modules)
        .env("PICTURES", parts.pictures);
    let done = tokio::task::spawn_blocking(move || browse.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));

    let pool = database.pool();
    let name: String = sqlx::query_scalar(r#"SELECT username FROM instagram."user" WHERE id = $1"#)
        .bind(account.id.as_str())
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(name, account.username);
    let media: i64 = sqlx::query_scalar("SELECT count(*) FROM instagram.media WHERE user_id = $1")
        .bind(account.id.as_str())
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(media > 10, "{media}");
    let watched: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pipeline.account").fetch_one(&pool).await.unwrap();
    assert_eq!(watched, 1, "what was not chosen is not watched");
    // It ends by itself once that was shown.
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while connecting.is_running() {
        assert!(std::time::Instant::now() < deadline, "it does not end: {}", connecting.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(connecting.stdout().contains("the first reads are done"), "{}", connecting.stdout());
}
