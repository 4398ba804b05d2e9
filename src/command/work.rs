//! `cekbrand work`: a worker.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use cekbrand_graph::HttpGraphApi;
use cekbrand_schema::SystemClock;
use cekbrand_workers::clock::DatabaseClock;
use cekbrand_workers::database::Use;
use cekbrand_workers::retention::Archive;
use cekbrand_workers::{Parts, Worker};
use clap::{Parser, ValueEnum};

use crate::admin::{self, Admin, Role};
use crate::canary::Canary;
use crate::config::{Config, roles};
use crate::refused::Refused;
use crate::{logging, shutdown};

/// Connections to the database: one for each lane, the rest for Graph reads and analytics.
pub(crate) const CONNECTIONS: u32 = 24;

/// Lands changes, reads the Graph API, computes analytics, and does what is due by time. Run as many as you
/// like.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  CEKBRAND__DATABASE__URL=postgres://cekbrand@localhost/cekbrand cekbrand work\n  \
                  cekbrand work --only land,analyse\n  cekbrand work --archive /var/lib/cekbrand/archive\n\n\
                  Needs Kafka and PostgreSQL. /healthz, /readyz and /metrics are on 127.0.0.1:9102 \
                  (CEKBRAND__ADMIN__LISTEN)."
)]
pub(crate) struct Args {
    /// Run these parts only.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Write the days of events and recorded answers that retention drops to Parquet files here first.
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
}

/// A part of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// From Kafka to rows.
    Land,
    /// Graph reads.
    Enrich,
    /// Analytics.
    Analyse,
    /// What is due by time.
    Schedule,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<()> {
    let config = Config::load(file, roles::WORK)?;
    logging::start(&config)?;
    let metrics = admin::record()?;
    let admin = Admin::bind(config.admin_listen(SocketAddr::from(([127, 0, 0, 1], 9102)))?).await?;
    let mut settings = config.work()?;
    settings.parts = parts(&args.only);
    settings.archive = args.archive.as_deref().map(open_archive).transpose()?;
    let clock = Arc::new(DatabaseClock::new(Arc::new(SystemClock)));
    let api = HttpGraphApi::new(config.graph()?, clock.clone()).context("no client for the Graph API")?;
    let shutdown = shutdown::on_signal()?;
    let pool = config.lazy_pool(CONNECTIONS, Use::Write)?;
    if let Err(error) = clock.set(&pool).await {
        tracing::warn!(%error, "the database does not tell the time yet");
    }
    let schedules = settings.parts.schedule;
    let mut worker = Worker::new(settings, &pool, Arc::new(api), &clock)?;
    if let Some(canary) = Canary::new(&config, &pool, clock.clone())?.filter(|_| schedules) {
        worker = worker.with(|stop| canary.watched(stop));
    }
    admin.start(metrics, vec![Role::new("work", worker.readiness())]);
    shutdown::within_grace(worker.run(shutdown.clone()), &shutdown, config.duration("shutdown_grace")?).await
}

/// A directory that cannot be written is wrong usage.
fn open_archive(directory: &Path) -> Result<Archive, Refused> {
    Archive::open(directory).map_err(|error| Refused(format!("{:#}", anyhow::Error::new(error))))
}

fn parts(only: &[Part]) -> Parts {
    let runs = |part| only.is_empty() || only.contains(&part);
    Parts {
        land: runs(Part::Land),
        enrich: runs(Part::Enrich),
        analyse: runs(Part::Analyse),
        schedule: runs(Part::Schedule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_named_means_everything() {
        assert_eq!(parts(&[]), Parts::default());
        let some = parts(&[Part::Land, Part::Analyse]);
        assert_eq!(some, Parts { land: true, enrich: false, analyse: true, schedule: false });
    }
}
