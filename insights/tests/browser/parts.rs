//! What a browser test needs: node, a chromium, and two packages of npm, fetched once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

/// Exactly these, so that every machine tests the same.
const PACKAGES: [&str; 2] = ["playwright-core@1.65.1", "axe-core@4.14.1"];
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const LACKING: &str = "the browser tests need Node 18 or later with npm, and Chromium. Install them \
                       (Debian: apt-get install nodejs npm chromium; or run script/bootstrap --tests), or \
                       name a browser in CEKBRAND_TEST_CHROMIUM";

/// Where the parts are.
pub(crate) struct Parts {
    pub(crate) node: PathBuf,
    pub(crate) chromium: PathBuf,
    pub(crate) modules: PathBuf,
    /// Where screenshots go.
    pub(crate) pictures: PathBuf,
}

/// Finds or fetches them.
pub(crate) fn obtain() -> Result<Parts> {
    let named = std::env::var_os("CEKBRAND_TEST_CHROMIUM").map(PathBuf::from);
    let chromium = named.or_else(|| BROWSERS.into_iter().find_map(on_path));
    let (Some(node), Some(npm), Some(chromium)) = (on_path("node"), on_path("npm"), chromium) else {
        bail!(LACKING);
    };
    let folder = target().join("browser");
    let modules = folder.join("node_modules");
    std::fs::create_dir_all(&folder)?;
    if !PACKAGES.iter().all(|package| is_installed(&modules, package)) {
        install(&npm, &folder)?;
    }
    let pictures = folder.join("pictures");
    std::fs::create_dir_all(&pictures)?;
    Ok(Parts { node, chromium, modules, pictures })
}

fn install(npm: &Path, folder: &Path) -> Result<()> {
    let done = Command::new(npm)
        .args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
        .arg(folder)
        .args(PACKAGES)
        .output()
        .context(LACKING)?;
    ensure!(
        done.status.success(),
        "npm could not fetch {PACKAGES:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

fn is_installed(modules: &Path, package: &str) -> bool {
    let Some((name, version)) = package.split_once('@') else { return false };
    let told = std::fs::read_to_string(modules.join(name).join("package.json")).unwrap_or_default();
    told.contains(&format!("\"version\": \"{version}\""))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Where cargo builds: the test binary lies in `target/debug/deps`.
fn target() -> PathBuf {
    let binary = std::env::current_exe().unwrap_or_default();
    binary.ancestors().nth(3).map_or_else(|| PathBuf::from("target"), Path::to_path_buf)
}
