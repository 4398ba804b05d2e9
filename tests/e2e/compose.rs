//! compose.yaml and its image, read as data: no container engine is needed, and none is asked.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::command::Cekbrand;

const COMPOSE: &str = include_str!("../../compose.yaml");
const DOCKERFILE: &str = include_str!("../../deploy/Dockerfile");
const ROLES: [&str; 3] = ["ingest", "work", "serve"];

fn services() -> BTreeMap<String, Value> {
    let compose: Value = serde_saphyr::from_str(COMPOSE).unwrap();
    serde_json::from_value(compose["services"].clone()).unwrap()
}

/// The role that a service runs, if it is one of ours.
fn role(service: &Value) -> Option<&str> {
    service["command"].as_array()?.first()?.as_str()
}

fn environment(service: &Value) -> BTreeMap<String, String> {
    let variables = service["environment"].as_object().cloned().unwrap_or_default();
    variables.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect()
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

/// The configuration is checked before anything is started, so with a database that is away only that may fail.
#[test]
fn the_configuration_of_each_service_is_accepted() {
    for (name, service) in services() {
        if role(&service).is_none() {
            continue;
        }
        let given = environment(&service).into_iter();
        let cekbrand =
            given.fold(Cekbrand::new(), |cekbrand, (name, value)| cekbrand.with(&name, filled(&value)));
        let cekbrand = cekbrand.with("CEKBRAND__DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing");
        let output = cekbrand.run(&["ledger"]);
        let said = crate::command::stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains("does not answer"), "{name}: {said}");
    }
}

/// What the engine would put in for `${NAME:-default}` and `${NAME:?message}`.
fn filled(value: &str) -> String {
    let Some(inside) = value.strip_prefix("${").and_then(|value| value.strip_suffix('}')) else {
        return value.to_owned();
    };
    match inside.split_once(":-") {
        Some((_, default)) => default.to_owned(),
        None if inside.starts_with("CEKBRAND_TOKEN_KEY") => crate::command::TOKEN_KEY.to_owned(),
        None => "given".to_owned(),
    }
}

#[test]
fn the_whole_system_is_there_with_two_workers() {
    let services = services();
    let count = |wanted: &str| {
        let replicas = |service: &Value| service["deploy"]["replicas"].as_u64().unwrap_or(1);
        services.values().filter(|service| role(service) == Some(wanted)).map(replicas).sum::<u64>()
    };
    assert_eq!(["migrate", "ingest", "work", "serve"].map(count), [1, 1, 2, 1]);
    let image = |name: &str| services[name]["image"].as_str().unwrap_or_default().to_owned();
    assert!(image("kafka").starts_with("apache/kafka:4."), "{}", image("kafka"));
    assert!(image("postgres").starts_with("postgres:1"), "{}", image("postgres"));
}

#[test]
fn ports_are_open_on_the_loopback_interface_only() {
    for (name, service) in services() {
        for port in service["ports"].as_array().into_iter().flatten() {
            let port = port.as_str().unwrap();
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
    }
}

#[test]
fn what_runs_on_is_checked_and_waits_for_what_it_needs() {
    for (name, service) in services() {
        if role(&service) == Some("migrate") {
            continue;
        }
        assert!(service["healthcheck"]["test"].is_array(), "{name} has no health check");
        if role(&service).is_some_and(|role| ROLES.contains(&role)) {
            let migrated = &service["depends_on"]["migrate"]["condition"];
            assert_eq!(migrated, "service_completed_successfully", "{name}");
        }
    }
}

#[test]
fn the_image_is_built_from_the_repository_and_runs_as_nobody_special() {
    for (name, service) in services() {
        if role(&service).is_some() {
            assert_eq!(service["build"]["dockerfile"], "deploy/Dockerfile", "{name}");
        }
    }
    let stages = DOCKERFILE.lines().filter(|line| line.starts_with("FROM ")).count();
    assert!(stages >= 2, "the image holds the compiler");
    let user = DOCKERFILE.lines().rev().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert_ne!(user.trim(), "root");
    for path in DOCKERFILE.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        for source in path.split_whitespace().skip(1).collect::<Vec<_>>().split_last().unwrap().1 {
            let there = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists();
            assert!(there, "{source} is not in the repository");
        }
    }
}
