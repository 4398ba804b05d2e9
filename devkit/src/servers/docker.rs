//! The same servers as containers, where a Docker daemon answers.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use testcontainers::core::IntoContainerPort;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerRequest, GenericImage, ImageExt};

use super::postgres::free_port;
use super::supervise::Launch;
use super::{kafka, postgres};

const PATIENCE: Duration = Duration::from_secs(5);
const POSTGRES_TAG: &str = "17-alpine";

/// Whether there is a `docker` command and its daemon answers. The command is needed to remove the containers.
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
                // A daemon that does not answer is no daemon; whether its client can still be killed changes nothing.
                let _gone = asked.kill().and_then(|()| asked.wait());
                return false;
            }
        }
    }
}

/// Starts PostgreSQL in a container.
///
/// # Errors
/// When the image cannot be had or does not start.
pub(super) fn prepare_postgres() -> Result<Launch> {
    let (port, password) = (free_port()?, const_hex::encode(rand::random::<[u8; 16]>()));
    let request = GenericImage::new("postgres", POSTGRES_TAG)
        .with_mapped_port(port, 5432.tcp())
        .with_env_var("POSTGRES_USER", "cekbrand")
        .with_env_var("POSTGRES_DB", "postgres")
        .with_env_var("POSTGRES_PASSWORD", &password)
        .with_cmd(["postgres"].into_iter().chain(postgres::SETTINGS.iter().flat_map(|s| ["-c", s])));
    start(request, format!("postgres://cekbrand:{password}@127.0.0.1:{port}/postgres"))
}

/// Starts Kafka in a container. Its clients are told the port on this side of the mapping.
///
/// # Errors
/// When the image cannot be had or does not start.
pub(super) fn prepare_kafka() -> Result<Launch> {
    let port = free_port()?;
    let own = [
        ("listeners", format!("PLAINTEXT://0.0.0.0:{port},CONTROLLER://localhost:9093")),
        ("advertised.listeners", format!("PLAINTEXT://127.0.0.1:{port}")),
        ("controller.quorum.voters", "1@localhost:9093".to_owned()),
    ];
    let shared = kafka::SETTINGS.map(|(name, value)| (name, value.to_owned()));
    let mut request = GenericImage::new("apache/kafka", kafka::VERSION).with_mapped_port(port, port.tcp());
    for (name, value) in shared.into_iter().chain(own) {
        request = request.with_env_var(format!("KAFKA_{}", name.to_uppercase().replace('.', "_")), value);
    }
    start(request, format!("127.0.0.1:{port}"))
}

/// The container outlives the handle and this process: the supervisor removes it.
fn start(request: ContainerRequest<GenericImage>, address: String) -> Result<Launch> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let container = runtime.block_on(request.start()).context("cannot start a container")?;
    let id = container.id().to_owned();
    std::mem::forget(container);
    Ok(Launch {
        command: ["docker", "wait", &id].map(Into::into).to_vec(),
        end_signal: "TERM",
        scratch: None,
        container: Some(id),
        address,
    })
}
