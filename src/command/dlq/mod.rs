//! `cekbrand dlq`: what could not be landed, and what becomes of it.
//!
//! - [`retry`]: publishes dead letters again. [`escaped`]: bytes as text that a terminal may get.

mod escaped;
mod retry;

use std::path::Path;

use anyhow::{Context, Result};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::database::Use;
use clap::{Parser, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::PgPool;

use self::escaped::escaped;
use super::replay;
use crate::config::{Config, roles};
use crate::logging;
use crate::refused::Refused;
use crate::republish::Republisher;
use crate::store::audit;
use crate::store::dead_letters::{self, DeadLetter, Filter};

/// How many are published or dropped together.
const BATCH: i64 = 500;

/// How much of a payload is shown unless all of it is wanted.
const SHOWN_BYTES: usize = 4096;

/// Lists, shows, retries and drops dead letters.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand dlq list --reason invalid_json --since 2026-11-20\n  cekbrand dlq show 17\n  \
                        cekbrand dlq retry 17 18\n  cekbrand dlq retry --reason data_error --yes\n  cekbrand dlq drop 19"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists dead letters that are open.
    #[command(after_help = "Example:\n  cekbrand dlq list --reason data_error --limit 20")]
    List {
        #[command(flatten)]
        which: Which,
        /// Also those that were retried or dropped.
        #[arg(long)]
        all: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Shows one with its payload, in which nothing reaches the terminal unescaped.
    #[command(after_help = "Example:\n  cekbrand dlq show 17")]
    Show {
        /// Its number.
        id: i64,
        /// The whole payload, however long.
        #[arg(long)]
        full: bool,
    },
    /// Publishes dead letters again, each three times at most; a body is parsed by this version.
    #[command(
        after_help = "Example:\n  cekbrand dlq retry 17\n  cekbrand dlq retry --reason data_error --yes"
    )]
    Retry {
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Notes that dead letters are of no interest.
    #[command(
        after_help = "Example:\n  cekbrand dlq drop 17\n  cekbrand dlq drop --reason invalid_json --until 2026-11-01 --yes"
    )]
    Drop {
        #[command(flatten)]
        chosen: Chosen,
    },
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Only those of this reason.
    #[arg(long)]
    reason: Option<String>,
    /// Only those that came by this topic.
    #[arg(long)]
    topic: Option<String>,
    /// Only those that came at or after this time: RFC 3339, or a date in UTC.
    #[arg(long, value_name = "TIME", value_parser = replay::instant)]
    since: Option<Timestamp>,
    /// Only those that came before this time.
    #[arg(long, value_name = "TIME", value_parser = replay::instant)]
    until: Option<Timestamp>,
    /// This many at most, the oldest first.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    limit: Option<i64>,
}

#[derive(Debug, clap::Args)]
struct Chosen {
    /// Their numbers; without them all that the filters leave.
    ids: Vec<i64>,
    #[command(flatten)]
    which: Which,
    /// Several at once, without being asked.
    #[arg(long)]
    yes: bool,
}

impl Which {
    fn filter(&self, ids: &[i64], resolved: bool) -> Filter {
        let Self { reason, topic, since, until, .. } = self;
        let (reason, topic, since, until) = (reason.clone(), topic.clone(), *since, *until);
        Filter { ids: ids.to_vec(), reason, topic, since, until, resolved }
    }

    fn told(&self) -> Value {
        json!({
            "reason": self.reason, "topic": self.topic, "since": self.since.map(|at| at.to_string()),
            "until": self.until.map(|at| at.to_string()), "limit": self.limit,
        })
    }
}

/// Runs the subcommand.
pub(crate) async fn run(args: Args, file: Option<&Path>) -> Result<()> {
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let purpose =
        if matches!(args.action, Action::List { .. } | Action::Show { .. }) { Use::Read } else { Use::Write };
    let pool = config.pool(2, purpose).await?;
    match args.action {
        Action::List { which, all, json } => list(&pool, &which, all, json).await,
        Action::Show { id, full } => show(&pool, id, full).await,
        Action::Retry { chosen } => {
            let republisher = Republisher::new(&config.kafka()?)?;
            retry::run(&pool, &republisher, &config.topics(), &chosen).await
        }
        Action::Drop { chosen } => drop_them(&pool, &chosen).await,
    }
}

async fn list(pool: &PgPool, which: &Which, all: bool, as_json: bool) -> Result<()> {
    let filter = which.filter(&[], all);
    let limit = which.limit.unwrap_or(if as_json { i64::MAX } else { 50 });
    let rows = dead_letters::list(pool, &filter, 0, limit).await.context("dead letters cannot be read")?;
    if as_json {
        for row in &rows {
            println!("{}", serde_json::to_string(row).context("a dead letter is no JSON")?);
        }
        return Ok(());
    }
    println!("{:<8} {:<20} {:<26} {:<8} {:<9} WHERE AND WHY", "ID", "SINCE", "REASON", "ATTEMPTS", "STATE");
    for row in &rows {
        let since = row.landed_at.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let state = row.resolution.as_deref().unwrap_or("open");
        let DeadLetter { id, reason, attempts, topic, partition, offset, error, .. } = row;
        let (reason, error) = (escaped(reason.as_bytes()), escaped(error.as_bytes()));
        println!(
            "{id:<8} {since:<20} {reason:<26} {attempts:<8} {state:<9} {topic}-{partition}@{offset}: {error}"
        );
    }
    let count = dead_letters::count(pool, &filter).await.context("dead letters cannot be counted")?;
    println!("{} of {count} dead letters", rows.len());
    Ok(())
}

async fn show(pool: &PgPool, id: i64, full: bool) -> Result<()> {
    let filter = Filter { ids: vec![id], resolved: true, ..Filter::default() };
    let rows = dead_letters::list(pool, &filter, 0, 1).await.context("the dead letter cannot be read")?;
    let Some(row) = rows.first() else { return Err(unknown(id).into()) };
    let payload = dead_letters::payload(pool, id).await.context("the payload cannot be read")?;
    let told = serde_json::to_value(row).context("the dead letter is no JSON")?;
    for (name, value) in told.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let value = value.as_str().map_or_else(|| value.to_string(), |text| escaped(text.as_bytes()));
        println!("{name:<13} {value}");
    }
    let shown = if full { payload.len() } else { payload.len().min(SHOWN_BYTES) };
    println!("payload       {} bytes", payload.len());
    println!("{}", escaped(&payload[..shown]));
    if shown < payload.len() {
        println!("(the first {shown} bytes; --full shows all)");
    }
    Ok(())
}

async fn drop_them(pool: &PgPool, chosen: &Chosen) -> Result<()> {
    let total = confirmed(pool, chosen, "drop").await?;
    let filter = chosen.which.filter(&chosen.ids, false);
    let (mut after, mut left, mut dropped) = (0, total, 0);
    while left > 0 {
        let limit = BATCH.min(left.cast_signed());
        let rows =
            dead_letters::list(pool, &filter, after, limit).await.context("dead letters cannot be read")?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        left -= rows.len() as u64;
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let now = SystemClock.now();
        let mut tx = pool.begin().await.context("nothing was dropped")?;
        dropped += dead_letters::dropped(&mut tx, &ids, now).await.context("nothing was dropped")?;
        let detail = json!({ "dropped": ids, "filter": chosen.which.told() });
        audit::record(&mut *tx, "dlq.drop", "dead_letter", detail, now)
            .await
            .context("nothing was dropped")?;
        tx.commit().await.context("nothing was dropped")?;
    }
    println!("{dropped} dropped; they are kept until retention takes them");
    Ok(())
}

/// How many are meant, if the operator has said so clearly enough.
async fn confirmed(pool: &PgPool, chosen: &Chosen, verb: &str) -> Result<u64> {
    let filter = chosen.which.filter(&chosen.ids, false);
    let count = dead_letters::count(pool, &filter).await.context("dead letters cannot be counted")?;
    let count = chosen.which.limit.map_or(count, |limit| count.min(limit));
    if let (Some(id), true) = (chosen.ids.first(), count.unsigned_abs() < chosen.ids.len() as u64) {
        let known = Filter { ids: chosen.ids.clone(), ..Filter::default() };
        let open =
            dead_letters::list(pool, &known, 0, i64::MAX).await.context("dead letters cannot be read")?;
        let missing = chosen.ids.iter().find(|id| open.iter().all(|row| row.id != **id)).unwrap_or(id);
        return Err(unknown(*missing).into());
    }
    if chosen.ids.is_empty() && !chosen.yes && count > 0 {
        let said = format!("{count} dead letters are meant: give --yes to {verb} them, or their numbers");
        return Err(Refused(said).into());
    }
    Ok(count.unsigned_abs())
}

fn unknown(id: i64) -> Refused {
    Refused(format!("there is no open dead letter {id}: `cekbrand dlq list --all` shows what there is"))
}
