//! `cekbrand config`: validates without starting, and shows what holds.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

use crate::config::{Config, Setting, roles};

/// Validates the configuration, and shows what holds and where it comes from.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand config check\n  cekbrand config show")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Reports every mistake at once and starts nothing; exit code 2 where there is one.
    #[command(
        after_help = "Example:\n  cekbrand config check\n  cekbrand --config /etc/cekbrand.toml config check --role work"
    )]
    Check {
        /// What these roles cannot do without must be there; without any: of all three.
        #[arg(long = "role", value_enum)]
        roles: Vec<Role>,
    },
    /// Shows every setting, its text and where it was found; secrets only say that they are there.
    #[command(
        after_help = "Example:\n  cekbrand config show\n  cekbrand config show --json | jq '.[] | select(.origin != \"the default\")'"
    )]
    Show {
        /// A JSON array on stdout.
        #[arg(long)]
        json: bool,
    },
}

/// A role of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// The receiver.
    Ingest,
    /// A worker.
    Work,
    /// The read API.
    Serve,
}

impl Role {
    const ALL: [Self; 3] = [Self::Ingest, Self::Work, Self::Serve];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Work => "work",
            Self::Serve => "serve",
        }
    }

    const fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Ingest => roles::INGEST,
            Self::Work => roles::WORK,
            Self::Serve => roles::DATABASE,
        }
    }
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args, file: Option<&Path>) -> Result<()> {
    match &args.action {
        Action::Check { roles } => check(if roles.is_empty() { &Role::ALL } else { roles }, file),
        Action::Show { json } => show(*json, file),
    }
}

fn check(roles: &[Role], file: Option<&Path>) -> Result<()> {
    let mut needs: Vec<&str> = roles.iter().flat_map(|role| role.needs()).copied().collect();
    needs.sort_unstable();
    needs.dedup();
    let config = Config::load(file, &needs)?;
    // What is valid as a text may still be refused as a whole.
    for role in roles {
        match role {
            Role::Ingest => config.ingest().map(|_| ())?,
            Role::Work => config.work().map(|_| ())?,
            Role::Serve => config.serve().map(|_| ())?,
        }
    }
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    println!("the configuration is valid for {}", names.join(", "));
    Ok(())
}

fn show(json: bool, file: Option<&Path>) -> Result<()> {
    let shown = Config::load(file, &[])?.shown();
    if json {
        println!("{}", serde_json::to_string(&shown).context("the settings are no JSON")?);
        return Ok(());
    }
    for setting in shown {
        let value = setting.value.as_deref().unwrap_or("(unset)");
        let variable = crate::config::find(setting.name).map(Setting::variable).unwrap_or_default();
        let origin = setting.origin.unwrap_or(variable);
        println!("{:<28} {value:<34} {origin}", setting.name);
    }
    Ok(())
}
