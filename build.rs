//! The migrations are embedded, so a change to them must rebuild the command; so is the name of the build.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-env-changed=CEKBRAND_BUILD");
    println!("cargo:rustc-env=CEKBRAND_BUILD={}", build());
}

/// What a packager says, else the commit of a release build. Other builds change with every commit for no
/// reason.
fn build() -> String {
    let given = std::env::var("CEKBRAND_BUILD").ok().filter(|given| !given.trim().is_empty());
    if let Some(given) = given {
        return given.trim().to_owned();
    }
    if std::env::var("PROFILE").is_ok_and(|profile| profile != "release") {
        return "dev".to_owned();
    }
    println!("cargo:rerun-if-changed=.git/HEAD");
    let commit = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    let commit = commit.ok().filter(|output| output.status.success());
    let commit = commit.and_then(|output| String::from_utf8(output.stdout).ok());
    commit.map_or_else(|| "unknown".to_owned(), |commit| commit.trim().to_owned())
}
