//! The same servers as containers, where a Docker daemon answers: by its command, which has to be there
//! anyway to remove them.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::postgres::free_port;
use super::supervise::{Launch, tail};
use super::{kafka, postgres};

const PATIENCE: Duration = Duration::from_secs(5);

/// A server in a container.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) image: &'static str,
    pub(super) tag: &'static str,
    /// The port inside, and the one on this side.
    pub(super) inside: u16,
    pub(super) outside: u16,
    pub(super) environment: Vec<(String, String)>,
    pub(super) arguments: Vec<&'static str>,
    /// What clients need to reach it.
    pub(super) address: String,
}

/// Whether there is a `docker` command and its daemon answers.
pub(super) fn is_available() -> bool {
    let asked = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut asked) = asked else { return false };
    let deadline = Instant::now() + PATIENCE;
    loop {
        match asked.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            _ => {
                // A daemon that does not answer is no daemon; whether its client can still be killed changes
                // nothing.
                let _gone = asked.kill().and_then(|()| asked.wait());
                return false;
            }
        }
    }
}

/// PostgreSQL, with a password of its own.
///
/// # Errors
/// When no port is free.
pub(super) fn postgres() -> Result<Container> {
    let (outside, password) = (free_port()?, const_hex::encode(rand::random::<[u8; 16]>()));
    let address = format!("postgres://cekbrand:{password}@127.0.0.1:{outside}/postgres");
    let environment =
        [("POSTGRES_USER", "cekbrand"), ("POSTGRES_DB", "postgres"), ("POSTGRES_PASSWORD", &password)];
    Ok(Container {
        image: "postgres",
        tag: "17-alpine",
        inside: 5432,
        outside,
        environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        arguments: ["postgres"]
            .into_iter()
            .chain(postgres::SETTINGS.iter().flat_map(|s| ["-c", s]))
            .collect(),
        address,
    })
}

/// Kafka. Its clients are told the port on this side.
///
/// # Errors
/// When no port is free.
pub(super) fn kafka() -> Result<Container> {
    let port = free_port()?;
    let own = [
        ("listeners", format!("PLAINTEXT://0.0.0.0:{port},CONTROLLER://localhost:9093")),
        ("advertised.listeners", format!("PLAINTEXT://127.0.0.1:{port}")),
        ("controller.quorum.voters", "1@localhost:9093".to_owned()),
    ];
    let shared = kafka::SETTINGS.map(|(name, value)| (name, value.to_owned()));
    let variable = |name: &str| format!("KAFKA_{}", name.to_uppercase().replace('.', "_"));
    Ok(Container {
        image: "apache/kafka",
        tag: kafka::VERSION,
        inside: port,
        outside: port,
        environment: shared.into_iter().chain(own).map(|(name, value)| (variable(name), value)).collect(),
        arguments: Vec::new(),
        address: format!("127.0.0.1:{port}"),
    })
}

/// Starts a container; its image is pulled where it is lacking.
///
/// # Errors
/// When the image cannot be had or does not start.
pub(super) fn start(container: Container) -> Result<Launch> {
    let mut command = Command::new("docker");
    command.args(["run", "--detach", "--publish"]);
    command.arg(format!("127.0.0.1:{}:{}", container.outside, container.inside));
    for (name, value) in &container.environment {
        // A value can be a password, which has no place among arguments.
        command.args(["--env", name]).env(name, value);
    }
    command.arg(format!("{}:{}", container.image, container.tag)).args(&container.arguments);
    let output = command.stdin(Stdio::null()).output().context("cannot run `docker`")?;
    if !output.status.success() {
        bail!("docker run: {}", tail(&String::from_utf8_lossy(&output.stderr), 5));
    }
    let id = String::from_utf8(output.stdout).context("docker run gives no id")?;
    Ok(launch(id.trim().to_owned(), container.address))
}

/// How a running container is looked after: the supervisor removes it.
pub(super) fn launch(id: String, address: String) -> Launch {
    Launch {
        command: ["docker", "wait", &id].map(Into::into).to_vec(),
        user: None,
        end_signal: "TERM",
        scratch: None,
        container: Some(id),
        address,
    }
}
