//! A Java that is recent enough for Kafka.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

/// What to do where there is none.
pub(super) const INSTALL: &str =
    "install a JDK of version 17 or later, and Maven (script/bootstrap --tests does)";
const OLDEST: u32 = 17;
/// Where Debian, Fedora, Homebrew and macOS keep JDKs: a directory for each.
const FAMILIES: [&str; 4] =
    ["/usr/lib/jvm", "/opt/homebrew/opt", "/usr/local/opt", "/Library/Java/JavaVirtualMachines"];

/// A Java to run.
#[derive(Debug)]
pub(super) struct Java {
    pub(super) program: PathBuf,
    /// Its JAVA_HOME, for Maven; unknown where it was found on PATH.
    pub(super) home: Option<PathBuf>,
}

/// The first that is recent enough: of JAVA_HOME, on PATH, or where packages put JDKs.
///
/// # Errors
/// One sentence: what is there, and what to install.
pub(super) fn find() -> Result<Java> {
    let given = std::env::var_os("JAVA_HOME").map(|home| at_home(home.into()));
    let on_path = Java { program: "java".into(), home: None };
    let installed = FAMILIES.into_iter().flat_map(|family| homes(Path::new(family))).map(at_home);
    choose(given.into_iter().chain([on_path]).chain(installed), version_of)
}

fn choose(candidates: impl Iterator<Item = Java>, version_of: impl Fn(&Java) -> Option<u32>) -> Result<Java> {
    let mut newest = None;
    for java in candidates {
        let version = version_of(&java);
        if version >= Some(OLDEST) {
            return Ok(java);
        }
        newest = newest.max(version);
    }
    match newest {
        Some(version) => bail!("Java {version} is too old for Kafka; {INSTALL}"),
        None => bail!("there is no Java; {INSTALL}"),
    }
}

fn at_home(home: PathBuf) -> Java {
    Java { program: home.join("bin/java"), home: Some(home) }
}

/// Every JDK of a family, in the order of their names. macOS has it two directories further down.
fn homes(family: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(family).into_iter().flatten().filter_map(Result::ok);
    let mut homes: Vec<PathBuf> = entries
        .flat_map(|entry| [entry.path(), entry.path().join("Contents/Home")])
        .filter(|home| home.join("bin/java").is_file())
        .collect();
    homes.sort_unstable();
    homes
}

/// Nothing where it does not run: macOS has a `java` that only tells where to get one.
fn version_of(java: &Java) -> Option<u32> {
    let output = Command::new(&java.program).arg("-version").output().ok()?;
    major(&String::from_utf8_lossy(&output.stderr))
}

/// The major version out of `openjdk version "17.0.15" 2025-04-15`.
fn major(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("version \"")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("openjdk version \"17.0.15\" 2025-04-15"), Some(17));
        assert_eq!(major("openjdk version \"25\" 2025-09-16"), Some(25));
        assert_eq!(major("java version \"1.8.0_402\""), Some(1));
        assert_eq!(major("command not found"), None);
    }

    #[test]
    fn an_old_java_on_the_path_hides_no_recent_one() {
        let chosen = |versions: &[(&str, Option<u32>)]| {
            let candidates = versions.iter().map(|(name, _)| at_home((*name).into()));
            let version = |java: &Java| {
                versions.iter().find(|(name, _)| java.home.as_deref() == Some(Path::new(name)))?.1
            };
            choose(candidates, version).map(|java| java.home.unwrap().display().to_string())
        };
        assert_eq!(
            chosen(&[("path", Some(11)), ("jdk-21", Some(21)), ("jdk-17", Some(17))]).unwrap(),
            "jdk-21"
        );
        let old = chosen(&[("path", Some(11)), ("jdk-8", Some(1))]).unwrap_err().to_string();
        assert!(old.starts_with("Java 11 is too old") && old.contains("17 or later"), "{old}");
        let none = chosen(&[("path", None)]).unwrap_err().to_string();
        assert!(none.starts_with("there is no Java") && none.contains("17 or later"), "{none}");
    }
}
