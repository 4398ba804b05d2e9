//! Runs the built command the way an operator does, with nothing of the caller's configuration.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A key of 32 bytes, for tests.
pub(crate) const TOKEN_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What a role may need to end, and a subcommand to do its work. Whatever takes longer hangs: it is killed,
/// and has no exit code.
const TO_END: Duration = Duration::from_mins(2);
const TO_RUN: Duration = Duration::from_mins(10);

/// The command with an environment and a directory of its own.
pub(crate) struct Cekbrand {
    program: PathBuf,
    dir: TempDir,
    environment: Vec<(String, String)>,
}

impl Cekbrand {
    /// No setting is given.
    pub(crate) fn new() -> Self {
        let program = env!("CARGO_BIN_EXE_cekbrand").into();
        Self { program, dir: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// With an environment variable.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over what they made for it, numbers too")]
    pub(crate) fn with(mut self, variable: &str, value: impl ToString) -> Self {
        self.environment.push((variable.to_owned(), value.to_string()));
        self
    }

    /// Of another version.
    pub(crate) fn of(self, program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), ..self }
    }

    /// Where it runs.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs a subcommand to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with_input(arguments, "")
    }

    /// Runs a subcommand to its end, with something on stdin.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut child =
            self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that does not read its input may have ended by now.
        let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
        let (ended, hangs) = channel::<()>();
        let pid = child.id();
        let killer = thread::spawn(move || {
            if hangs.recv_timeout(TO_RUN) == Err(RecvTimeoutError::Timeout) {
                signal(pid, "-KILL");
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(ended);
        killer.join().unwrap();
        output
    }

    /// Runs a subcommand that must end with 0, and gives its stdout.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.ok_with_input(arguments, "")
    }

    /// The same with something on stdin.
    pub(crate) fn ok_with_input(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run_with_input(arguments, input);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a role; its logs go to a file. It ends with the value.
    pub(crate) fn start(&self, role: &str) -> Role {
        self.start_with(&[role])
    }

    /// The same with arguments.
    pub(crate) fn start_with(&self, arguments: &[&str]) -> Role {
        let files = ["out", "log"].map(|kind| self.dir().join(format!("{}.{kind}", arguments[0])));
        let [out, log] = files.clone().map(|path| std::fs::File::create(path).unwrap());
        let child = self.command(arguments).stdout(out).stderr(log).spawn().unwrap();
        let [out, log] = files;
        Role { child, out, log }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CEKBRAND__") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command.args(arguments).envs(self.environment.iter().cloned()).current_dir(self.dir());
        command.stdin(Stdio::piped());
        command
    }
}

/// A running role.
pub(crate) struct Role {
    child: Child,
    out: PathBuf,
    log: PathBuf,
}

impl Role {
    /// Asks it to end, waits, and gives its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        self.signal("-TERM")
    }

    /// The same with Ctrl-C's signal.
    pub(crate) fn interrupt(&mut self) -> Option<i32> {
        self.signal("-INT")
    }

    fn signal(&mut self, name: &str) -> Option<i32> {
        self.send(name);
        let deadline = Instant::now() + TO_END;
        while self.is_running() {
            assert!(Instant::now() < deadline, "it does not end: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
        self.child.wait().unwrap().code()
    }

    /// Sends it a signal that does not end it.
    pub(crate) fn send(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// What it has said on stdout so far.
    pub(crate) fn stdout(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap()
    }

    /// Ends it with SIGKILL: no clean-up of its own.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// How much CPU time it has had so far.
    #[cfg(target_os = "linux")]
    pub(crate) fn cpu(&self) -> Duration {
        const TICK: Duration = Duration::from_millis(10);
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // User and system time are the 14th and 15th member; the name before them may hold blanks.
        let members: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        TICK * (members[11].parse::<u32>().unwrap() + members[12].parse::<u32>().unwrap())
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// What a command said on stderr.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A loopback port that is free now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An HTTP client.
pub(crate) fn http() -> reqwest::Client {
    // Another test may have chosen the provider already, which is as good.
    let _already = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
