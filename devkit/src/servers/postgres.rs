//! PostgreSQL as a process of this machine: initialised in a private directory, and made ready to be
//! supervised. Nothing in it needs to survive, so it never waits for the disk.

use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

use super::supervise::{Launch, tail};
use super::user::{Unprivileged, give, unprivileged};

const ROLE: &str = "cekbrand";
/// Server settings for tests, for the local server and the container alike.
pub(super) const SETTINGS: [&str; 8] = [
    "max_connections=200",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=128MB",
    "max_wal_size=256MB",
    "log_min_messages=warning",
    "log_timezone=UTC",
];

/// Initialises a cluster with the programs in `bin` and says how to start it.
///
/// # Errors
/// When they refuse.
pub(super) fn prepare(bin: &Path) -> Result<Launch> {
    let scratch = tempfile::Builder::new()
        .prefix("cekbrand-postgres-")
        .tempdir()
        .context("cannot create a directory for PostgreSQL")?;
    let user = unprivileged(scratch.path())?;
    let password = const_hex::encode(rand::random::<[u8; 16]>());
    initialise(bin, scratch.path(), user, &password)?;
    let port = free_port()?;
    Ok(Launch {
        command: server_command(bin, scratch.path(), port),
        user,
        end_signal: "QUIT",
        address: format!("postgres://{ROLE}:{password}@127.0.0.1:{port}/postgres"),
        scratch: Some(scratch.keep()),
        container: None,
    })
}

/// Asks once whether a server takes a query.
///
/// # Errors
/// The refusal.
pub(super) fn answers(url: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let ask = async {
        let mut connection = PgConnection::connect(url).await?;
        connection.execute("SELECT 1").await?;
        connection.close().await
    };
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(5), ask).await })??;
    Ok(())
}

/// A port of the loopback interface that is free now.
pub(super) fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind("127.0.0.1:0").context("cannot open a port on the loopback interface")?;
    Ok(listener.local_addr()?.port())
}

fn initialise(bin: &Path, scratch: &Path, user: Option<Unprivileged>, password: &str) -> Result<()> {
    let password_file = scratch.join("password");
    fs::write(&password_file, password).context("cannot write PostgreSQL's password")?;
    let mut initdb = Command::new(bin.join("initdb"));
    initdb
        .args(["--no-sync", "--encoding=UTF8", "--locale=C", "--auth=password", "--username", ROLE])
        .arg("--pwfile")
        .arg(&password_file)
        .arg("--pgdata")
        .arg(scratch.join("data"))
        .current_dir(scratch);
    if let Some(user) = user {
        give(&password_file, user)?;
        initdb.uid(user.uid).gid(user.gid);
    }
    let output = initdb.output().context("cannot run initdb")?;
    fs::remove_file(&password_file).context("cannot remove PostgreSQL's password file")?;
    if !output.status.success() {
        bail!("initdb failed: {}", tail(&String::from_utf8_lossy(&output.stderr), 10));
    }
    Ok(())
}

fn server_command(bin: &Path, scratch: &Path, port: u16) -> Vec<OsString> {
    let mut command = vec![bin.join("postgres").into_os_string()];
    command.extend(["-D".into(), scratch.join("data").into_os_string()]);
    command.extend(["-k".into(), scratch.as_os_str().to_owned()]);
    command.extend(["-h".into(), "127.0.0.1".into(), "-p".into(), port.to_string().into()]);
    for setting in SETTINGS {
        command.extend(["-c".into(), setting.into()]);
    }
    command
}
