//! README's commands: those for a real installation run here, word for word but for ports; CI runs the two
//! that set up.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use cekbrand_devkit::servers::TestServers;

use crate::command::{Cekbrand, TOKEN_KEY, free_port};

const README: &str = include_str!("../../README.md");
const CI: &str = include_str!("../../.ci/run");

/// The text of every `sh` block.
fn blocks() -> Vec<&'static str> {
    README.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_block_is_run_somewhere() {
    for block in blocks() {
        let command = block.trim();
        match command {
            // `.ci/run` adds `--once`, so that it ends; the demo that stays up has a test of its own.
            "script/demo" | "script/test" => assert!(CI.contains(command), "{CI}"),
            // No container engine where this runs; compose.yaml and script/env have tests of their own.
            "script/env\ndocker compose up --build --detach --wait" => {}
            _ if command.starts_with("docker compose run ") => assert_compose_runs(command),
            _ => assert!(command.starts_with("cekbrand "), "a block that nothing runs: {command}"),
        }
    }
}

/// Each line runs a subcommand that there is.
fn assert_compose_runs(commands: &str) {
    for line in commands.lines() {
        let (_, arguments) = line.split_once(" cekbrand ").expect(line);
        let subcommand = arguments.split([' ', '<']).take_while(|word| word.chars().all(char::is_alphabetic));
        let arguments: Vec<&str> = subcommand.filter(|word| !word.is_empty()).chain(["--help"]).collect();
        Cekbrand::new().ok(&arguments);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_installation_comes_up_as_described() {
    let servers = TestServers::shared().unwrap();
    // An empty database: the README's own `cekbrand migrate` must fill it.
    let database = servers.empty_database().await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let wrapper = dir.path().join("cekbrand");
    // The variables stand for what README asks to be set in cekbrand.toml; the Graph API is out of reach on
    // purpose.
    let settings = [
        ("DATABASE__URL", database.url()),
        ("KAFKA__BROKERS", servers.kafka_brokers().to_owned()),
        ("KAFKA__TOPIC_PREFIX", servers.topic_prefix("readme")),
        ("KAFKA__PARTITIONS", "2".to_owned()),
        ("META__APP_ID", "42".to_owned()),
        ("META__APP_SECRETS", "hush".to_owned()),
        ("TOKEN_KEY", TOKEN_KEY.to_owned()),
        ("GRAPH__BASE_URL", format!("http://127.0.0.1:{}", free_port())),
        ("ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
    ];
    let (ingest, serve) = (free_port().to_string(), free_port().to_string());
    let listen = format!(
        "export CEKBRAND__INGEST__LISTEN=127.0.0.1:{ingest} CEKBRAND__SERVE__LISTEN=127.0.0.1:{serve}\n"
    );
    let export = |(name, value): &(&str, String)| format!("export CEKBRAND__{name}='{value}'\n");
    let exports = settings.iter().map(export).collect::<Vec<_>>().concat();
    let program = env!("CARGO_BIN_EXE_cekbrand");
    fs::write(&wrapper, format!("#!/bin/sh\n{exports}{listen}exec {program} \"$@\"\n")).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(dir.path().join("token.txt"), "EAAB-readme\n").unwrap();

    let commands: String = blocks().into_iter().filter(|block| block.starts_with("cekbrand ")).collect();
    let commands = commands.replace("127.0.0.1:8080", &format!("127.0.0.1:{ingest}"));
    let commands = commands.replace("127.0.0.1:8081", &format!("127.0.0.1:{serve}"));
    // The roles go with the shell, and it waits for them, so that nothing is left behind.
    let script = format!("set -eu\ntrap 'kill $(jobs -p); wait' EXIT\n{commands}");
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let output = tokio::task::spawn_blocking(move || {
        Command::new("bash")
            .args(["-c", &script])
            .current_dir(dir.path())
            .env("PATH", path)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    })
    .await
    .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("100 of 100 changes accepted") && out.contains("the books close"), "{out}\n{err}");
    assert!(
        out.contains(r#""lanes""#) || out.contains(r#""ledger""#),
        "the API did not answer: {out}\n{err}"
    );
}
