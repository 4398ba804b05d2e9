//! The subcommands, in the order of a first use.

pub(crate) mod account;
mod completions;
mod config;
mod connect;
mod demo;
mod dlq;
mod doctor;
mod ingest;
mod init;
mod key;
pub(crate) mod ledger;
mod man;
pub(crate) mod migrate;
mod rebuild;
mod replay;
mod send;
mod sentiment;
mod serve;
mod sizing;
mod subscribe;
mod support_bundle;
pub(crate) mod sync;
mod work;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Args),
    Init(init::Args),
    Migrate(migrate::Args),
    Ingest(ingest::Args),
    Work(work::Args),
    Serve(serve::Args),
    Account(account::Args),
    Sync(sync::Args),
    Key(key::Args),
    Ledger(ledger::Args),
    Rebuild(rebuild::Args),
    Replay(replay::Args),
    Dlq(dlq::Args),
    Connect(connect::Args),
    Subscribe(subscribe::Args),
    Config(config::Args),
    Doctor(doctor::Args),
    SupportBundle(support_bundle::Args),
    Sizing(sizing::Args),
    Send(send::Args),
    Sentiment(sentiment::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// How many threads the event loop gets, where it is not one for each core.
    pub(crate) fn threads(&self) -> Option<usize> {
        matches!(self, Self::Ingest(_)).then(ingest::threads)
    }
}

/// Runs a subcommand with the configuration file that was named. `whole` describes the command with all its
/// subcommands.
pub(crate) async fn run(
    command: Command,
    file: Option<&Path>,
    whole: fn() -> clap::Command,
) -> Result<ExitCode> {
    match command {
        Command::Init(args) => init::run(&args)?,
        Command::Migrate(args) => return migrate::run(&args, file).await,
        Command::Ingest(_) => ingest::run(file).await?,
        Command::Demo(args) => return demo::run(args, file).await,
        Command::Work(args) => work::run(&args, file).await?,
        Command::Serve(_) => serve::run(file).await?,
        Command::Account(args) => account::run(args, file).await?,
        Command::Sync(args) => return sync::run(&args, file).await,
        Command::Key(args) => key::run(args, file).await?,
        Command::Ledger(args) => return ledger::run(&args, file).await,
        Command::Rebuild(args) => return rebuild::run(&args, file).await,
        Command::Dlq(args) => dlq::run(args, file).await?,
        Command::Replay(args) => return replay::run(args, file).await,
        Command::Connect(args) => connect::run(args, file).await?,
        Command::Subscribe(args) => return subscribe::run(&args, file).await,
        Command::Config(args) => config::run(&args, file)?,
        Command::Doctor(args) => return doctor::run(&args, file).await,
        Command::SupportBundle(args) => support_bundle::run(&args, file).await?,
        Command::Send(args) => send::run(args, file).await?,
        Command::Sentiment(args) => sentiment::run(&args)?,
        Command::Sizing(args) => sizing::run(&args),
        Command::Completions(args) => completions::run(&args, whole()),
        Command::Man(args) => man::run(&args, whole())?,
    }
    Ok(ExitCode::SUCCESS)
}
