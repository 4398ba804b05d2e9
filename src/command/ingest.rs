//! `cekbrand ingest`: the webhook receiver.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use cekbrand_ingest::{Ingest, StartError};
use cekbrand_schema::SystemClock;
use clap::Parser;

use crate::admin::{self, Admin, Role};
use crate::config::{Config, ConfigError, roles};
use crate::{files, logging, port, shutdown};

/// Receives Meta's webhooks and makes every change durable in Kafka before it answers 200.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  CEKBRAND__META__APP_SECRETS=... CEKBRAND__META__VERIFY_TOKEN=... cekbrand ingest\n\n\
                  Needs Kafka. Listens on 127.0.0.1:8080 (CEKBRAND__INGEST__LISTEN); /healthz, /readyz and /metrics \
                  are on 127.0.0.1:9101 (CEKBRAND__ADMIN__LISTEN)."
)]
pub(crate) struct Args {}

/// A core is left to the Kafka client, which has threads of its own. Measured on two cores: where it has to
/// share both, each delivery costs a fifth more, and waits longer.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

/// Runs the subcommand.
pub(crate) async fn run(file: Option<&Path>) -> Result<()> {
    let config = Config::load(file, roles::INGEST)?;
    logging::start(&config)?;
    files::raise_limit(config.number("ingest.max_requests")?);
    let metrics = admin::record()?;
    let settings = config.ingest()?;
    let (grace, listen) = (settings.shutdown_grace, settings.listen);
    let shutdown = shutdown::on_signal()?;
    let admin = Admin::bind(config.admin_listen(SocketAddr::from(([127, 0, 0, 1], 9101)))?).await?;
    let bound = Ingest::bind(settings, Arc::new(SystemClock)).await;
    let ingest = bound.map_err(|error| explain(error, listen))?;
    let role = Role::new("ingest", ingest.readiness()).with_remark(ingest.remark());
    admin.start(metrics, vec![role]);
    shutdown::within_grace(ingest.run(shutdown.clone()), &shutdown, grace).await
}

/// A directory that cannot be a spool is a setting that is wrong.
fn explain(error: StartError, listen: SocketAddr) -> anyhow::Error {
    match error {
        StartError::Spool(error) => ConfigError::one(format!("{:#}", anyhow::Error::new(error))).into(),
        error => port::explain(error, listen, "CEKBRAND__INGEST__LISTEN"),
    }
}
