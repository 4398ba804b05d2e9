//! `cekbrand ledger`: the books.
//!
//! - [`log`]: what Kafka holds. [`words`]: what is wrong, in words.

mod log;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use cekbrand_workers::database::Use;
use clap::Parser;
use serde_json::json;

use self::log::Log;
pub(crate) use self::log::log;
use crate::config::{Config, roles};
use crate::logging;
use crate::store::books::{self, Held, LedgerRow, TaskState, Totals, Work};

/// Shows what became of every record; exit code 1 if the books do not close.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand ledger\n  cekbrand ledger --partitions --deep\n  cekbrand ledger --json | jq .closed\n\n\
                        Per partition: next - start = landed + duplicates + dead_lettered + expired + continued.\n\
                        The lag is null where Kafka does not answer."
)]
pub(crate) struct Args {
    /// Each partition by itself.
    #[arg(long)]
    partitions: bool,
    /// Count the rows as well, which takes a while: each that was counted is there, or was pruned.
    #[arg(long)]
    deep: bool,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

/// Everything that the books say.
struct Books {
    rows: Vec<LedgerRow>,
    totals: Totals,
    work: Work,
    tasks: Vec<TaskState>,
    log: Log,
    /// Rows by topic and partition, if they were counted.
    held: Option<Vec<Held>>,
    /// What is wrong, each in a sentence.
    problems: Vec<String>,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<ExitCode> {
    const UNREADABLE: &str = "the books cannot be read";
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let pool = config.pool(1, Use::Read).await?;
    // Kafka first: what it gets while the books are read is lag, and no contradiction.
    let log = log(&config).await;
    let held = if args.deep { Some(books::held(&pool).await.context(UNREADABLE)?) } else { None };
    let mut books = Books {
        rows: books::ledger(&pool).await.context(UNREADABLE)?,
        totals: books::totals(&pool).await.context(UNREADABLE)?,
        work: books::work(&pool).await.context(UNREADABLE)?,
        tasks: books::tasks(&pool).await.context(UNREADABLE)?,
        log,
        held,
        problems: Vec::new(),
    };
    books.problems = words::problems(&books);
    if args.json {
        books.print_json()?;
    } else {
        books.print_table(args.partitions);
    }
    Ok(if books.closed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Books {
    fn closed(&self) -> bool {
        self.totals.closed && self.problems.is_empty()
    }

    fn print_json(&self) -> Result<()> {
        let Self { totals, work, .. } = self;
        let mut partitions = Vec::new();
        for row in &self.rows {
            let mut shown = serde_json::to_value(row).context("the books are no JSON")?;
            shown["lag"] = json!(self.log.lag(row));
            partitions.push(shown);
        }
        let answer = json!({
            "closed": self.closed(),
            "landed": totals.landed,
            "duplicates": totals.duplicates,
            "dead_lettered": totals.dead_lettered,
            "expired": totals.expired,
            "lag": self.log.total_lag(&self.rows),
            "tasks_done": work.done,
            "tasks_parked": work.parked,
            "tasks_open": work.open,
            "dirty_marks": work.dirty_marks,
            "partitions": partitions,
            "tasks": self.tasks,
            "rows": self.held,
            "problems": self.problems,
        });
        println!("{answer}");
        Ok(())
    }

    fn print_table(&self, each: bool) {
        let first = if each { "TOPIC-PARTITION" } else { "TOPIC" };
        println!(
            "{first:<44} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}",
            "READ", "LANDED", "DUPLICATES", "DEAD", "EXPIRED", "LAG"
        );
        for (place, line) in self.lines(each) {
            let lag = line.lag.map_or("?".to_owned(), |lag| lag.to_string());
            let mark = if line.closed { "" } else { "  DOES NOT CLOSE" };
            println!(
                "{place:<44} {:>10} {:>10} {:>10} {:>10} {:>8} {lag:>8}{mark}",
                line.read, line.landed, line.duplicates, line.dead_lettered, line.expired
            );
        }
        self.print_sums();
        for held in self.held.iter().flatten() {
            let Held { topic, partition, events, dead_letters } = held;
            if each {
                println!("rows of {topic}-{partition}: {events} events, {dead_letters} dead letters");
            }
        }
        if self.held.is_some() && self.problems.is_empty() {
            println!(
                "every record that is counted as landed or dead-lettered has its row, or retention took it"
            );
        }
        for problem in &self.problems {
            println!("{problem}");
        }
        println!("{}", if self.closed() { "the books close" } else { "THE BOOKS DO NOT CLOSE" });
    }

    fn print_sums(&self) {
        let Self { totals, work, .. } = self;
        let lag = self.log.total_lag(&self.rows);
        let lag = lag.map_or("unknown (Kafka does not answer)".to_owned(), |lag| lag.to_string());
        println!(
            "{} landed, {} duplicates, {} dead-lettered, {} expired; lag {lag}",
            totals.landed, totals.duplicates, totals.dead_lettered, totals.expired
        );
        println!(
            "reads: {} done, {} parked, {} open; {} dirty marks",
            work.done, work.parked, work.open, work.dirty_marks
        );
        for TaskState { kind, state, reason, n } in &self.tasks {
            let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            println!("  {kind:<20} {state}{reason}: {n}");
        }
    }

    /// The lines of the table: a lane's partitions together, or each by itself.
    fn lines(&self, each: bool) -> BTreeMap<String, Line> {
        let mut lines = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.next > row.start || !row.closed) {
            let place = if each { format!("{}-{}", row.topic, row.partition) } else { row.topic.clone() };
            let line = lines.entry(place).or_insert(Line { closed: true, lag: Some(0), ..Line::default() });
            line.read += row.next - row.start;
            line.landed += row.landed;
            line.duplicates += row.duplicates;
            line.dead_lettered += row.dead_lettered;
            line.expired += row.expired;
            line.lag = line.lag.zip(self.log.lag(row)).map(|(sum, lag)| sum + lag);
            line.closed &= row.closed;
        }
        lines
    }
}

/// A line of the table.
#[derive(Default)]
struct Line {
    read: i64,
    landed: i64,
    duplicates: i64,
    dead_lettered: i64,
    expired: i64,
    lag: Option<i64>,
    closed: bool,
}
