//! The command's small manners: a manual, a version that names the build, no colour where none is wanted.

use crate::command::{Cekbrand, stderr};

#[test]
fn each_subcommand_has_a_page_of_the_manual() {
    let cekbrand = Cekbrand::new();
    cekbrand.ok(&["man", "pages"]);
    let mut pages: Vec<String> = std::fs::read_dir(cekbrand.dir().join("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    for name in [
        "cekbrand.1",
        "cekbrand-account.1",
        "cekbrand-account-competitor-add.1",
        "cekbrand-doctor.1",
        "cekbrand-subscribe.1",
    ] {
        assert!(pages.iter().any(|page| page == name), "{name}: {pages:?}");
    }
    let page = std::fs::read_to_string(cekbrand.dir().join("pages/cekbrand-doctor.1")).unwrap();
    assert!(page.contains(".TH cekbrand-doctor") && page.contains("Example:"), "{page}");
}

#[test]
fn the_version_names_the_build() {
    let said = Cekbrand::new().ok(&["--version"]);
    let (version, build) = said.trim().strip_prefix("cekbrand ").unwrap().split_once(" (").unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert!(build.len() > 1 && build.ends_with(')'), "{said}");
}

#[test]
fn nothing_is_coloured_where_no_colour_is_wanted() {
    let cekbrand = Cekbrand::new()
        .with("NO_COLOR", "1")
        .with("CEKBRAND__LOG__FORMAT", "text")
        .with("CEKBRAND__META__APP_SECRETS", "hush-hush")
        .with("CEKBRAND__META__VERIFY_TOKEN", "verify-me")
        .with("CEKBRAND__ADMIN__LISTEN", "203.0.113.1:1");
    for said in [
        stderr(&cekbrand.run(&["ingest"])),
        cekbrand.ok(&["--help"]),
        stderr(&cekbrand.run(&["no-such-thing"])),
    ] {
        assert!(!said.is_empty() && !said.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn sizing_says_what_binds() {
    let text = Cekbrand::new().ok(&["sizing", "--accounts", "1000"]);
    assert!(text.contains("what binds: nothing"), "{text}");
    let json = Cekbrand::new().ok(&["sizing", "--accounts", "100000", "--impressions", "0", "--json"]);
    let sizing: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(sizing["binds"].as_str().unwrap().starts_with("Meta's quota"), "{sizing}");
    assert!(sizing["workers"].as_f64().unwrap() >= 2.0);
}

#[test]
fn a_receiver_says_where_too_few_files_may_be_open() {
    let settings =
        "CEKBRAND__META__APP_SECRETS=a CEKBRAND__META__VERIFY_TOKEN=b CEKBRAND__ADMIN__LISTEN=203.0.113.1:1";
    let warned = |limit: u32| {
        let script = format!("ulimit -n {limit}; {settings} exec {} ingest", env!("CARGO_BIN_EXE_cekbrand"));
        let output =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(std::env::temp_dir()).output();
        stderr(&output.unwrap()).contains("LimitNOFILE")
    };
    // 1024 requests at once are the default.
    assert!(warned(200));
    assert!(!warned(4096));
}

/// Whoever else migrates holds a lock until it is done: it is waited for, and nothing is done twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_cannot_have_its_lock_asks_again() {
    let database = cekbrand_devkit::servers::TestServers::shared().unwrap().empty_database().await.unwrap();
    let pool = database.pool();
    let mut other = pool.acquire().await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut *other).await.unwrap();
    // The lock of sqlx's migrations, held as another `migrate` would.
    sqlx::migrate::Migrate::lock(&mut *other).await.unwrap();
    let cekbrand = Cekbrand::new().with("CEKBRAND__DATABASE__URL", database.url());
    let mut migrate = cekbrand.start_with(&["migrate", "--no-topics"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while !migrate.log().contains("trying again") {
        assert!(migrate.is_running() && std::time::Instant::now() < deadline, "{name}: {}", migrate.log());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    sqlx::migrate::Migrate::unlock(&mut *other).await.unwrap();
    while migrate.is_running() {
        assert!(std::time::Instant::now() < deadline, "{}", migrate.log());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(migrate.stdout().contains("up to date"), "{}", migrate.log());
    assert_eq!(cekbrand.run(&["migrate", "--dry-run", "--no-topics"]).status.code(), Some(0));
}

/// Whoever writes to a table that a migration needs is not held up behind it: it waits for its lock for a
/// moment, lets them go on, and asks again.
#[tokio::test(flavor = "multi_thread")]
async fn writers_go_on_while_a_migration_waits_for_a_table() {
    let servers = cekbrand_devkit::servers::TestServers::shared().unwrap();
    let database = servers.database().await.unwrap();
    let pool = database.pool();
    let undone = "
        DROP TABLE pipeline.trace;
        ALTER TABLE pipeline.dead_letter DROP COLUMN traceparent;
        DELETE FROM _sqlx_migrations WHERE version = 26";
    sqlx::raw_sql(undone).execute(&pool).await.unwrap();
    let mut reader = pool.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE pipeline.dead_letter IN ACCESS SHARE MODE")
        .execute(&mut *reader)
        .await
        .unwrap();
    let cekbrand = Cekbrand::new().with("CEKBRAND__DATABASE__URL", database.url());
    let mut migrate = cekbrand.start_with(&["migrate", "--no-topics"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let write = r#"INSERT INTO pipeline.dead_letter (topic, partition, "offset", reason, error, payload, landed_at)
                   VALUES ('t', 0, $1, 'r', 'e', 'x', 'epoch')"#;
    let mut longest = std::time::Duration::ZERO;
    for number in 0i64.. {
        let began = std::time::Instant::now();
        sqlx::query(write).bind(number).execute(&pool).await.unwrap();
        longest = longest.max(began.elapsed());
        if migrate.log().matches("trying again").count() == 2 {
            break;
        }
        assert!(migrate.is_running() && std::time::Instant::now() < deadline, "{}", migrate.log());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    // Behind a lock that is asked for, for its five seconds at most.
    assert!(longest < std::time::Duration::from_secs(8), "a writer waited for {longest:?}");
    reader.commit().await.unwrap();
    while migrate.is_running() {
        assert!(std::time::Instant::now() < deadline, "{}", migrate.log());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(migrate.stdout().contains("up to date"), "{}", migrate.log());
}

/// What `migrate` would do is said, and not done: tables and topics.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let servers = cekbrand_devkit::servers::TestServers::shared().unwrap();
    let database = servers.empty_database().await.unwrap();
    let cekbrand = Cekbrand::new()
        .with("CEKBRAND__DATABASE__URL", database.url())
        .with("CEKBRAND__KAFKA__BROKERS", servers.kafka_brokers())
        .with("CEKBRAND__KAFKA__TOPIC_PREFIX", servers.topic_prefix("dry"))
        .with("CEKBRAND__KAFKA__PARTITIONS", 2);
    for _ in 0..2 {
        let dry = cekbrand.run(&["migrate", "--dry-run"]);
        let said = String::from_utf8_lossy(&dry.stdout).into_owned();
        assert_eq!(dry.status.code(), Some(1), "{said}");
        assert!(said.contains("would be applied: 0001 pipeline"), "{said}");
        assert_eq!(said.matches("would be created: dry").count(), 5, "{said}");
    }
    let schemas: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_namespace WHERE nspname = 'pipeline'")
        .fetch_one(&database.pool())
        .await
        .unwrap();
    assert_eq!(schemas, 0);
    cekbrand.ok(&["migrate"]);
    let dry = cekbrand.run(&["migrate", "--dry-run"]);
    let said = String::from_utf8_lossy(&dry.stdout).into_owned();
    assert!(dry.status.success() && !said.contains("would be"), "{said}");
    let other = cekbrand.with("CEKBRAND__KAFKA__PARTITIONS", 3).run(&["migrate", "--dry-run"]);
    let said = String::from_utf8_lossy(&other.stdout).into_owned();
    assert!(said.contains("would be left as it is") && said.contains("has 2 partitions, not 3"), "{said}");
}

/// What deploy/ starts must be what the command has: roles, settings, and a configuration that can be
/// checked.
#[test]
fn the_units_and_manifests_name_roles_and_settings_that_there_are() {
    let manifests = include_str!("../../../deploy/kubernetes.yaml");
    let known = Cekbrand::new().ok(&["init", "--stdout"]);
    let named = manifests.split("CEKBRAND__").skip(1);
    let named = named.map(|rest| rest.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).next().unwrap());
    for name in named {
        assert!(known.contains(&format!("[CEKBRAND__{name}]")), "{name} is no setting");
    }
    let roles = manifests.split("args: [").skip(1).map(|rest| rest.split(']').next().unwrap());
    let roles: Vec<&str> = roles.collect();
    assert_eq!(roles, ["migrate", "ingest", "work", "serve"]);
    for (role, unit) in [
        ("ingest", include_str!("../../../deploy/systemd/cekbrand-ingest.service")),
        ("work", include_str!("../../../deploy/systemd/cekbrand-work.service")),
        ("serve", include_str!("../../../deploy/systemd/cekbrand-serve.service")),
    ] {
        assert!(unit.contains(&format!("cekbrand.toml {role}\n")), "{unit}");
        let check =
            unit.lines().find_map(|line| line.strip_prefix("ExecStartPre=/usr/local/bin/cekbrand ")).unwrap();
        let arguments: Vec<&str> = check.split(' ').skip(2).collect();
        let output = Cekbrand::new().run(&arguments);
        assert!(stderr(&output).contains("is not set"), "it is no check: {check}: {}", stderr(&output));
    }
}
