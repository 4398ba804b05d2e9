//! `cekbrand ledger`: the books.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use cekbrand_schema::Topics;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_workers::database::Use;
use clap::Parser;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::MetadataTopic;
use serde_json::json;

use crate::config::{Config, roles};
use crate::logging;
use crate::store::books::{self, LedgerRow, Totals, Work};

/// How long Kafka may take to say how far its log goes.
const PATIENCE: Duration = Duration::from_secs(3);

/// Shows what became of every record; exit code 1 if the books do not close.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand ledger\n  cekbrand ledger --json | jq .closed\n\n\
                        Per partition: next - start = landed + duplicates + dead_lettered + expired + continued.\n\
                        The lag is null where Kafka does not answer.")]
pub(crate) struct Args {
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<ExitCode> {
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let pool = config.pool(1, Use::Read).await?;
    let rows = books::ledger(&pool).await.context("the books cannot be read")?;
    let totals = books::totals(&pool).await.context("the books cannot be read")?;
    let work = books::work(&pool).await.context("the books cannot be read")?;
    let (kafka, topics) = (config.kafka()?, config.topics());
    let log = tokio::task::spawn_blocking(move || Log::read(&kafka, &topics));
    let log = log.await.context("the look at Kafka broke off")?;
    if args.json {
        print_json(&rows, &log, totals, work)?;
    } else {
        print_table(&rows, &log, totals, work);
    }
    Ok(if totals.closed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where each partition of our topics begins and ends in Kafka; nothing where Kafka does not say.
struct Log(Option<BTreeMap<(String, i32), (i64, i64)>>);

impl Log {
    fn read(kafka: &KafkaSettings, topics: &Topics) -> Self {
        let mut config = ClientConfig::new();
        for (name, value) in kafka.properties() {
            config.set(name, value);
        }
        config.set_log_level(RDKafkaLogLevel::Emerg);
        Self(config.create().ok().and_then(|consumer| Self::ask(&consumer, topics)))
    }

    fn ask(consumer: &BaseConsumer, topics: &Topics) -> Option<BTreeMap<(String, i32), (i64, i64)>> {
        let mut ends = BTreeMap::new();
        for (_, topic) in topics.iter() {
            let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).ok()?;
            for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
                let marks = consumer.fetch_watermarks(topic, partition.id(), PATIENCE).ok()?;
                ends.insert((topic.to_owned(), partition.id()), marks);
            }
        }
        Some(ends)
    }

    /// How many records of a partition nobody has read.
    fn lag(&self, row: &LedgerRow) -> Option<i64> {
        let (_, high) = self.0.as_ref()?.get(&(row.topic.clone(), row.partition))?;
        Some(high - row.next)
    }

    /// The same over all partitions, those that no worker has ever read included.
    fn total_lag(&self, rows: &[LedgerRow]) -> Option<i64> {
        let next: BTreeMap<(&str, i32), i64> =
            rows.iter().map(|row| ((row.topic.as_str(), row.partition), row.next)).collect();
        let unread = |((topic, partition), (low, high)): (&(String, i32), &(i64, i64))| {
            high - next.get(&(topic.as_str(), *partition)).copied().unwrap_or(*low)
        };
        Some(self.0.as_ref()?.iter().map(unread).sum())
    }
}

fn print_json(rows: &[LedgerRow], log: &Log, totals: Totals, work: Work) -> Result<()> {
    let partitions: Vec<_> = rows
        .iter()
        .map(|row| {
            let mut shown = serde_json::to_value(row)?;
            shown["lag"] = json!(log.lag(row));
            Ok(shown)
        })
        .collect::<Result<_, serde_json::Error>>()
        .context("the books are no JSON")?;
    let answer = json!({
        "closed": totals.closed,
        "landed": totals.landed,
        "duplicates": totals.duplicates,
        "dead_lettered": totals.dead_lettered,
        "expired": totals.expired,
        "lag": log.total_lag(rows),
        "tasks_done": work.done,
        "tasks_parked": work.parked,
        "tasks_open": work.open,
        "dirty_marks": work.dirty_marks,
        "partitions": partitions,
    });
    println!("{answer}");
    Ok(())
}

fn print_table(rows: &[LedgerRow], log: &Log, totals: Totals, work: Work) {
    println!(
        "{:<44} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "TOPIC-PARTITION", "NEXT", "LANDED", "DUPLICATES", "DEAD", "EXPIRED", "LAG"
    );
    for row in rows.iter().filter(|row| row.next > row.start || !row.closed) {
        let place = format!("{}-{}", row.topic, row.partition);
        let lag = log.lag(row).map_or("?".to_owned(), |lag| lag.to_string());
        let mark = if row.closed { "" } else { "  DOES NOT CLOSE" };
        println!(
            "{place:<44} {:>10} {:>10} {:>10} {:>10} {:>8} {lag:>8}{mark}",
            row.next, row.landed, row.duplicates, row.dead_lettered, row.expired
        );
    }
    let lag = log.total_lag(rows).map_or("unknown (Kafka does not answer)".to_owned(), |lag| lag.to_string());
    println!(
        "{} landed, {} duplicates, {} dead-lettered, {} expired; lag {lag}",
        totals.landed, totals.duplicates, totals.dead_lettered, totals.expired
    );
    println!(
        "reads: {} done, {} parked, {} open; {} dirty marks",
        work.done, work.parked, work.open, work.dirty_marks
    );
    println!("{}", if totals.closed { "the books close" } else { "THE BOOKS DO NOT CLOSE" });
}
