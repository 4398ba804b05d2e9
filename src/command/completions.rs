//! `cekbrand completions`: shell completions on stdout.

use clap::Parser;
use clap_complete::Shell;

/// Prints completions for a shell.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand completions bash > /etc/bash_completion.d/cekbrand")]
pub(crate) struct Args {
    /// Which shell.
    shell: Shell,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args, mut whole: clap::Command) {
    clap_complete::generate(args.shell, &mut whole, "cekbrand", &mut std::io::stdout());
}
