//! `cekbrand completions`: shell completions on stdout.

use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use crate::Cli;

/// Prints completions for a shell.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand completions bash > /etc/bash_completion.d/cekbrand")]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) {
    clap_complete::generate(args.shell, &mut Cli::command(), "cekbrand", &mut std::io::stdout());
}
