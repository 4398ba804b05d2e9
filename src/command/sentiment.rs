//! `cekbrand sentiment`: the sentiment model by itself.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// Scores comments, or measures how well that works.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  echo 'keren banget kak' | cekbrand sentiment score")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One comment a line on stdin, one JSON object a line on stdout.
    #[command(after_help = "Example:\n  echo 'keren banget kak' | cekbrand sentiment score")]
    Score,
    /// Lines of `class<TAB>text` (pos, neu, neg): precision, recall and F1 of each class, and macro-F1.
    #[command(after_help = "Example:\n  cekbrand sentiment eval labelled.tsv --json")]
    Eval {
        /// The labelled comments.
        file: PathBuf,
        /// One JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.action {
        Action::Score => {
            let stdout = BufWriter::new(std::io::stdout().lock());
            cekbrand_sentiment::score_lines(std::io::stdin().lock(), stdout).context("scoring broke off")?;
            Ok(())
        }
        Action::Eval { file, json } => evaluate(file, *json),
    }
}

fn evaluate(path: &Path, json: bool) -> Result<()> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let evaluation = cekbrand_sentiment::evaluate(BufReader::new(file))
        .with_context(|| format!("{shown} cannot be used"))?;
    if json {
        println!("{}", serde_json::to_string(&evaluation).context("the figures are no JSON")?);
    } else {
        println!("{evaluation}");
    }
    Ok(())
}
