//! `cekbrand demo`: the whole pipeline in one process, on embedded parts.
//!
//! ```text
//!  generator ─▶ sender ─▶ ingest ─▶ Kafka (in process) ─▶ worker ─▶ PostgreSQL (private) ─▶ serve
//!                                                            └─▶ simulator of the Graph API
//! ```
//!
//! - [`parts`]: starts all of it; [`ports`]: where. [`feed`]: sends changes, not faster than they are read.
//! - [`settle`]: waits until the books close and the work is done. [`summary`]: what came of it.

mod feed;
mod parts;
mod ports;
mod settle;
mod summary;

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use secrecy::ExposeSecret;

use self::parts::Parts;
use self::summary::Summary;
use crate::config::Config;
use crate::{logging, shutdown};

/// What the receiver says of bodies that cannot be parsed is no news here: some are sent on purpose.
const LOGS: &str = "warn,cekbrand_ingest::stats=error";

/// Runs the whole pipeline on embedded parts: invented, signed webhooks in, rows and figures out.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand demo\n  cekbrand demo --once --events 2000 --json\n\n\
                        Takes this machine's PostgreSQL, else Docker's, else fetches one. Kafka is simulated in \
                        process, unless CEKBRAND__KAFKA__BROKERS names a real one.")]
pub(crate) struct Args {
    /// End when everything has settled; exit code 0 only if nothing is missing.
    #[arg(long)]
    once: bool,
    /// How many changes to send.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,
    /// The same seed invents the same brands and changes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One JSON object as the last line of stdout, instead of tables.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: Args, file: Option<&Path>) -> Result<ExitCode> {
    let started = Instant::now();
    let config = Config::load(file, &[])?;
    if config.is_given("log.level") {
        logging::start(&config)?;
    } else {
        logging::start_filtered(LOGS)?;
    }
    let stop = shutdown::on_signal()?;
    let Some(started_parts) = stop.run_until_cancelled(Parts::start(config, args.seed, args.once)).await
    else {
        return Ok(ExitCode::FAILURE);
    };
    let (parts, mut roles) = started_parts?;
    let shown = tokio::select! {
        shown = show(&parts, &args, started) => shown,
        failure = roles.failure() => Err(failure),
        () = stop.cancelled() => Err(anyhow!("the demo was interrupted before it was through")),
    };
    if let (Ok(summary), false) = (&shown, args.once) {
        print_places(&parts, summary);
        tokio::select! {
            failure = roles.failure() => return Err(failure),
            () = stop.cancelled() => {}
        }
    }
    // In order, whatever happened: Kafka and PostgreSQL must be there until the roles are gone.
    let ended = roles.end().await.context("the demo did not end in order");
    let is_complete = shown?.is_complete();
    ended.map(|()| if is_complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends, waits, and says what came of it.
async fn show(parts: &Parts, args: &Args, started: Instant) -> Result<Summary> {
    let sent = feed::run(parts, args.seed, args.events).await?;
    let settled = settle::wait(parts, &sent).await?;
    let summary = Summary::gather(parts, &sent, settled, started.elapsed()).await?;
    if args.json {
        summary.print_json()?;
    } else {
        summary.print_tables();
    }
    Ok(summary)
}

fn print_places(parts: &Parts, summary: &Summary) {
    let key = parts.api_key.expose_secret();
    println!();
    println!("webhooks   POST http://{}/webhooks/instagram", parts.ingest);
    println!("dashboard  http://{}/ (sign in with {key})", parts.serve);
    println!("pipeline   curl -H 'Authorization: Bearer {key}' http://{}/api/pipeline", parts.serve);
    if let Some(medium) = summary.a_medium() {
        let url = format!("http://{}/api/instagram/insights/{medium}", parts.serve);
        println!("a medium   curl -H 'Authorization: Bearer {key}' {url}");
    }
    println!("metrics    curl http://{}/metrics", parts.admin);
    println!("database   psql '{}'", parts.database_url());
    println!("Graph API  {} (simulated)", parts.simulator.base_url());
    if std::io::stdout().is_terminal() {
        println!("\nCtrl-C ends it and removes everything.");
    }
}
