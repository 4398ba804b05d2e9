//! PostgreSQL from the machine's own binaries: found, initialised in a private directory, and made ready to be
//! supervised. Nothing in it needs to survive, so it never waits for the disk.

use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

use super::supervise::{Launch, tail};

const INSTALL: &str = "install PostgreSQL (Debian: apt-get install postgresql)";
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

/// The user that PostgreSQL runs as when we are root, which it refuses to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unprivileged {
    uid: u32,
    gid: u32,
}

/// Initialises a cluster and says how to start it.
///
/// # Errors
/// When the binaries are missing or refuse.
pub(super) fn prepare() -> Result<Launch> {
    let bin = find_binaries()?;
    let scratch = tempfile::Builder::new()
        .prefix("cekbrand-postgres-")
        .tempdir()
        .context("cannot create a directory for PostgreSQL")?;
    let user = unprivileged_user(scratch.path())?;
    let password = const_hex::encode(rand::random::<[u8; 16]>());
    initialise(&bin, scratch.path(), user, &password)?;
    let port = free_port()?;
    Ok(Launch {
        command: server_command(&bin, scratch.path(), user, port)?,
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

/// The directory that holds `initdb` and `postgres`: one on PATH, or the newest of Debian's.
fn find_binaries() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let version = entry.ok()?.path();
            Some((version.file_name()?.to_str()?.parse().ok()?, version.join("bin")))
        })
        .collect();
    debian.sort_unstable_by(|a, b| b.cmp(a));
    let candidates = std::env::split_paths(&path).chain(debian.into_iter().map(|(_, bin)| bin));
    candidates
        .into_iter()
        .find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
        .with_context(|| format!("no `initdb` on PATH or under /usr/lib/postgresql; {INSTALL}"))
}

/// Whom to run as: nobody else unless we are root, then `postgres` or `nobody`, who get the directory.
fn unprivileged_user(scratch: &Path) -> Result<Option<Unprivileged>> {
    if scratch.metadata().context("cannot look at PostgreSQL's directory")?.uid() != 0 {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let user = ["postgres", "nobody"].into_iter().find_map(|name| find_user(&passwd, name));
    let user =
        user.context("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")?;
    chown(scratch, Some(user.uid), Some(user.gid)).context("cannot hand a directory to PostgreSQL's user")?;
    Ok(Some(user))
}

fn find_user(passwd: &str, name: &str) -> Option<Unprivileged> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Unprivileged { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
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
        chown(&password_file, Some(user.uid), Some(user.gid)).context("cannot hand over a password")?;
        initdb.uid(user.uid).gid(user.gid);
    }
    let output = initdb.output().context("cannot run initdb")?;
    fs::remove_file(&password_file).context("cannot remove PostgreSQL's password file")?;
    if !output.status.success() {
        bail!("initdb failed: {}", tail(&String::from_utf8_lossy(&output.stderr), 10));
    }
    Ok(())
}

fn server_command(
    bin: &Path,
    scratch: &Path,
    user: Option<Unprivileged>,
    port: u16,
) -> Result<Vec<OsString>> {
    let mut command = end_with_parent("QUIT");
    if let Some(user) = user {
        if command.is_empty() {
            bail!("we are root, and `setpriv` (util-linux) is needed to run PostgreSQL as another user");
        }
        command.extend([format!("--reuid={}", user.uid).into(), format!("--regid={}", user.gid).into()]);
        command.push("--clear-groups".into());
    }
    command.push(bin.join("postgres").into());
    command.extend(["-D".into(), scratch.join("data").into_os_string()]);
    command.extend(["-k".into(), scratch.as_os_str().to_owned()]);
    command.extend(["-h".into(), "127.0.0.1".into(), "-p".into(), port.to_string().into()]);
    for setting in SETTINGS {
        command.extend(["-c".into(), setting.into()]);
    }
    Ok(command)
}

/// The start of a command that ends with its parent, however the parent ends. Empty where `setpriv` is lacking.
pub(super) fn end_with_parent(signal: &str) -> Vec<OsString> {
    let found = Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success());
    if found { vec!["setpriv".into(), format!("--pdeathsig={signal}").into()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7::/:/bin/sh\npostgres:x:104:112::/:/bin/sh\n";
        assert_eq!(find_user(passwd, "postgres"), Some(Unprivileged { uid: 104, gid: 112 }));
        assert_eq!(find_user(passwd, "nobody"), None);
    }
}
