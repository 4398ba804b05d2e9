//! `cekbrand replay`: past changes through the row writers again.

use std::num::NonZeroU32;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::database::Use;
use cekbrand_workers::replay::{Enrich, Order, ReplayError, Replayer, Report, Run, Source, order};
use clap::{Parser, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::config::{Config, roles};
use crate::refused::Refused;
use crate::store::audit;
use crate::{logging, progress, shutdown};

/// Connections: the run's own, one to read events, one to write, one to spare.
const CONNECTIONS: u32 = 4;

/// Reprocesses past changes: what a mended program makes otherwise is mended in the rows; an unchanged one
/// changes no row.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand replay --topic instagram.comments.v1 --from 2026-11-20 --dry-run\n  \
                  cekbrand replay --topic comments --from 2026-11-20T06:00:00Z --to 2026-11-21 --account 17841400000000001\n  \
                  cekbrand replay --topic story-insights --from 2025-11-20 --source events\n  \
                  cekbrand replay --resume 7\n\n\
                  Only changes that landed are gone through. Times are those at which Kafka took a record, or, with\n\
                  --source events, at which the receiver had it. Ctrl-C stops it; it says how to go on."
)]
pub(crate) struct Args {
    /// The topic, or the name of its lane.
    #[arg(long, required_unless_present = "resume")]
    topic: Option<String>,
    /// Start of the range, inclusive: RFC 3339, or a date in UTC.
    #[arg(long, value_name = "TIME", value_parser = instant, required_unless_present = "resume")]
    from: Option<Timestamp>,
    /// End of the range, exclusive; without it: now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<Timestamp>,
    /// Only changes of this account.
    #[arg(long)]
    account: Option<String>,
    /// What becomes of reads.
    #[arg(long, value_enum, default_value_t = Reads::Recorded)]
    enrich: Reads,
    /// Where the changes come from.
    #[arg(long, value_enum, default_value_t = From::Kafka)]
    source: From,
    /// Take each portion back, and say about how many rows would change.
    #[arg(long)]
    dry_run: bool,
    /// Go through this many records a second at most, so that live work keeps its latency.
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
    /// Go on with a run that was interrupted.
    #[arg(long, value_name = "ID", conflicts_with_all = ["topic", "from", "to", "account", "enrich", "source", "dry_run"])]
    resume: Option<i64>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reads {
    /// Recorded answers of the range make their rows again; no Graph call.
    Recorded,
    /// What the changes make wanted is read anew, in the last lane.
    Fresh,
    /// Nothing.
    None,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    /// As far back as Kafka keeps records.
    Kafka,
    /// As far back as the database keeps events.
    Events,
}

/// Runs the subcommand.
pub(crate) async fn run(args: Args, file: Option<&Path>) -> Result<ExitCode> {
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let replayer = Replayer {
        pool: config.pool(CONNECTIONS, Use::Write).await?,
        kafka: config.kafka()?,
        topics: config.topics(),
        clock: Arc::new(SystemClock),
        stop: shutdown::on_signal()?,
        rate: args.rate,
    };
    let run = match args.resume {
        Some(id) => replayer.resume(id).await.map_err(explain)?,
        None => replayer.begin(asked(&args, &replayer)?).await.map_err(explain)?,
    };
    note(&replayer, &run, args.resume.is_some()).await?;
    let (id, is_dry) = (run.id, run.order.dry_run);
    let bar = progress::paced(run.progress.total, "records");
    bar.set_position(run.progress.seen);
    let ended = replayer.run(run, |progress| bar.set_position(progress.seen)).await;
    bar.finish_and_clear();
    let report = ended.map_err(|error| match error {
        ReplayError::Refused(_) => explain(error),
        error if is_dry => explain(error),
        error => {
            explain(error).context(format!("the replay stopped; go on with `cekbrand replay --resume {id}`"))
        }
    })?;
    tell(&report, id, is_dry, args.json);
    Ok(if report.is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn asked(args: &Args, replayer: &Replayer) -> Result<Order> {
    let (Some(topic), Some(from)) = (&args.topic, args.from) else {
        return Err(Refused("give --topic and --from, or --resume".to_owned()).into());
    };
    let lane = order::lane(&replayer.topics, topic).map_err(|refusal| Refused(refusal.to_string()))?;
    Ok(Order {
        lane,
        topic: replayer.topics.topic(lane).to_owned(),
        source: match args.source {
            From::Kafka => Source::Kafka,
            From::Events => Source::Events,
        },
        from,
        to: args.to.unwrap_or_else(|| SystemClock.now()),
        account: args.account.clone(),
        enrich: match args.enrich {
            Reads::Recorded => Enrich::Recorded,
            Reads::Fresh => Enrich::Fresh,
            Reads::None => Enrich::None,
        },
        dry_run: args.dry_run,
    })
}

async fn note(replayer: &Replayer, run: &Run, is_resumed: bool) -> Result<()> {
    let Order { topic, source, from, to, account, enrich, dry_run, .. } = &run.order;
    let detail = json!({
        "run": run.id, "source": source.as_str(), "from": from.to_string(), "to": to.to_string(), "account": account,
        "enrich": enrich.as_str(), "dry_run": dry_run,
    });
    let action = if is_resumed { "replay.resume" } else { "replay.run" };
    audit::record(&replayer.pool, action, topic, detail, SystemClock.now()).await.context("no audit row")
}

/// A refusal is wrong usage; everything else is work that failed.
fn explain(error: ReplayError) -> anyhow::Error {
    match error {
        ReplayError::Refused(refusal) => Refused(refusal.to_string()).into(),
        error => anyhow!(error),
    }
}

fn tell(report: &Report, id: i64, is_dry: bool, as_json: bool) {
    let progress = &report.progress;
    let changed: u64 = progress.changed.values().sum();
    let took = report.took.as_secs_f64();
    if as_json {
        let answer = json!({
            "run": id, "done": report.is_done, "dry_run": is_dry, "records": report.gone_through, "changed": changed,
            "tables": progress.changed, "refused": progress.refused, "elapsed_s": took, "records_per_s": report.rate(),
        });
        println!("{answer}");
    } else {
        let rate = report.rate();
        println!("{} records gone through in {took:.1} s ({rate:.0}/s)", report.gone_through);
        let (what, about) = if is_dry { ("would change", "about ") } else { ("changed", "") };
        for (table, rows) in &progress.changed {
            println!("{table:<44} {about}{rows} rows {what}");
        }
        if changed == 0 {
            println!("no row {what}");
        }
        if progress.refused > 0 {
            println!("{} changes were left out: the database refuses their rows", progress.refused);
        }
    }
    if !report.is_done && is_dry {
        eprintln!("stopped before the end; nothing was changed");
    } else if !report.is_done {
        eprintln!("stopped before the end; go on with `cekbrand replay --resume {id}`");
    }
}

/// An instant, or the beginning of a day in UTC.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    let day = || Date::strptime("%Y-%m-%d", text).ok()?.to_zoned(TimeZone::UTC).ok();
    let instant = text.parse().ok().or_else(|| day().map(|zoned| zoned.timestamp()));
    instant.ok_or_else(|| {
        "expected a time such as 2026-11-20T06:00:00Z, or a date such as 2026-11-20".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_or_a_day() {
        assert_eq!(instant("2026-11-20").unwrap(), instant("2026-11-20T00:00:00Z").unwrap());
        assert_eq!(instant("2026-11-20T07:00:00+07:00").unwrap(), instant("2026-11-20").unwrap());
        for wrong in ["yesterday", "2026-13-01", "2026-11-20T06:00"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }
}
