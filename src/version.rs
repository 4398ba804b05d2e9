//! Which program this is: the version, and the build that a packager or the repository names.

/// The version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The build: what `CEKBRAND_BUILD` said when it was compiled, else the commit, else `dev`.
pub(crate) const BUILD: &str = env!("CEKBRAND_BUILD");

/// Both, for `--version`.
pub(crate) const LONG: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("CEKBRAND_BUILD"), ")");
