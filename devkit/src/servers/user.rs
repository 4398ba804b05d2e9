//! Whom a server runs as when we are root, which PostgreSQL refuses to be.

use std::fmt;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;

use anyhow::{Context, Result};

/// A user without rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unprivileged {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl fmt::Display for Unprivileged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.uid, self.gid)
    }
}

/// Nobody else unless we are root, whose directories are root's; then `postgres` or `nobody`, who gets `dir`.
///
/// # Errors
/// When there is no such user.
pub(super) fn unprivileged(dir: &Path) -> Result<Option<Unprivileged>> {
    if dir.metadata().with_context(|| format!("cannot look at {}", dir.display()))?.uid() != 0 {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let user = ["postgres", "nobody"].into_iter().find_map(|name| find(&passwd, name));
    let user =
        user.context("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")?;
    give(dir, user)?;
    Ok(Some(user))
}

/// Makes a file or a directory the user's.
///
/// # Errors
/// When the system refuses.
pub(super) fn give(path: &Path, user: Unprivileged) -> Result<()> {
    chown(path, Some(user.uid), Some(user.gid))
        .with_context(|| format!("cannot hand {} to PostgreSQL's user", path.display()))
}

fn find(passwd: &str, name: &str) -> Option<Unprivileged> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    // macOS writes the highest ids as negative numbers.
    let mut ids = line.split(':').skip(2).map(|id| {
        let id: i64 = id.parse().ok()?;
        u32::try_from(id.rem_euclid(1 << 32)).ok()
    });
    Some(Unprivileged { uid: ids.next()??, gid: ids.next()?? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd =
            "root:x:0:0::/root:/bin/sh\npostgresql:x:7:7::/:/bin/sh\npostgres:x:104:112::/:/bin/sh\n";
        assert_eq!(find(passwd, "postgres"), Some(Unprivileged { uid: 104, gid: 112 }));
        assert_eq!(find(passwd, "nobody"), None);
        let macos = "nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false\n";
        assert_eq!(find(macos, "nobody"), Some(Unprivileged { uid: u32::MAX - 1, gid: u32::MAX - 1 }));
    }
}
