//! One table documents every metric; alerts and the dashboard name none that there is not, each alert has its
//! page, and the rules do what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const TABLE: &str = include_str!("../../../deploy/metrics.md");
const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yml");
const RULE_TESTS: &str = include_str!("../../../deploy/prometheus/alerts_test.yml");
const RUNBOOKS: &str = include_str!("../../../deploy/runbooks.md");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/cekbrand.json");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// Every metric that the source describes, as a line of the table.
fn described() -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    for file in
        ["ingest/src", "workers/src", "insights/src", "src"].iter().flat_map(|dir| sources(&root().join(dir)))
    {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        for kind in ["counter", "gauge", "histogram"] {
            for (place, found) in text.match_indices(&format!("describe_{kind}!(")) {
                let inside = text[place + found.len()..].split(");").next().unwrap();
                let first = inside.split(',').next().unwrap().trim();
                let name = match first.strip_prefix('"') {
                    Some(literal) => literal.trim_end_matches('"').to_owned(),
                    None => constant(&text, first).unwrap_or_else(|| panic!("{}: {first}", file.display())),
                };
                let words = inside.rsplit_once('"').unwrap().0.rsplit_once('"').unwrap().1;
                lines.insert(name.clone(), format!("| `{name}` | {kind} | {words} |"));
            }
        }
    }
    lines
}

fn constant(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("const {name}: &str = \""))?;
    Some(rest.split('"').next()?.to_owned())
}

/// The names that an expression of PromQL asks for.
fn asked(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let names = words.filter(|word| word.starts_with("cekbrand_"));
    let base = |name: &str| {
        let parts = ["_bucket", "_sum", "_count"];
        parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name).to_owned()
    };
    names.map(base).collect()
}

#[test]
fn the_table_documents_every_metric_and_no_other() {
    let documented: BTreeSet<&str> = TABLE.lines().filter(|line| line.starts_with("| `cekbrand_")).collect();
    let described = described();
    assert!(described.len() > 25, "{described:?}");
    let described: BTreeSet<&str> = described.values().map(String::as_str).collect();
    let lacking: Vec<_> = described.difference(&documented).collect();
    let stale: Vec<_> = documented.difference(&described).collect();
    assert!(
        lacking.is_empty() && stale.is_empty(),
        "deploy/metrics.md lacks {lacking:#?} and has {stale:#?}"
    );
}

#[test]
fn every_metric_of_an_alert_and_of_the_dashboard_exists() {
    let known: BTreeSet<String> = described().into_keys().collect();
    let alerts: Value = serde_saphyr::from_str(ALERTS).unwrap();
    let rules =
        alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    let mut expressions: Vec<String> = rules.map(|rule| rule["expr"].as_str().unwrap().to_owned()).collect();
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let before = expressions.len();
    expressions.extend(targets.map(|target| target["expr"].as_str().unwrap().to_owned()));
    assert!(before > 15 && expressions.len() > before + 10);
    for expression in &expressions {
        let names = asked(expression);
        assert!(!names.is_empty() || expression.contains("cekbrand:"), "{expression}");
        for name in names {
            assert!(known.contains(&name), "{name} is no metric: {expression}");
        }
    }
}

/// A label's value that nothing ever gives would make an alert that is never raised.
#[test]
fn every_outcome_and_reason_of_an_alert_is_one_that_is_told() {
    let mut source = String::new();
    for file in ["ingest/src", "workers/src"].iter().flat_map(|dir| sources(&root().join(dir))) {
        source += &std::fs::read_to_string(file).unwrap_or_default();
    }
    let mut seen = 0;
    for label in ["outcome=\"", "outcome=~\"", "reason=\"", "state=\"", "kind=\""] {
        for (place, found) in ALERTS.match_indices(label) {
            let words = ALERTS[place + found.len()..].split('"').next().unwrap();
            for word in words.split('|').filter(|word| !word.is_empty()) {
                assert!(source.contains(&format!("\"{word}\"")), "nothing tells {label}{word}");
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "only {seen}");
}

#[test]
fn each_alert_has_a_page_and_a_test() {
    let alerts: Value = serde_saphyr::from_str(ALERTS).unwrap();
    let rules =
        alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    let mut seen = 0;
    for rule in rules.filter(|rule| rule["alert"].is_string()) {
        let name = rule["alert"].as_str().unwrap();
        let page = format!("deploy/runbooks.md#{}", name.to_lowercase());
        assert_eq!(rule["annotations"]["runbook"], page.as_str());
        assert!(RUNBOOKS.contains(&format!("\n## {name}\n")), "{name} has no page");
        assert!(
            RULE_TESTS.contains(&format!("alertname: {name}\n        exp_alerts:\n          - ")),
            "{name} is never raised in a test"
        );
        seen += 1;
    }
    assert_eq!(RUNBOOKS.matches("\n## ").count(), seen, "a page without an alert");
}

#[test]
fn the_rules_raise_what_they_should() {
    let Some(promtool) = promtool() else {
        // Where there is apt, script/bootstrap --tests fetches it.
        assert!(!has("apt-get"), "promtool is lacking: run script/bootstrap --tests");
        eprintln!("promtool is lacking, and the alert rules were not tried");
        return;
    };
    let rules = root().join("deploy/prometheus/alerts_test.yml");
    let output = Command::new(promtool).args(["test", "rules"]).arg(rules).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("SUCCESS"), "{said}");
}

#[test]
fn prometheus_takes_its_configuration() {
    let Some(promtool) = promtool() else { return };
    let config = root().join("deploy/prometheus/prometheus.yml");
    let output = Command::new(promtool).args(["check", "config"]).arg(config).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// On PATH, or where the bootstrap puts it.
fn promtool() -> Option<PathBuf> {
    let fetched = root().join("target/tools/usr/bin/promtool");
    if fetched.is_file() {
        return Some(fetched);
    }
    has("promtool").then(|| PathBuf::from("promtool"))
}

fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
