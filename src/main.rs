//! The command `cekbrand`: wiring of the roles, one file per subcommand.
//!
//! ```text
//!  arguments ─▶ command/… ─▶ config (checked at once) ─▶ role ─▶ exit code: 0 done, 1 failed, 2 wrong usage
//! ```
//!
//! - [`config`]: the table of settings and its layers. [`logging`], [`shutdown`]: how a process begins and
//!   ends.
//! - `telemetry`: traces, with the cargo feature `otel`.
//! - [`admin`]: health, readiness, metrics. [`port`]: who has a port. [`files`]: how many may be open.
//! - [`canary`]: a delivery of our own, to see that there is a way. [`topics`]: creating Kafka topics.
//! - [`store`]: accounts, books, dead letters, audit. [`credential`]: an account's token, opened.
//!   [`progress`]: bars.
//! - [`connect`]: accounts by Meta's dialogs, in a browser. [`subscriptions`]: webhooks at both levels.
//! - [`doctor`]: what is wrong. [`sizing`]: what is needed.
//! - [`refused`]: wishes that are not fulfilled. [`republish`]: dead letters once more. [`version`]: which
//!   program this is.
//! - [`command`]: the subcommands.

mod admin;
mod canary;
mod command;
mod config;
mod connect;
mod credential;
mod doctor;
mod files;
mod logging;
mod port;
mod progress;
mod refused;
mod republish;
mod shutdown;
mod sizing;
mod store;
mod subscriptions;
#[cfg(feature = "otel")]
mod telemetry;
mod topics;
mod version;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::{CommandFactory, Parser};

use crate::command::Command;
use crate::config::ConfigError;
use crate::refused::Refused;

/// Receiving and landing allocate much and briefly, on many threads; librdkafka does too, and shares it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What an Instagram brand's stories, posts and conversations did: webhooks in, rows out, nothing lost.
#[derive(Debug, Parser)]
#[command(version = version::LONG, about, after_help = "Start with:\n  cekbrand demo")]
struct Cli {
    /// Configuration file [default: cekbrand.toml, where there is one].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            let is_usage = error.is::<ConfigError>() || error.is::<Refused>();
            ExitCode::from(if is_usage { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow!("another TLS provider was installed before ours"))?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = cli.command.threads() {
        runtime.worker_threads(threads);
    }
    let runtime = runtime.enable_all().build().context("the runtime cannot start")?;
    let ended = runtime.block_on(command::run(cli.command, cli.config.as_deref(), Cli::command));
    #[cfg(feature = "otel")]
    telemetry::end();
    ended
}
