//! compose.yaml and its image, read as data: no container engine is asked to bring it up.

use std::collections::{BTreeMap, BTreeSet};

use cekbrand_devkit::servers::TestServers;
use serde_json::Value;

use crate::command::{Cekbrand, TOKEN_KEY, stderr};

const COMPOSE: &str = include_str!("../../compose.yaml");
const DOCKERFILE: &str = include_str!("../../deploy/Dockerfile");
const MANIFEST: &str = include_str!("../../Cargo.toml");
const ROLES: [&str; 3] = ["ingest", "work", "serve"];
/// Programs of others.
const STRANGERS: [&str; 4] = ["kafka", "postgres", "prometheus", "grafana"];
/// The service that runs every other subcommand.
const COMMAND: &str = "cekbrand";

fn services() -> BTreeMap<String, Value> {
    let compose: Value = serde_saphyr::from_str(COMPOSE).unwrap();
    serde_json::from_value(compose["services"].clone()).unwrap()
}

/// Whether a service is our own program with its configuration.
fn is_configured(name: &str) -> bool {
    ROLES.contains(&name) || [COMMAND, "migrate"].contains(&name)
}

fn environment(service: &Value) -> BTreeMap<String, String> {
    let variables = service["environment"].as_object().cloned().unwrap_or_default();
    variables.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect()
}

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What the engine asks of `.env`: each variable with what stands in for it.
pub(crate) fn asked() -> BTreeMap<String, String> {
    let variables =
        COMPOSE.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split("${").skip(1));
    variables
        .map(|rest| {
            let (name, default) = rest.split_once('}').unwrap().0.split_once(":-").expect(rest);
            (name.to_owned(), default.to_owned())
        })
        .collect()
}

/// Every variable that `cekbrand init` knows.
fn settings() -> Vec<String> {
    let file = Cekbrand::new().ok(&["init", "--stdout"]);
    let variable = |line: &str| Some(line.strip_suffix(']')?.rsplit_once('[')?.1.to_owned());
    file.lines().filter_map(variable).filter(|name| name.starts_with("CEKBRAND__")).collect()
}

#[test]
fn every_variable_in_it_is_a_setting() {
    let settings = settings();
    assert!(settings.len() > 30, "{settings:?}");
    let mut seen = 0;
    for (name, service) in services() {
        for variable in environment(&service).into_keys().filter(|name| name.starts_with("CEKBRAND__")) {
            let setting = variable.strip_suffix("_FILE").unwrap_or(&variable).to_owned();
            assert!(settings.contains(&setting), "{name}: {variable}");
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} variables");
}

/// The configuration is checked before anything is started, so with a database that is away only that may
/// fail.
#[test]
fn the_configuration_of_each_service_is_accepted() {
    for (name, service) in services().into_iter().filter(|(name, _)| is_configured(name)) {
        let given = environment(&service).into_iter();
        let cekbrand =
            given.fold(Cekbrand::new(), |cekbrand, (name, value)| cekbrand.with(&name, filled(&value)));
        let cekbrand = cekbrand.with("CEKBRAND__DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing");
        let output = cekbrand.run(&["ledger"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains("does not answer"), "{name}: {said}");
    }
}

/// What the engine would put in for `${NAME:-default}` where `.env` gives what only it can know.
fn filled(value: &str) -> String {
    let Some(inside) = value.strip_prefix("${").and_then(|value| value.strip_suffix('}')) else {
        return value.to_owned();
    };
    match inside.split_once(":-") {
        Some(("CEKBRAND_TOKEN_KEY", _)) => TOKEN_KEY.to_owned(),
        Some(("CEKBRAND_SMTP_FROM", _)) => "CekBrand <alerts@example.com>".to_owned(),
        Some(("CEKBRAND_SMTP_PORT", _)) => "587".to_owned(),
        Some((_, "")) => "given".to_owned(),
        Some((_, default)) => default.to_owned(),
        None => panic!("{value} makes every command of compose fail where .env lacks it"),
    }
}

#[tokio::test]
async fn the_password_may_hold_any_sign() {
    const PASSWORD: &str = "a/b?c#d@e:f%41&g'h";
    let servers = TestServers::shared().unwrap();
    let database = servers.empty_database().await.unwrap();
    let pool = database.pool();
    let role = format!("compose_{:08x}", rand::random::<u32>());
    let quoted = PASSWORD.replace('\'', "''");
    let made = format!("CREATE ROLE {role} LOGIN PASSWORD '{quoted}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(made)).execute(&pool).await.unwrap();
    let given = environment(&services()["migrate"]);
    assert_eq!(given["PGPASSWORD"], "${POSTGRES_PASSWORD:-}");
    let there = database.url();
    let (_, there) = there.rsplit_once('@').unwrap();
    // The URL of the file, but for who and where.
    let url =
        given["CEKBRAND__DATABASE__URL"].replace("cekbrand@postgres/cekbrand", &format!("{role}@{there}"));
    assert!(url.starts_with(&format!("postgres://{role}@127.")), "{url}");
    for (password, answer) in [(PASSWORD, "relation"), ("another", "password authentication failed")] {
        let cekbrand = Cekbrand::new().with("CEKBRAND__DATABASE__URL", &url).with("PGPASSWORD", password);
        let output = cekbrand.run(&["ledger"]);
        assert!(stderr(&output).contains(answer), "{password}: {}", stderr(&output));
    }
    let gone = format!("DROP ROLE {role}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(gone)).execute(&pool).await.unwrap();
}

#[test]
fn nothing_but_up_needs_an_env_file() {
    let asked = asked();
    assert!(asked.len() > 10 && !COMPOSE.contains(":?"), "{asked:?}");
    assert!(!COMPOSE.contains("env_file"), "a file that is lacking is an error");
}

#[test]
fn what_env_does_not_say_is_one_message_before_anything_starts() {
    let services = services();
    let script = texts(&services["settings"]["command"])[0].replace("$$", "$");
    let check = |given: &[(String, String)]| {
        let mut shell = std::process::Command::new("sh");
        let path = std::env::var_os("PATH").unwrap();
        let output = shell.args(["-c", &script]).env_clear().env("PATH", path).envs(given.iter().cloned());
        let output = output.output().unwrap();
        (output.status.code(), stderr(&output))
    };
    // Without the alerts' secret and a mail server everything runs, and nobody is told.
    let tells = |name: &str| name == "CEKBRAND_ALERTS_SECRET" || name.starts_with("CEKBRAND_SMTP_");
    let is_needed = |name: &str, default: &str| default.is_empty() && !tells(name);
    let asked = asked().into_iter().filter(|(name, default)| is_needed(name, default));
    let needed: Vec<String> = asked.map(|(name, _)| name).collect();
    let (code, said) = check(&[]);
    assert!(code == Some(2) && said.contains("script/env"), "{said}");
    assert!(needed.len() >= 5 && needed.iter().all(|name| said.contains(name)), "{said}");
    let all: Vec<_> = needed.into_iter().map(|name| (name, "given".to_owned())).collect();
    assert_eq!(check(&all), (Some(0), String::new()));
    let given = environment(&services["settings"]);
    assert!(all.iter().all(|(name, _)| given[name] == format!("${{{name}:-}}")), "{given:?}");
    for server in ["kafka", "postgres"] {
        let condition = &services[server]["depends_on"]["settings"]["condition"];
        assert_eq!(condition, "service_completed_successfully", "{server}");
    }
}

#[test]
fn secrets_of_this_machine_are_neither_committed_nor_sent_to_the_builder() {
    for (name, list) in [
        (".gitignore", include_str!("../../.gitignore")),
        (".dockerignore", include_str!("../../.dockerignore")),
    ] {
        for file in ["/.env", "/cekbrand.toml", "/target"] {
            assert!(list.lines().any(|line| line == file), "{name} lacks {file}");
        }
    }
}

#[test]
fn a_failing_migration_ends_and_is_not_tried_for_ever() {
    assert_eq!(services()["migrate"]["restart"], "no");
}

#[test]
fn postgres_is_healthy_when_it_takes_connections_from_others() {
    let test = texts(&services()["postgres"]["healthcheck"]["test"]);
    assert!(test.windows(2).any(|pair| pair == ["--host", "127.0.0.1"]), "over its socket: {test:?}");
}

#[test]
fn no_volume_is_without_a_name() {
    let compose: Value = serde_saphyr::from_str(COMPOSE).unwrap();
    let kafka = &compose["services"]["kafka"];
    // What apache/kafka's Dockerfile declares as volumes, and postgres's.
    let mut places = texts(&kafka["volumes"]);
    places.extend(texts(&kafka["tmpfs"]));
    places.extend(texts(&compose["services"]["postgres"]["volumes"]));
    for declared in
        ["/var/lib/kafka/data", "/etc/kafka/secrets", "/mnt/shared/config", "/var/lib/postgresql/data"]
    {
        assert!(places.iter().any(|place| place.ends_with(declared)), "{declared}: {places:?}");
    }
    let mut named = 0;
    for volume in compose["services"].as_object().unwrap().values().flat_map(|each| texts(&each["volumes"])) {
        let (from, _) = volume.split_once(':').expect(&volume);
        if !from.starts_with('.') {
            assert!(compose["volumes"][from].is_object(), "{volume} is declared nowhere");
            named += 1;
        }
    }
    assert_eq!(compose["volumes"].as_object().unwrap().len(), named);
}

#[test]
fn other_subcommands_have_every_variable_that_a_role_has() {
    let services = services();
    let command = &services[COMMAND];
    assert_eq!(texts(&command["profiles"]), ["command"], "`up` must not start it");
    assert_eq!(command["command"], Value::Null, "its arguments are the subcommand");
    let given = environment(command);
    for role in ROLES.into_iter().chain(["migrate"]) {
        let wanted = environment(&services[role]).into_iter().filter(|(name, _)| !name.ends_with("LISTEN"));
        for (name, value) in wanted {
            assert_eq!(given.get(&name), Some(&value), "{role}: {name}");
        }
    }
}

#[test]
fn the_whole_system_is_there_with_two_workers() {
    let services = services();
    let count = |wanted: &str| {
        let runs = texts(&services[wanted]["command"]) == [wanted];
        services[wanted]["deploy"]["replicas"].as_u64().unwrap_or(1) * u64::from(runs)
    };
    assert_eq!(["migrate", "ingest", "work", "serve"].map(count), [1, 1, 2, 1]);
    let image = |name: &str| services[name]["image"].as_str().unwrap_or_default().to_owned();
    assert!(image("kafka").starts_with("apache/kafka:4."), "{}", image("kafka"));
    assert!(image("postgres").starts_with("postgres:1"), "{}", image("postgres"));
}

/// The demo's ports, a program of its own on the same machine.
const TAKEN: [&str; 6] = ["8080", "8081", "9101", "9102", "9103", "9092"];

#[test]
fn ports_are_open_on_the_loopback_interface_only_and_can_be_moved() {
    let mut seen = BTreeSet::new();
    for (name, service) in services() {
        for port in texts(&service["ports"]) {
            let outside = port.strip_prefix("127.0.0.1:${CEKBRAND_").and_then(|rest| rest.split_once('}'));
            let (_, default) = outside.expect(&port).0.split_once(":-").unwrap();
            assert!(!TAKEN.contains(&default), "{name}: {port} is the demo's");
            assert!(seen.insert(default.to_owned()), "{name}: {port} is there twice");
        }
    }
    assert!(seen.len() >= 7, "{seen:?}");
}

#[test]
fn the_metrics_of_each_role_can_be_read_from_this_machine() {
    let services = services();
    for role in ROLES {
        let service = &services[role];
        assert_eq!(environment(service)["CEKBRAND__ADMIN__LISTEN"], "0.0.0.0:9100", "{role}");
        assert!(texts(&service["ports"]).iter().any(|port| port.ends_with("}:9100")), "{role}");
    }
}

#[test]
fn what_runs_on_is_checked_and_waits_for_what_it_needs() {
    for (name, service) in services() {
        if ROLES.contains(&name.as_str()) || STRANGERS.contains(&name.as_str()) {
            assert!(service["healthcheck"]["test"].is_array(), "{name} has no health check");
        }
        if ROLES.contains(&name.as_str()) || name == COMMAND {
            let migrated = &service["depends_on"]["migrate"]["condition"];
            assert_eq!(migrated, "service_completed_successfully", "{name}");
        }
        // Kafka says more in a minute than the rest in a day.
        assert_eq!(service["attach"] == Value::Bool(false), STRANGERS.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_image_is_built_from_the_repository_and_runs_as_nobody_special() {
    for (name, service) in services() {
        let is_built = service["build"]["dockerfile"] == "deploy/Dockerfile";
        // Once for all of them: each service that is built is built by itself.
        assert_eq!(is_built, name == "settings", "{name}");
        assert_eq!(service["image"] == "cekbrand:local", is_built || is_configured(&name), "{name}");
    }
    let stages = DOCKERFILE.lines().filter(|line| line.starts_with("FROM ")).count();
    assert!(stages >= 2, "the image holds the compiler");
    let user = DOCKERFILE.lines().rev().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert_ne!(user.trim(), "root");
    for source in copied() {
        let there = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(&source).exists();
        assert!(there, "{source} is not in the repository");
    }
}

/// What the image takes out of the repository, in order.
fn copied() -> Vec<String> {
    let copies = DOCKERFILE.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from"));
    let sources = |line: &str| line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>();
    copies.flat_map(|line| sources(line).split_last().unwrap().1.to_vec()).collect()
}

/// A layer is built anew when a file changes that an earlier line copies.
#[test]
fn a_changed_source_does_not_rebuild_what_we_depend_on() {
    let (first, _) = DOCKERFILE.split_once("cargo build").unwrap();
    let before: Vec<&str> = first.lines().filter(|line| line.starts_with("COPY ")).collect();
    assert!(!before.is_empty() && before.iter().all(|line| line.contains("Cargo.toml")), "{before:?}");
    let members = MANIFEST.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    for member in members.split(", ").map(|name| name.trim_matches('"')) {
        assert!(
            copied().contains(&format!("{member}/Cargo.toml")),
            "{member}: its dependencies are not built first"
        );
        assert!(copied().contains(&member.to_owned()), "{member} is not in the image");
    }
    let builds: Vec<&str> = DOCKERFILE.lines().filter(|line| line.contains("cargo build")).collect();
    assert_eq!(builds.len(), 2);
    let flags = |line: &str| line.split_once("cargo build").unwrap().1.trim_end_matches(" \\").to_owned();
    assert_eq!(flags(builds[0]), flags(builds[1]), "other flags build everything again");
    assert!(builds[0].contains("--no-default-features"), "the image links the system's OpenSSL");
}

/// Its empty crates are held to our lints: one of them demands documentation.
#[test]
fn what_stands_for_our_crates_while_the_others_are_built_can_be_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for manifest in copied().iter().filter(|path| path.ends_with("/Cargo.toml")) {
        std::fs::create_dir_all(folder.path().join(manifest).parent().unwrap()).unwrap();
        std::fs::copy(root.join(manifest), folder.path().join(manifest)).unwrap();
    }
    let (_, from) = DOCKERFILE.split_once("RUN for crate in").unwrap();
    let (making, _) = from.split_once("&& cargo build").unwrap();
    // Comments within a command are the Dockerfile's, not the shell's.
    let lines: Vec<&str> = making.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let script = format!("for crate in{} && true", lines.join("\n").trim_end().trim_end_matches('\\'));
    let made = std::process::Command::new("sh").arg("-c").arg(script).current_dir(&folder).output().unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
    for crate_root in ["topic-id/src/lib.rs", "src/main.rs"] {
        let strict = ["--edition=2024", "--emit=metadata", "-D", "warnings", "-D", "missing_docs"];
        let kind = if crate_root.ends_with("main.rs") { "bin" } else { "lib" };
        let mut rustc = std::process::Command::new("rustc");
        rustc.args(strict).arg(format!("--crate-type={kind}")).arg(crate_root).current_dir(&folder);
        let compiled = rustc.output().unwrap();
        assert!(compiled.status.success(), "{crate_root}: {}", stderr(&compiled));
    }
}

/// What Prometheus and Grafana are given is what the repository has, and they are started only when asked for.
#[test]
fn the_profile_observability_has_our_rules_and_our_dashboard() {
    let services = services();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["prometheus", "grafana"] {
        assert_eq!(texts(&services[name]["profiles"]), ["observability"], "{name}");
        for volume in texts(&services[name]["volumes"]).iter().filter(|volume| volume.starts_with("./")) {
            let from = volume.split(':').next().unwrap();
            assert!(root.join(from).exists() && volume.ends_with(":ro"), "{volume}");
        }
    }
    let read = |path: &str| -> Value {
        serde_saphyr::from_str(&std::fs::read_to_string(root.join("deploy").join(path)).unwrap()).unwrap()
    };
    let prometheus = read("prometheus/prometheus.yml");
    assert_eq!(prometheus["rule_files"], serde_json::json!(["alerts.yml"]));
    let asked = &prometheus["scrape_configs"][0]["dns_sd_configs"][0];
    assert_eq!((texts(&asked["names"]), &asked["port"]), (ROLES.map(str::to_owned).to_vec(), &9100.into()));
    let source = &read("grafana/provisioning/datasources/prometheus.yml")["datasources"][0];
    assert_eq!(source["url"], "http://prometheus:9090");
    let provider = &read("grafana/provisioning/dashboards/cekbrand.yml")["providers"][0];
    let folder = provider["options"]["path"].as_str().unwrap();
    let volumes = texts(&services["grafana"]["volumes"]);
    let dashboard = format!("./deploy/grafana/cekbrand.json:{folder}/cekbrand.json:ro");
    assert!(volumes.contains(&dashboard), "{volumes:?}");
}
