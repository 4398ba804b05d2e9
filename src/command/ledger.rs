//! `cekbrand ledger`: the books.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use cekbrand_schema::kafka::KafkaSettings;
use clap::Parser;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};
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
    let pool = config.pool(1).await?;
    let rows = books::ledger(&pool).await.context("the books cannot be read")?;
    let totals = books::totals(&pool).await.context("the books cannot be read")?;
    let work = books::work(&pool).await.context("the books cannot be read")?;
    let kafka = config.kafka()?;
    let (rows, lags) = tokio::task::spawn_blocking(move || {
        let lags = lags(&kafka, &rows);
        (rows, lags)
    })
    .await
    .context("the look at Kafka broke off")?;
    if args.json {
        print_json(&rows, &lags, totals, work)?;
    } else {
        print_table(&rows, &lags, totals, work);
    }
    Ok(if totals.closed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// For each partition how many records nobody has read; `None` where Kafka does not say.
fn lags(kafka: &KafkaSettings, rows: &[LedgerRow]) -> Vec<Option<i64>> {
    let mut config = ClientConfig::new();
    for (name, value) in kafka.properties() {
        config.set(name, value);
    }
    config.set_log_level(RDKafkaLogLevel::Emerg);
    let Ok(consumer) = config.create::<BaseConsumer>() else { return vec![None; rows.len()] };
    let mut reachable = consumer.fetch_metadata(None, PATIENCE).is_ok();
    rows.iter()
        .map(|row| {
            if !reachable {
                return None;
            }
            let marks = consumer.fetch_watermarks(&row.topic, row.partition, PATIENCE).ok();
            // One that does not answer is enough: each would be waited for in turn.
            reachable = marks.is_some();
            marks.map(|(_, high)| high - row.next)
        })
        .collect()
}

fn print_json(rows: &[LedgerRow], lags: &[Option<i64>], totals: Totals, work: Work) -> Result<()> {
    let partitions: Vec<_> = rows
        .iter()
        .zip(lags)
        .map(|(row, lag)| {
            let mut shown = serde_json::to_value(row)?;
            shown["lag"] = json!(lag);
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
        "lag": sum(lags),
        "tasks_done": work.done,
        "tasks_parked": work.parked,
        "tasks_open": work.open,
        "dirty_marks": work.dirty_marks,
        "partitions": partitions,
    });
    println!("{answer}");
    Ok(())
}

fn print_table(rows: &[LedgerRow], lags: &[Option<i64>], totals: Totals, work: Work) {
    println!(
        "{:<44} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}",
        "TOPIC-PARTITION", "NEXT", "LANDED", "DUPLICATES", "DEAD", "EXPIRED", "LAG"
    );
    for (row, lag) in rows.iter().zip(lags).filter(|(row, _)| row.next > row.start || !row.closed) {
        let place = format!("{}-{}", row.topic, row.partition);
        let lag = lag.map_or("?".to_owned(), |lag| lag.to_string());
        let mark = if row.closed { "" } else { "  DOES NOT CLOSE" };
        println!(
            "{place:<44} {:>10} {:>10} {:>10} {:>10} {:>8} {lag:>8}{mark}",
            row.next, row.landed, row.duplicates, row.dead_lettered, row.expired
        );
    }
    let lag = sum(lags).map_or("unknown (Kafka does not answer)".to_owned(), |lag| lag.to_string());
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

fn sum(lags: &[Option<i64>]) -> Option<i64> {
    lags.iter().copied().sum()
}
