//! `cekbrand rebuild`: analytics computed again from the raw rows.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use cekbrand_schema::SystemClock;
use cekbrand_workers::analyse::Analyser;
use cekbrand_workers::analyse::rebuild::{Range, Rebuilt};
use cekbrand_workers::analyse::tables::TABLES;
use cekbrand_workers::clock::DatabaseClock;
use cekbrand_workers::database::Use;
use clap::Parser;
use indicatif::ProgressBar;
use jiff::civil::Date;

use crate::config::{Config, roles};
use crate::store::accounts;
use crate::{logging, progress};

/// Scoring beside the transaction of an account.
const CONNECTIONS: u32 = 2;

/// Computes analytics again from the raw rows, while workers go on.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand rebuild\n  \
                        cekbrand rebuild --account 17841400000000001 --from 2026-06-01\n\n\
                        Rows that are as they should be are not written. When it is broken off, run it again: \
                        accounts that are done cost little then.")]
pub(crate) struct Args {
    /// This account alone.
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// From this local day of the account on, as 2026-06-01; else from its first.
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,
    /// Up to this day; else up to the present one.
    #[arg(long, value_name = "DAY")]
    to: Option<Date>,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<ExitCode> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Ok(refused(&format!("--from {from} lies after --to {to}: exchange the two")));
    }
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let pool = config.pool(CONNECTIONS, Use::Write).await?;
    let accounts =
        accounts::list(&pool, args.account.as_deref()).await.context("the accounts cannot be read")?;
    if let (Some(account), []) = (&args.account, &accounts[..]) {
        return Ok(refused(&format!("account {account} is not known here: see cekbrand account list")));
    }
    let clock = Arc::new(DatabaseClock::new(Arc::new(SystemClock)));
    clock.set(&pool).await.context("the database does not tell the time")?;
    let analyser = Analyser::new(pool, clock, config.analyse()?);
    let ids: Vec<String> = accounts.into_iter().map(|account| account.account_id).collect();
    let range = Range { from: args.from, to: args.to };
    rebuild(&analyser, &ids, range, &progress::bar((ids.len() * TABLES.len()) as u64, "tables")).await?;
    Ok(ExitCode::SUCCESS)
}

/// Computes the accounts one after the other. One that fails does not keep the others from it.
async fn rebuild(analyser: &Analyser, accounts: &[String], range: Range, bar: &ProgressBar) -> Result<()> {
    let (mut all, mut failed) = (Rebuilt::default(), 0);
    for (place, account) in accounts.iter().enumerate() {
        bar.set_message(format!("tables; account {account}, {} of {}", place + 1, accounts.len()));
        match analyser.rebuild(account, range, |_| bar.inc(1)).await {
            Ok(Rebuilt { days, scored, written }) => {
                all.days += days;
                all.scored += scored;
                all.written += written;
            }
            Err(error) => {
                failed += 1;
                bar.suspend(|| eprintln!("account {account} could not be computed: {error}"));
            }
        }
        bar.set_position(((place + 1) * TABLES.len()) as u64);
    }
    bar.finish_and_clear();
    println!(
        "{} accounts, {} days: {} rows were not as they should be, {} comments had no score",
        accounts.len() - failed,
        all.days,
        all.written,
        all.scored
    );
    if failed > 0 {
        bail!("{failed} of {} accounts could not be computed: run it again for them", accounts.len());
    }
    Ok(())
}

fn refused(sentence: &str) -> ExitCode {
    eprintln!("error: {sentence}");
    ExitCode::from(2)
}
