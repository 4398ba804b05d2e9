//! The subcommands, in the order of a first use.

mod completions;
mod ingest;
mod init;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Ingest(ingest::Args),
    Completions(completions::Args),
}

/// Runs a subcommand with the configuration file that was named.
pub(crate) async fn run(command: Command, file: Option<&Path>) -> Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(&args)?,
        Command::Ingest(_) => ingest::run(file).await?,
        Command::Completions(args) => completions::run(&args),
    }
    Ok(ExitCode::SUCCESS)
}
