//! `cekbrand subscribe`: webhooks at both levels, of the app and of each account.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use cekbrand_workers::database::Use;
use clap::Parser;
use serde_json::json;

use crate::command::account;
use crate::config::{Config, roles};
use crate::logging;
use crate::store::accounts;
use crate::subscriptions::{self, Standing};

/// Subscribes the app and every watched account to the webhooks that are read; exit code 1 where one is not
/// subscribed then.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand subscribe\n  cekbrand subscribe --check\n  cekbrand subscribe 17841400000000001\n\n\
                  Meta sends nothing of an account that is not subscribed by itself, however the app is. For the app it asks the \
                  receiver for its challenge: `cekbrand ingest` has to run, at CEKBRAND__INGEST__PUBLIC_URL."
)]
pub(crate) struct Args {
    /// These accounts, and the app not; without any: the app and every watched account.
    #[arg(value_name = "ACCOUNT", value_parser = account::account_id)]
    accounts: Vec<String>,
    /// Only look; change nothing.
    #[arg(long)]
    check: bool,
    /// A JSON array on stdout.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<ExitCode> {
    let mut needs = vec!["meta.app_id", "meta.app_secrets"];
    needs.extend(roles::TOKENS);
    if !args.check && args.accounts.is_empty() {
        needs.extend(["ingest.public_url", "meta.verify_token"]);
    }
    let config = Config::load(file, &needs)?;
    logging::start_quiet()?;
    let pool = config.pool(1, Use::Write).await?;
    let management = config.management()?;
    let mut standings = Vec::new();
    let mut ids = Vec::new();
    for id in &args.accounts {
        ids.push(account::known(&pool, id).await?);
    }
    if ids.is_empty() {
        standings.push(if args.check {
            subscriptions::of_app(&config, &management).await
        } else {
            subscriptions::subscribe_app(&config, &management).await?
        });
        ids = accounts::watched(&pool).await.context("accounts cannot be read")?;
    }
    for id in &ids {
        standings.push(if args.check {
            subscriptions::of_account(&config, &management, &pool, id).await
        } else {
            subscriptions::subscribe_account(&config, &management, &pool, id).await
        });
    }
    report(&standings, args.json);
    let is_well = standings.iter().all(|standing| standing.problem.is_none());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(standings: &[Standing], json: bool) {
    if json {
        println!("{}", json!(standings));
        return;
    }
    for Standing { subject, problem } in standings {
        println!("{subject:<20} {}", problem.as_deref().unwrap_or("subscribed"));
    }
}
