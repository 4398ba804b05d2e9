//! Each of the usual mistakes is made on purpose and named; where nothing is wrong, nothing is named. What is
//! given away to somebody who helps holds no secret.

use std::collections::BTreeSet;

use cekbrand_devkit::servers::TestServers;
use serde_json::Value;

use super::Bench;
use crate::cli::wait_until_ready;
use crate::command::{Cekbrand, Role, TOKEN_KEY, free_port, stderr};

const PARTITIONS: &str = "2";

/// An installation in which nothing is wrong: everything is up, one account is watched and subscribed.
struct Installation {
    bench: Bench,
    settings: Vec<(&'static str, String)>,
    _receiver: Role,
}

impl Installation {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let servers = TestServers::shared().unwrap();
        let (listen, admin) = (free_port(), free_port());
        let mut settings = bench.settings();
        settings.extend([
            ("KAFKA__BROKERS", servers.kafka_brokers().to_owned()),
            ("KAFKA__TOPIC_PREFIX", servers.topic_prefix("doctor")),
            ("KAFKA__PARTITIONS", PARTITIONS.to_owned()),
            ("INGEST__LISTEN", format!("127.0.0.1:{listen}")),
            ("INGEST__PUBLIC_URL", format!("http://127.0.0.1:{listen}")),
            ("ADMIN__LISTEN", format!("127.0.0.1:{admin}")),
        ]);
        let cekbrand = command(&settings, &[]);
        cekbrand.ok(&["migrate"]);
        let mut receiver = cekbrand.start("ingest");
        wait_until_ready(admin, &mut receiver).await;
        bench.watch(0);
        cekbrand.ok(&["subscribe"]);
        Self { bench, settings, _receiver: receiver }
    }

    fn account(&self) -> &cekbrand_devkit::world::Account {
        &self.bench.simulator.world().watched()[0]
    }

    /// The checks that find a mistake, with some settings changed.
    fn named(&self, changes: &[(&'static str, &str)]) -> BTreeSet<String> {
        let output = command(&self.settings, changes).run(&["doctor", "--json"]);
        let findings: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
        let wrong: Vec<&Value> =
            findings.as_array().unwrap().iter().filter(|finding| finding["verdict"] == "wrong").collect();
        assert_eq!(output.status.code(), Some(i32::from(!wrong.is_empty())), "{findings}");
        for finding in &wrong {
            let text = |name: &str| finding[name].as_str().unwrap_or_default();
            assert!(!text("what").is_empty() && !text("mend").is_empty(), "{finding}");
        }
        wrong.iter().map(|finding| finding["check"].as_str().unwrap().to_owned()).collect()
    }
}

fn command(settings: &[(&'static str, String)], changes: &[(&'static str, &str)]) -> Cekbrand {
    let of =
        |cekbrand: Cekbrand, (name, value): (&str, &str)| cekbrand.with(&format!("CEKBRAND__{name}"), value);
    let given = settings.iter().map(|(name, value)| (*name, value.as_str()));
    given.chain(changes.iter().copied()).fold(Cekbrand::new(), of)
}

fn set<const N: usize>(checks: [&str; N]) -> BTreeSet<String> {
    checks.map(str::to_owned).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_the_ten_mistakes_is_named_and_nothing_is_named_where_all_is_well() {
    let there = Installation::new().await;
    let (simulator, account) = (&there.bench.simulator, there.account());
    let away = format!("http://127.0.0.1:{}", free_port());
    assert_eq!(there.named(&[]), set([]));

    for (changes, expected) in [
        // 1: neither Meta nor the receiver knows it.
        (vec![("META__APP_SECRETS", "another")], set(["app_secret", "receiver_secret"])),
        (vec![("META__VERIFY_TOKEN", "another")], set(["verify_token"])),
        (vec![("KAFKA__TOPIC_PREFIX", "nowhere.")], set(["topic"])),
        (vec![("KAFKA__PARTITIONS", "3")], set(["topic"])),
        (
            vec![
                ("KAFKA__SECURITY_PROTOCOL", "sasl_plaintext"),
                ("KAFKA__SASL_MECHANISM", "PLAIN"),
                ("KAFKA__SASL_USERNAME", "cekbrand"),
                ("KAFKA__SASL_PASSWORD", "hush"),
            ],
            set(["kafka"]),
        ),
        (vec![("GRAPH__BASE_URL", away.as_str())], set(["graph"])),
        (vec![("DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing")], set(["database"])),
    ] {
        assert_eq!(there.named(&changes), expected, "{changes:?}");
    }
    let login = [
        ("KAFKA__SECURITY_PROTOCOL", "sasl_plaintext"),
        ("KAFKA__SASL_MECHANISM", "PLAIN"),
        ("KAFKA__SASL_USERNAME", "cekbrand"),
        ("KAFKA__SASL_PASSWORD", "hush"),
    ];
    let said = command(&there.settings, &login).run(&["doctor"]);
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(
        said.contains("does not let us in") && said.contains("__SASL_PASSWORD"),
        "taken for a broker that is away: {said}"
    );

    for subject in [simulator.app_id(), account.id.as_str()] {
        simulator.unsubscribe(subject);
        assert_eq!(there.named(&[]), set(["subscription"]), "{subject}");
        command(&there.settings, &[]).ok(&["subscribe"]);
    }
    simulator.set_permission(account, "instagram_manage_insights", false);
    assert_eq!(there.named(&[]), set(["permission"]));
    simulator.set_permission(account, "instagram_manage_insights", true);
    for minutes in [10, -10] {
        simulator.set_clock_offset(jiff::SignedDuration::from_mins(minutes));
        assert_eq!(there.named(&[]), set(["clock"]), "{minutes}");
    }
    simulator.set_clock_offset(jiff::SignedDuration::ZERO);
    simulator.kill_token(account, 463);
    assert_eq!(there.named(&[]), set(["token"]));
    let token = simulator.issue_token(account);
    let id = account.id.as_str();
    command(&there.settings, &[])
        .ok_with_input(&["account", "token", id], secrecy::ExposeSecret::expose_secret(&token));
    let last = "DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)";
    sqlx::query(last).execute(&there.bench.database.pool()).await.unwrap();
    assert_eq!(there.named(&[]), set(["migrations"]));
    let pending = command(&there.settings, &[]).run(&["migrate", "--dry-run"]);
    let said = String::from_utf8_lossy(&pending.stdout).into_owned();
    assert!(pending.status.code() == Some(1) && said.contains("would be applied"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_support_bundle_holds_what_helps_and_no_secret() {
    let there = Installation::new().await;
    let token = there.bench.token(0);
    let page = "EAAB-page-secret";
    let cekbrand = command(&there.settings, &[("KAFKA__SASL_PASSWORD", "kafka-hush")]);
    cekbrand.ok_with_input(&["account", "token", &there.bench.id(0), "--page"], page);
    // Secrets where nothing of ours would put them.
    let secret =
        there.bench.settings().iter().find(|(name, _)| *name == "META__APP_SECRETS").unwrap().1.clone();
    let secret = secret.strip_prefix("app=").unwrap().to_owned();
    let error = format!("refused {token} and {page} by {secret}, verify-me and kafka-hush");
    let pool = there.bench.database.pool();
    sqlx::query("UPDATE pipeline.enrichment_task SET last_error = $1")
        .bind(&error)
        .execute(&pool)
        .await
        .unwrap();
    let letter =
        "INSERT INTO pipeline.dead_letter (topic, partition, \"offset\", reason, error, payload, landed_at)
        VALUES ('t', 0, 0, 'data_error', $1, 'what people wrote', to_timestamp(0))";
    sqlx::query(letter).bind(&error).execute(&pool).await.unwrap();
    cekbrand.ok(&["support-bundle", "bundle.json"]);
    let path = cekbrand.dir().join("bundle.json");
    let text = std::fs::read_to_string(&path).unwrap();
    for secret in [token.as_str(), page, &secret, "verify-me", "kafka-hush", TOKEN_KEY, "what people wrote"] {
        assert!(!text.contains(secret), "{secret} is in the bundle");
    }
    let bundle: Value = serde_json::from_str(&text).unwrap();
    assert!(
        bundle["database"]["read_errors"][0]["error"].as_str().unwrap().contains("[redacted]"),
        "{bundle}"
    );
    assert_eq!(bundle["database"]["accounts"][0]["id"], there.bench.id(0).as_str());
    assert!(bundle["metrics"]["admin.listen"].as_str().unwrap().contains("cekbrand_ingest_"), "{bundle}");
    for part in ["version", "configuration", "doctor"] {
        assert!(!bundle[part].is_null(), "{part}");
    }
    for part in ["server", "lag", "ledger", "quota", "alerts", "dead_letters", "tables"] {
        assert!(
            !bundle["database"][part].is_null() && bundle["database"][part]["error"].is_null(),
            "{part}: {bundle}"
        );
    }
    assert_eq!(cekbrand.run(&["support-bundle", "bundle.json"]).status.code(), Some(1), "it was overwritten");
}

#[test]
fn the_configuration_is_checked_without_starting_and_shown_with_its_origins() {
    let incomplete = Cekbrand::new().run(&["config", "check"]);
    let said = stderr(&incomplete);
    assert_eq!(incomplete.status.code(), Some(2), "{said}");
    for variable in ["META__APP_SECRETS", "META__VERIFY_TOKEN", "DATABASE__URL", "META__APP_ID", "TOKEN_KEY"]
    {
        assert!(said.contains(variable), "{variable}: {said}");
    }
    let cekbrand = Cekbrand::new()
        .with("CEKBRAND__META__APP_SECRETS", "hush-hush")
        .with("CEKBRAND__META__VERIFY_TOKEN", "verify-me");
    assert!(cekbrand.ok(&["config", "check", "--role", "ingest"]).contains("valid for ingest"));
    std::fs::write(cekbrand.dir().join("cekbrand.toml"), "[graph]\nversion = \"v26.0\"\n").unwrap();
    let shown: Value = serde_json::from_str(&cekbrand.ok(&["config", "show", "--json"])).unwrap();
    let of = |name: &str| shown.as_array().unwrap().iter().find(|each| each["name"] == name).unwrap().clone();
    assert_eq!(of("graph.version")["origin"], "graph.version in cekbrand.toml");
    assert_eq!(of("meta.app_secrets")["value"], "(secret)");
    assert_eq!(of("meta.app_secrets")["origin"], "CEKBRAND__META__APP_SECRETS");
    let text = cekbrand.ok(&["config", "show"]);
    assert!(text.contains("the default") && !text.contains("hush") && !text.contains("verify-me"), "{text}");
}
