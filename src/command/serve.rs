//! `cekbrand serve`: the read API.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use cekbrand_insights::Insights;
use cekbrand_schema::SystemClock;
use cekbrand_workers::database::Use;
use clap::Parser;

use crate::admin::{self, Admin, Role};
use crate::config::{Config, roles};
use crate::{logging, port, shutdown};

/// Connections to the database.
const CONNECTIONS: u32 = 16;

/// Answers programs that hold an API key with what is known of accounts, media and comments, and of the
/// pipeline itself. /openapi.json describes it.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  CEKBRAND__DATABASE__URL=postgres://cekbrand@localhost/cekbrand cekbrand serve\n  curl -H \
                  \"Authorization: Bearer $KEY\" http://127.0.0.1:8081/api/pipeline\n\n\
                  Needs PostgreSQL. Listens on 127.0.0.1:8081 (CEKBRAND__SERVE__LISTEN); /healthz, /readyz and \
                  /metrics are on 127.0.0.1:9103 (CEKBRAND__ADMIN__LISTEN). `cekbrand key create` makes keys."
)]
pub(crate) struct Args {}

/// Runs the subcommand.
pub(crate) async fn run(file: Option<&Path>) -> Result<()> {
    let config = Config::load(file, roles::DATABASE)?;
    logging::start(&config)?;
    let metrics = admin::record()?;
    let settings = config.serve()?;
    let (grace, listen) = (settings.shutdown_grace, settings.listen);
    let shutdown = shutdown::on_signal()?;
    let admin = Admin::bind(config.admin_listen(SocketAddr::from(([127, 0, 0, 1], 9103)))?).await?;
    let pool = config.lazy_pool(CONNECTIONS, Use::Read)?;
    let bound = Insights::bind(settings, pool, Arc::new(SystemClock)).await;
    let serve = bound.map_err(|error| port::explain(error, listen, "CEKBRAND__SERVE__LISTEN"))?;
    admin.start(metrics, vec![Role::new("serve", serve.readiness())]);
    let running = async {
        serve.run(shutdown.clone()).await;
        Ok::<(), Infallible>(())
    };
    shutdown::within_grace(running, &shutdown, grace).await
}
