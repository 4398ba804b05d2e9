//! What a machine needs, and what it may have in the way. The scripts that set it up run on machines that are
//! pretended: a PATH of a test's own, where each program that would change something only writes down that it
//! was called.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::command::{Cekbrand, stderr};

/// What the scripts use of any system.
const TOOLS: [&str; 12] =
    ["base64", "cat", "chmod", "dirname", "env", "head", "mkdir", "mktemp", "rm", "sed", "sh", "tr"];
const RUST: &str = "echo 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)'";
const OLD_RUST: &str = "echo 'cargo 1.63.0'";

/// A machine with some programs.
struct Machine {
    dir: tempfile::TempDir,
}

impl Machine {
    fn new(user: u32) -> Self {
        let machine = Self { dir: tempfile::tempdir().unwrap() };
        let bin = machine.dir.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for tool in TOOLS {
            let path = std::env::var_os("PATH").unwrap();
            let real = std::env::split_paths(&path).map(|dir| dir.join(tool)).find(|path| path.is_file());
            symlink(real.expect(tool), bin.join(tool)).unwrap();
        }
        machine.with("id", &format!("echo {user}")).with("uname", "echo Linux")
    }

    /// With a program, which also writes down how it was called.
    fn with(self, program: &str, script: &str) -> Self {
        let (path, calls) = (self.dir.path().join("bin").join(program), self.dir.path().join("calls"));
        let text = format!("#!/bin/sh\necho \"{program} $*\" >>'{}'\n{script}\n", calls.display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn with_all(self, programs: &[&str]) -> Self {
        programs.iter().fold(self, |machine, program| machine.with(program, ""))
    }

    fn run(&self, script: &str, arguments: &[&str]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("script").join(script);
        Command::new("sh")
            .arg(script)
            .args(arguments)
            .env_clear()
            .env("PATH", self.dir.path().join("bin"))
            .env("HOME", self.dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Every call that changes something.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.dir.path().join("calls")).unwrap_or_default();
        let asks = ["id ", "uname ", "cargo --version", "java -version", "apt-cache "];
        calls
            .lines()
            .filter(|call| !asks.iter().any(|ask| call.starts_with(ask)))
            .map(str::to_owned)
            .collect()
    }
}

/// Stands for the download of rustup's installer, which puts cargo into the home directory.
const CURL: &str = r#"while [ "$1" != --output ]; do shift; done
cat >"$2" <<'EOF'
mkdir -p "$HOME/.cargo/bin"
printf '#!/bin/sh\necho cargo 1.95.0\n' >"$HOME/.cargo/bin/cargo"
chmod +x "$HOME/.cargo/bin/cargo"
EOF"#;

#[test]
fn where_nothing_is_lacking_nothing_is_done() {
    let machine =
        Machine::new(1000).with_all(&["cc", "c++", "make", "perl", "apt-get", "sudo"]).with("cargo", RUST);
    let output = machine.run("bootstrap", &["--", "cargo", "run"]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
    assert_eq!(machine.calls(), ["cargo run"]);
}

#[test]
fn a_fresh_debian_gets_what_a_build_needs() {
    let machine = Machine::new(0).with_all(&["apt-get"]).with("apt-cache", "").with("curl", CURL);
    let output = machine.run("bootstrap", &["--", "cargo", "--version"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(
        String::from_utf8_lossy(&output.stdout).starts_with("cargo 1.95.0"),
        "cargo is not on COMMAND's PATH"
    );
    let calls = machine.calls();
    let install = calls.iter().find(|call| call.contains(" install ")).unwrap();
    for package in ["gcc", "g++", "make", "perl"] {
        assert!(install.split(' ').any(|word| word == package), "{install}");
    }
    assert!(!install.contains("jdk") && !install.contains("postgresql"), "{install}");
    assert!(stderr(&output).contains(install), "it does not say what it does: {}", stderr(&output));
}

#[test]
fn where_rustups_first_address_is_out_of_reach_the_second_is_asked() {
    let first_is_away = format!("case \"$*\" in *sh.rustup.rs*) exit 6 ;; esac\n{CURL}");
    let machine = Machine::new(0).with_all(&["cc", "c++", "make", "perl"]).with("curl", &first_is_away);
    let output = machine.run("bootstrap", &["--", "cargo", "--version"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let machine = Machine::new(0).with_all(&["cc", "c++", "make", "perl"]).with("curl", "exit 6");
    let output = machine.run("bootstrap", &["--", "cargo", "--version"]);
    assert!(output.status.code() == Some(1) && stderr(&output).contains("by hand"), "{}", stderr(&output));
}

#[test]
fn who_is_not_root_is_asked_first() {
    let machine = Machine::new(1000).with_all(&["apt-get", "sudo"]).with("apt-cache", "").with("cargo", RUST);
    let output = machine.run("bootstrap", &["--", "cargo", "run"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("sudo apt-get update"), "{}", stderr(&output));
    assert_eq!(machine.calls(), [""; 0], "something was done without an answer");
    let output = machine.run("bootstrap", &["--yes", "--", "cargo", "run"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(machine.calls().last().unwrap(), "cargo run");
}

#[test]
fn a_rust_that_is_too_old_is_brought_up_to_date() {
    let machine = Machine::new(0).with_all(&["cc", "c++", "make", "perl"]).with("cargo", OLD_RUST);
    let offline = machine.with("rustup", "exit 1");
    let output = offline.run("bootstrap", &["--", "cargo", "run"]);
    let said = stderr(&output);
    assert!(output.status.code() == Some(1) && said.contains("install Rust 1.94 or later"), "{said}");
    let bin = offline.dir.path().join("bin/cargo");
    let online =
        offline.with("rustup", &format!("printf '#!/bin/sh\\necho cargo 1.95.0\\n' >'{}'", bin.display()));
    let output = online.run("bootstrap", &["--", "cargo", "run"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(online.calls().iter().any(|call| call.starts_with("rustup update")), "{:?}", online.calls());
}

#[test]
fn where_no_package_manager_is_known_it_says_what_is_lacking() {
    let output = Machine::new(0).with("cargo", RUST).run("bootstrap", &["--tests"]);
    let said = stderr(&output);
    assert!(
        output.status.code() == Some(1) && said.contains("compiler perl") && said.contains("maven"),
        "{said}"
    );
}

#[test]
fn the_two_commands_set_up_and_then_run_what_they_promise() {
    let machine = Machine::new(0)
        .with_all(&["cc", "c++", "make", "perl", "mvn", "python3", "npm", "chromium", "promtool"])
        .with("cargo", RUST);
    let machine = machine.with("java", "echo 'openjdk version \"21.0.1\"' >&2");
    for (script, expected) in [
        ("demo", "cargo run --release --locked -- demo --once"),
        ("test", "cargo test --workspace --locked --once"),
    ] {
        let output = machine.run(script, &["--once"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(machine.calls().last().unwrap(), expected);
    }
}

#[test]
fn the_env_file_is_complete_private_and_never_overwritten() {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("script")).unwrap();
    let script = copy.path().join("script/env");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("script/env"), &script).unwrap();
    let run = || Command::new("sh").arg(&script).output().unwrap();
    let output = run();
    assert!(output.status.success(), "{}", stderr(&output));
    let path = copy.path().join(".env");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    for (name, default) in crate::compose::asked() {
        let line =
            text.lines().find_map(|line| line.trim_start_matches('#').strip_prefix(&format!("{name}=")));
        assert!(line.is_some() || name == "CEKBRAND_GRAPH_BASE_URL", "{name} is not told");
        assert!(default.is_empty() || line.is_none_or(|value| value == default), "{name}: {line:?}");
    }
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap().to_owned()
    };
    let keys = value("CEKBRAND_TOKEN_KEY");
    let said = Cekbrand::new()
        .with("CEKBRAND__TOKEN_KEY", keys)
        .with("CEKBRAND__DATABASE__URL", "postgres://nobody@127.0.0.1:1/nothing")
        .run(&["ledger"]);
    assert!(stderr(&said).contains("does not answer"), "{}", stderr(&said));
    assert!(value("POSTGRES_PASSWORD").len() >= 32 && value("CEKBRAND_VERIFY_TOKEN").len() >= 32);
    assert_eq!(run().status.code(), Some(1));
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "keys in use were replaced");
}

#[test]
fn a_demo_takes_other_ports_where_the_usual_ones_are_taken_and_says_which() {
    let usual = ["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:9101"];
    // Where that fails somebody else has it, which is as good.
    let _taken: Vec<_> = usual.iter().map(TcpListener::bind).collect();
    let cekbrand = Cekbrand::new();
    let mut demo = cekbrand.start_with(&["demo", "--events", "20"]);
    let deadline = Instant::now() + Duration::from_mins(2);
    while !demo.stdout().contains("Graph API") {
        assert!(demo.is_running() && Instant::now() < deadline, "{} {}", demo.stdout(), demo.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let said = demo.stdout();
    for (who, usual) in ["the receiver", "the read API", "the admin listener"].into_iter().zip(usual) {
        assert!(demo.log().contains(&format!("{who} cannot have {usual}")), "{}", demo.log());
        assert!(!said.contains(usual), "{said}");
    }
    assert!(said.contains("webhooks   POST http://127.0.0.1:"), "{said}");
    assert_eq!(demo.interrupt(), Some(0), "{}", demo.log());
}

#[test]
fn what_only_the_tests_need_is_no_part_of_the_command() {
    let tree = |features: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["tree", "--locked", "--offline", "--package", "cekbrand", "--edges", "normal,build"]);
        let output = cargo.args(["--prefix", "none"]).args(features).current_dir(env!("CARGO_MANIFEST_DIR"));
        let output = output.output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let (vendored, system) = (tree(&[]), tree(&["--no-default-features"]));
    assert!(vendored.contains("\nrdkafka ") && !vendored.contains("\ntestcontainers "), "{vendored}");
    assert!(vendored.contains("\nopenssl-src "), "Kafka's client does not bring its own OpenSSL");
    assert!(system.contains("\nopenssl-sys ") && !system.contains("\nopenssl-src "), "{system}");
}
