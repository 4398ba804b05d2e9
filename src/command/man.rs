//! `cekbrand man`: manual pages, one for each subcommand.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;

/// Writes manual pages into a folder, one for each subcommand.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand man /usr/local/share/man/man1\n  man cekbrand-account")]
pub(crate) struct Args {
    /// The folder; it is made where it is lacking.
    folder: PathBuf,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args, whole: clap::Command) -> Result<()> {
    let shown = args.folder.display();
    std::fs::create_dir_all(&args.folder).with_context(|| format!("{shown} cannot be made"))?;
    clap_mangen::generate_to(whole, &args.folder)
        .with_context(|| format!("the pages cannot be written to {shown}"))?;
    println!("the manual is in {shown}; `man cekbrand` shows it where man looks there");
    Ok(())
}
