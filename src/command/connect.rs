//! `cekbrand connect`: connects accounts through Meta's login dialogs, in a browser.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use cekbrand_schema::SystemClock;
use cekbrand_workers::clock::DatabaseClock;
use cekbrand_workers::database::Use;
use clap::Parser;
use tokio::net::TcpListener;

use crate::config::{Config, roles};
use crate::connect::{Connecting, Means};
use crate::{logging, port, shutdown};

/// Prints an address for a browser, in which accounts are connected through Meta's login dialogs, and shows how
/// their first reads get on; ends once those are done or nobody looks any more, or with Ctrl-C.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand connect\n  cekbrand connect --public-url https://brand.example.org/connect\n\n\
                  The app has to know the address that ends in /callback: Facebook Login > Settings > Valid OAuth Redirect URIs, \
                  and Instagram > API setup > Business login. Only localhost may do without HTTPS."
)]
pub(crate) struct Args {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8085")]
    listen: SocketAddr,
    /// The address by which browsers see it, where something stands in front; without a slash at its end.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Go on after the first accounts are connected.
    #[arg(long)]
    stay: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: Args, file: Option<&Path>) -> Result<()> {
    let mut needs = vec!["meta.app_id", "meta.app_secrets"];
    needs.extend(roles::TOKENS);
    let config = Config::load(file, &needs)?;
    logging::start_quiet()?;
    let pool = config.pool(4, Use::Write).await?;
    let clock = Arc::new(DatabaseClock::new(Arc::new(SystemClock)));
    clock.set(&pool).await.context("the database does not tell the time")?;
    let management = config.management()?;
    let listener = TcpListener::bind(args.listen).await;
    let listener = listener.map_err(|error| port::explain(error, args.listen, "--listen"))?;
    let place = listener.local_addr().context("the listener has no address")?;
    // Meta takes no address without a name, but for this one.
    let port = place.port();
    let own =
        if place.ip().is_loopback() { format!("http://localhost:{port}") } else { format!("http://{place}") };
    let base = args.public_url.unwrap_or(own);
    let base = base.trim_end_matches('/').to_owned();
    let means = Means { config, pool, management, redirect_uri: format!("{base}/callback"), clock };
    let connecting = Arc::new(Connecting::new(means));
    println!("open {base}/ in a browser; the app has to know {base}/callback");
    let (interrupted, done) = (shutdown::on_signal()?, connecting.done.clone());
    let end = async move {
        tokio::select! {
            () = interrupted.cancelled() => {}
            () = done.cancelled(), if !args.stay => {}
        }
    };
    axum::serve(listener, connecting.router())
        .with_graceful_shutdown(end)
        .await
        .context("the pages cannot be served")
}
