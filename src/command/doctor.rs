//! `cekbrand doctor`: what is wrong, and how to mend it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::config::Config;
use crate::doctor::{self, Finding, Verdict};
use crate::{logging, progress};

/// Looks at configuration, database, Kafka, receiver, Meta, tokens and subscriptions, and says of each
/// mistake how to mend it; exit code 1 where there is one.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand doctor\n  cekbrand doctor --json | jq '.[] | select(.verdict == \"wrong\")'\n\n\
                  It changes nothing. The receiver gets one handshake and one signed delivery without changes."
)]
pub(crate) struct Args {
    /// Meta is asked about so many accounts at most.
    #[arg(long, default_value_t = 20)]
    accounts: usize,
    /// Show what is fine as well.
    #[arg(long)]
    all: bool,
    /// A JSON array of every check on stdout.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<ExitCode> {
    let config = Config::load(file, &[])?;
    logging::start_filtered("error")?;
    let spinner = progress::spinner("looking");
    let findings = doctor::examine(&config, args.accounts).await;
    spinner.finish_and_clear();
    if args.json {
        println!("{}", serde_json::to_string(&findings).context("the findings are no JSON")?);
    } else {
        print(&findings, args.all);
    }
    let is_well = !findings.iter().any(Finding::is_wrong);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(findings: &[Finding], all: bool) {
    for Finding { check, subject, verdict } in findings {
        let subject = subject.as_deref().map(|subject| format!(" {subject}")).unwrap_or_default();
        match verdict {
            Verdict::Wrong { what, mend } => {
                println!("WRONG    {check}{subject}: {what}\n         mend it: {mend}");
            }
            Verdict::Unknown { why } => println!("unknown  {check}{subject}: {why}"),
            Verdict::Fine { what } if all => println!("fine     {check}{subject}: {what}"),
            Verdict::Fine { .. } => {}
        }
    }
    let wrong = findings.iter().filter(|finding| finding.is_wrong()).count();
    let fine = findings.iter().filter(|finding| matches!(finding.verdict, Verdict::Fine { .. })).count();
    match wrong {
        0 => println!("nothing is wrong: {fine} checks are fine"),
        _ => println!("{wrong} mistakes; {fine} checks are fine"),
    }
}
