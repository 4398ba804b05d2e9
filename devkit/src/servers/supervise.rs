//! One server, shared by processes that know nothing of each other. The first starts it under a supervisor (a
//! Perl script); each holds a lease for as long as it lives; the supervisor ends the server when the last
//! lease is gone, however its holder ended.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::user::Unprivileged;

const SCRIPT: &str = include_str!("supervise.pl");
const START_TIMEOUT: Duration = Duration::from_secs(90);
const END_TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);

/// A server that is ready to be started.
#[derive(Debug)]
pub(super) struct Launch {
    /// Runs the server in the foreground.
    pub(super) command: Vec<OsString>,
    /// Who runs it, unless it is us.
    pub(super) user: Option<Unprivileged>,
    /// The signal that ends it at once; its data need not survive.
    pub(super) end_signal: &'static str,
    /// Removed when the server has ended.
    pub(super) scratch: Option<PathBuf>,
    /// The container it runs in, removed when the server has ended.
    pub(super) container: Option<String>,
    /// What clients need to reach it.
    pub(super) address: String,
}

/// A running server and this process's claim on it.
#[derive(Debug)]
pub(super) struct Held {
    /// What clients need to reach it.
    pub(super) address: String,
    _lease: File,
}

/// One server as its clients see it.
pub(super) struct Service<'a> {
    /// Its name in messages.
    pub(super) name: &'static str,
    /// Where the locks and the address are kept.
    pub(super) dir: &'a Path,
    /// How many seconds the server outlives its last client.
    pub(super) grace: u32,
    /// Gets everything ready for a start.
    pub(super) prepare: &'a dyn Fn() -> Result<Launch>,
    /// Asks once whether the server at an address answers.
    pub(super) answers: &'a dyn Fn(&str) -> Result<()>,
}

impl Service<'_> {
    /// Joins the running server, or starts it.
    ///
    /// # Errors
    /// When it cannot be started, or does not answer in time; its log is part of the message.
    pub(super) fn obtain(&self) -> Result<Held> {
        fs::create_dir_all(self.dir).with_context(|| format!("cannot create {}", self.dir.display()))?;
        let launching = self.lock_file("launch.lock")?;
        launching.lock().context("cannot lock the launch of a server")?;
        let lease = self.lock_file("lease")?;
        if let Some(address) = self.running()? {
            lease.lock_shared().context("cannot take a server's lease")?;
            return Ok(Held { address, _lease: lease });
        }
        let address = self.start()?;
        lease.lock_shared().context("cannot take a server's lease")?;
        Ok(Held { address, _lease: lease })
    }

    /// The address of a server that is supervised and answers. One that does not answer is ended first.
    fn running(&self) -> Result<Option<String>> {
        if !self.is_supervised()? {
            return Ok(None);
        }
        if let Ok(address) = fs::read_to_string(self.dir.join("address"))
            && (self.answers)(&address).is_ok()
        {
            return Ok(Some(address));
        }
        fs::write(self.dir.join("stop"), "").context("cannot ask a supervisor to stop")?;
        let deadline = Instant::now() + END_TIMEOUT;
        while self.is_supervised()? {
            if Instant::now() > deadline {
                bail!("the supervisor of {} in {} does not end", self.name, self.dir.display());
            }
            std::thread::sleep(POLL);
        }
        Ok(None)
    }

    fn start(&self) -> Result<String> {
        let launch = (self.prepare)()?;
        let mut supervisor = self.spawn(&launch)?;
        let deadline = Instant::now() + START_TIMEOUT;
        let ready = |pid| self.owner_is(pid).and_then(|()| (self.answers)(&launch.address));
        while let Err(refusal) = ready(supervisor.id()) {
            let ended = supervisor.try_wait().context("cannot watch a supervisor")?.is_some();
            if ended || Instant::now() > deadline {
                fs::write(self.dir.join("stop"), "").context("cannot ask a supervisor to stop")?;
                bail!("{} did not start ({refusal:#}); the end of its log:\n{}", self.name, self.log_tail());
            }
            std::thread::sleep(POLL);
        }
        self.publish(&launch.address)?;
        Ok(launch.address)
    }

    /// The supervisor gets a process group of its own, so that Ctrl-C in the terminal of a client leaves it
    /// alone.
    fn spawn(&self, launch: &Launch) -> Result<Child> {
        let script = self.dir.join("supervise.pl");
        fs::write(&script, SCRIPT).context("cannot write the supervisor's script")?;
        let log =
            File::create(self.dir.join("supervisor.log")).context("cannot write the supervisor's log")?;
        let scratch = launch.scratch.as_deref().unwrap_or(Path::new(""));
        let user = launch.user.map_or_else(String::new, |user| user.to_string());
        Command::new("perl")
            .arg(script)
            .arg(self.dir)
            .args([&self.grace.to_string(), launch.end_signal, &user])
            .arg(launch.container.as_deref().unwrap_or(""))
            .arg(scratch)
            .arg("--")
            .args(&launch.command)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("cannot share the supervisor's log")?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("cannot start `perl`, which looks after servers: install it")
    }

    /// The address can hold a password, so nobody else may read it. The rename makes it appear whole.
    fn publish(&self, address: &str) -> Result<()> {
        let partial = self.dir.join("address.partial");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&partial)
            .context("cannot write a server's address")?;
        file.write_all(address.as_bytes()).context("cannot write a server's address")?;
        fs::rename(partial, self.dir.join("address")).context("cannot write a server's address")
    }

    fn is_supervised(&self) -> Result<bool> {
        match self.lock_file("supervisor.lock")?.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error).context("cannot look at a supervisor's lock"),
        }
    }

    /// Whether the supervisor with this process id has taken the server over.
    fn owner_is(&self, pid: u32) -> Result<()> {
        let owner = fs::read_to_string(self.dir.join("owner")).context("the supervisor is not there yet")?;
        if owner.trim() == pid.to_string() { Ok(()) } else { bail!("another supervisor is there") }
    }

    fn lock_file(&self, name: &str) -> Result<File> {
        let path = self.dir.join(name);
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))
    }

    fn log_tail(&self) -> String {
        let log = |name: &str| fs::read_to_string(self.dir.join(name)).unwrap_or_default();
        tail(&format!("{}{}", log("supervisor.log"), log("server.log")), 20)
    }
}

/// The last lines of a text.
pub(super) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A server that only exists: it "answers" while its scratch directory, named by the address, is there.
    fn sleeper(started: &Cell<u32>) -> Result<Launch> {
        started.set(started.get() + 1);
        let scratch = tempfile::tempdir()?.keep();
        Ok(Launch {
            command: ["sleep", "600"].map(OsString::from).to_vec(),
            user: None,
            end_signal: "TERM",
            address: scratch.display().to_string(),
            scratch: Some(scratch),
            container: None,
        })
    }

    fn exists(address: &str) -> Result<()> {
        Path::new(address).is_dir().then_some(()).context("gone")
    }

    fn wait_until(what: &str, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + END_TIMEOUT;
        while !condition() {
            assert!(Instant::now() < deadline, "{what}");
            std::thread::sleep(POLL);
        }
    }

    #[test]
    fn clients_share_one_server_which_ends_after_the_last() {
        let dir = tempfile::tempdir().unwrap();
        let started = Cell::new(0);
        let prepare = || sleeper(&started);
        let service =
            Service { name: "sleep", dir: dir.path(), grace: 0, prepare: &prepare, answers: &exists };
        let (one, two) = (service.obtain().unwrap(), service.obtain().unwrap());
        assert_eq!((one.address.clone(), started.get()), (two.address.clone(), 1));
        drop(one);
        // Nothing is waited for: over the grace period, the server must not end while somebody holds it.
        std::thread::sleep(Duration::from_secs(3));
        exists(&two.address).unwrap();
        let address = two.address.clone();
        drop(two);
        wait_until("the server outlives its clients", || exists(&address).is_err());
        let three = service.obtain().unwrap();
        assert_eq!(started.get(), 2);
        assert_ne!(three.address, address);
    }

    #[test]
    fn a_server_whose_supervisor_was_killed_is_started_again() {
        let dir = tempfile::tempdir().unwrap();
        let started = Cell::new(0);
        let prepare = || sleeper(&started);
        let service =
            Service { name: "sleep", dir: dir.path(), grace: 0, prepare: &prepare, answers: &exists };
        let one = service.obtain().unwrap();
        let supervisor = fs::read_to_string(dir.path().join("owner")).unwrap();
        let killed = Command::new("kill").args(["-KILL", supervisor.trim()]).status().unwrap();
        assert!(killed.success());
        wait_until("the supervisor survives SIGKILL", || !service.is_supervised().unwrap());
        let _two = service.obtain().unwrap();
        assert_eq!(started.get(), 2);
        assert!(!Path::new(&one.address).exists(), "the first server's directory is left over");
    }

    #[test]
    fn nothing_outlives_a_supervisor_that_was_killed() {
        let dir = tempfile::tempdir().unwrap();
        let started = Cell::new(0);
        let prepare = || sleeper(&started);
        let service =
            Service { name: "sleep", dir: dir.path(), grace: 60, prepare: &prepare, answers: &exists };
        let held = service.obtain().unwrap();
        let supervisor = fs::read_to_string(dir.path().join("owner")).unwrap();
        assert!(Command::new("kill").args(["-KILL", supervisor.trim()]).status().unwrap().success());
        wait_until("its server goes on", || exists(&held.address).is_err());
    }

    #[test]
    fn a_server_that_does_not_start_shows_its_log() {
        let dir = tempfile::tempdir().unwrap();
        let prepare = || {
            Ok(Launch {
                command: ["sh", "-c", "echo out of luck; exit 3"].map(OsString::from).to_vec(),
                user: None,
                end_signal: "TERM",
                address: "nowhere".to_owned(),
                scratch: None,
                container: None,
            })
        };
        let service = Service { name: "sh", dir: dir.path(), grace: 0, prepare: &prepare, answers: &exists };
        let message = service.obtain().unwrap_err().to_string();
        assert!(message.contains("out of luck"), "{message}");
    }

    /// macOS has neither flock(1) nor setpriv(1).
    #[test]
    fn the_supervisor_needs_perl_and_rm_alone() {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        let real = |tool: &str| std::env::split_paths(&path).map(|dir| dir.join(tool)).find(|p| p.is_file());
        std::os::unix::fs::symlink(real("rm").unwrap(), bin.join("rm")).unwrap();
        let state = dir.path().join("state");
        let scratch = dir.path().join("scratch");
        fs::create_dir(&state).unwrap();
        fs::create_dir(&scratch).unwrap();
        fs::write(state.join("supervise.pl"), SCRIPT).unwrap();
        let mut supervisor = Command::new(real("perl").unwrap())
            .arg(state.join("supervise.pl"))
            .arg(&state)
            .args(["0", "TERM", "", ""])
            .arg(&scratch)
            .arg("--")
            .arg(real("sleep").unwrap())
            .arg("600")
            .env_clear()
            .env("PATH", &bin)
            .spawn()
            .unwrap();
        assert_eq!(supervisor.wait().unwrap().code(), Some(0));
        assert!(!scratch.exists() && !state.join("owner").exists(), "something is left over");
    }
}
