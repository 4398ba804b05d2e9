//! `cekbrand sync`: wants everything of an account that a first sync reads, and shows how the workers get on.
//!
//! The reads are tasks in the queue: they go on whether or not somebody looks, and a second `sync` goes on
//! looking where an interrupted one stopped.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::clock::DatabaseClock;
use cekbrand_workers::database::Use;
use cekbrand_workers::schedule;
use clap::Parser;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;
use sqlx::PgPool;

use crate::config::{Config, roles};
use crate::store::{audit, sync as store};
use crate::{logging, progress, shutdown};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// If nothing moves for so long, nobody may be working.
const NOTICED_AFTER: Duration = Duration::from_secs(30);
/// Reasons for which the account's reads wait until an operator acts.
const OPERATOR: [&str; 2] = ["no_token", "token_dead"];

/// Reads everything of an account now: profile, figures, media and what was missed. Shows how far it is.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  cekbrand sync 17841400000000001\n\n\
                        The workers do it (`cekbrand work`). An interrupt ends the display alone; the same command \
                        goes on with it.")]
pub(crate) struct Args {
    /// The account's id.
    account: String,
    /// One JSON object as the last line of stdout.
    #[arg(long)]
    json: bool,
}

/// How far the account's reads are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Standing {
    account: String,
    pub(crate) done: i64,
    pub(crate) of: i64,
    by_kind: BTreeMap<String, [i64; 2]>,
    /// Reads that wait for something else, by reason.
    pub(crate) aside: BTreeMap<String, i64>,
    pub(crate) calls: i64,
    usage_percent: Option<i32>,
    pub(crate) quota_frees_at: Option<Timestamp>,
    pub(crate) is_finished: bool,
    #[serde(skip)]
    busiest: Option<String>,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<ExitCode> {
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let pool = config.pool(2, Use::Write).await?;
    let clock = DatabaseClock::new(Arc::new(SystemClock));
    clock.set(&pool).await.context("the database does not tell the time")?;
    if !store::is_watched(&pool, &args.account).await.context("the account cannot be read")? {
        eprintln!("error: {} is not watched: `cekbrand account list` shows who is", args.account);
        return Ok(ExitCode::from(2));
    }
    let sync = Sync::new(pool, Arc::new(clock), &args.account);
    sync.begin().await.context("the sync could not be asked for")?;
    let stop = shutdown::on_signal()?;
    let Some(watched) = stop.run_until_cancelled(sync.watch()).await else {
        eprintln!("interrupted: the reads go on; `cekbrand sync {}` shows them again", args.account);
        return Ok(ExitCode::FAILURE);
    };
    let standing = watched?;
    if args.json {
        println!("{}", serde_json::to_string(&standing).context("the result is no JSON")?);
    } else {
        print(&standing);
    }
    let is_barred = standing.aside.keys().any(|reason| OPERATOR.contains(&reason.as_str()));
    Ok(if is_barred { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The first reads of an account, or all of them again.
#[derive(Clone)]
pub(crate) struct Sync {
    pool: PgPool,
    clock: Arc<DatabaseClock>,
    account: String,
}

impl Sync {
    /// Of a watched account.
    pub(crate) fn new(pool: PgPool, clock: Arc<DatabaseClock>, account: &str) -> Self {
        Self { pool, clock, account: account.to_owned() }
    }

    /// Wants everything, unless a run was interrupted: its reads are in the queue already.
    pub(crate) async fn begin(&self) -> Result<()> {
        let (account, now) = (self.account.as_str(), self.clock.now());
        let mut transaction = self.pool.begin().await?;
        let calls = store::quota(&mut *transaction, account, now).await?.calls;
        if store::begin(&mut *transaction, account, calls, now).await? {
            schedule::start_over(&mut transaction, account, now).await?;
            audit::record(&mut *transaction, "account.sync", account, json!({}), now).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Looks until nothing is left to do.
    pub(crate) async fn watch(&self) -> Result<Standing> {
        let bar = progress::bar(0, "reads");
        let started = Instant::now();
        let (mut last, mut moved) = (self.standing().await?, started);
        let first = last.done;
        let (mut comments_wanted, mut noticed) = (false, false);
        loop {
            if last.done == last.of {
                if comments_wanted || self.want_comments().await? == 0 {
                    break;
                }
                comments_wanted = true;
            }
            show(&bar, &last, left(&last, first, started.elapsed(), self.clock.now()));
            tokio::time::sleep(LOOK_EVERY).await;
            let seen = self.standing().await?;
            if seen != last {
                (last, moved) = (seen, Instant::now());
            } else if !noticed && last.quota_frees_at.is_none() && moved.elapsed() > NOTICED_AFTER {
                noticed = true;
                bar.suspend(|| eprintln!("nothing moves: is a worker running? (`cekbrand work`)"));
            }
        }
        bar.finish_and_clear();
        store::end(&self.pool, &self.account, self.clock.now()).await.context("the end cannot be noted")?;
        Ok(Standing { is_finished: true, ..last })
    }

    /// Comments that the media just read count and nobody has. Says of how many media.
    async fn want_comments(&self) -> Result<usize> {
        let mut conn = self.pool.acquire().await?;
        Ok(schedule::backfill_comments(&mut conn, &self.account, self.clock.now()).await?)
    }

    pub(crate) async fn standing(&self) -> Result<Standing> {
        let (pool, account, now) = (&self.pool, self.account.as_str(), self.clock.now());
        let run = store::run(pool, account).await.context("the sync cannot be read")?;
        let since = run.started_at.to_jiff();
        let kinds = store::kinds(pool, account, since).await.context("the reads cannot be counted")?;
        let aside = store::aside(pool, account, since).await.context("the reads cannot be counted")?;
        let quota = store::quota(pool, account, now).await.context("the quota cannot be read")?;
        let done: i64 = kinds.iter().map(|kind| kind.done).sum();
        let open: i64 = kinds.iter().map(|kind| kind.open).sum();
        Ok(Standing {
            account: account.to_owned(),
            done,
            of: done + open,
            busiest: kinds.first().filter(|kind| kind.open > 0).map(|kind| kind.kind.clone()),
            by_kind: kinds.into_iter().map(|kind| (kind.kind, [kind.done, kind.done + kind.open])).collect(),
            aside: aside.into_iter().collect(),
            calls: quota.calls - run.calls_before,
            usage_percent: quota.usage_percent,
            quota_frees_at: quota.blocked_until.map(jiff_sqlx::Timestamp::to_jiff),
            is_finished: run.finished_at.is_some(),
        })
    }
}

/// How long it takes from here, by the pace so far and the block that may stand; `None` before anything
/// was done.
fn left(standing: &Standing, first: i64, elapsed: Duration, now: Timestamp) -> Option<SignedDuration> {
    let done = standing.done - first;
    let blocked = standing.quota_frees_at.map_or(SignedDuration::ZERO, |until| until.duration_since(now));
    if done <= 0 {
        return Some(blocked).filter(SignedDuration::is_positive);
    }
    let pace = elapsed.as_secs_f64() / done as f64;
    let work = SignedDuration::try_from_secs_f64(pace * (standing.of - standing.done) as f64).ok()?;
    Some(SignedDuration::from_secs((work + blocked).as_secs()))
}

fn show(bar: &ProgressBar, standing: &Standing, left: Option<SignedDuration>) {
    bar.set_length(standing.of.unsigned_abs());
    bar.set_position(standing.done.unsigned_abs());
    bar.set_message(message(standing, left));
}

/// What, how many calls it took, how much of the quota is spent, when it frees, and how long it may take.
fn message(standing: &Standing, left: Option<SignedDuration>) -> String {
    let what = standing.busiest.as_deref().unwrap_or("reads").replace('_', " ");
    let usage = standing.usage_percent.map(|percent| format!("{percent} % of the quota"));
    let frees = standing.quota_frees_at.map(|until| until.strftime("blocked until %H:%M:%S UTC").to_string());
    let left = left.map(|left| format!("about {left:#} left"));
    let parts = [Some(what), Some(format!("{} calls", standing.calls)), usage, frees, left];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn print(standing: &Standing) {
    println!("{} of {} reads done with {} calls", standing.done, standing.of, standing.calls);
    for (kind, [done, of]) in &standing.by_kind {
        println!("{done:>10}  of {of} {}", kind.replace('_', " "));
    }
    for (reason, count) in &standing.aside {
        println!("{count:>10}  wait: {reason}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(done: i64, of: i64, quota_frees_at: Option<Timestamp>) -> Standing {
        Standing {
            account: "178".to_owned(),
            done,
            of,
            by_kind: BTreeMap::new(),
            aside: BTreeMap::new(),
            calls: 0,
            usage_percent: None,
            quota_frees_at,
            is_finished: false,
            busiest: None,
        }
    }

    #[test]
    fn the_time_left_follows_from_the_pace_and_the_block() {
        let now = Timestamp::UNIX_EPOCH;
        let minute = Duration::from_mins(1);
        let seconds = |standing, first| left(&standing, first, minute, now).map(|left| left.as_secs());
        assert_eq!(seconds(standing(5, 15, None), 5), None, "nothing was done yet");
        assert_eq!(seconds(standing(15, 25, None), 5), Some(60), "ten in a minute");
        let blocked = Some(Timestamp::from_second(90).unwrap());
        assert_eq!(seconds(standing(15, 25, blocked), 5), Some(150));
        assert_eq!(seconds(standing(5, 15, blocked), 5), Some(90));
    }

    #[test]
    fn who_looks_sees_what_is_read_what_it_cost_and_how_long_it_takes() {
        let begun = standing(5, 15, Some(Timestamp::from_second(90).unwrap()));
        let begun = Standing {
            busiest: Some("media_insights".to_owned()),
            calls: 12,
            usage_percent: Some(96),
            ..begun
        };
        assert_eq!(
            message(&begun, Some(SignedDuration::from_secs(150))),
            "media insights, 12 calls, 96 % of the quota, blocked until 00:01:30 UTC, about 2m 30s left"
        );
        assert_eq!(message(&standing(0, 5, None), None), "reads, 0 calls");
    }
}
