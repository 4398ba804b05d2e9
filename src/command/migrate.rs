//! `cekbrand migrate`: the database's schema, its partitions, and the topics. May be run at any time, any
//! number of times.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::database::Use;
use cekbrand_workers::schedule::partitions;
use clap::Parser;
use jiff::Timestamp;
use sqlx::PgPool;
use sqlx::migrate::{Migrate, MigrateError, Migrator};

use crate::config::{Config, roles};
use crate::logging;
use crate::store::{books, diagnosis};
use crate::topics::{KafkaTopicAdmin, Outcome, Planned, TopicAdmin, TopicPlan};

static MIGRATOR: Migrator = sqlx::migrate!();
/// Where the migrations that were applied are listed.
const TABLE: &str = "_sqlx_migrations";
/// How often a migration that could not have its locks is tried; each try waits for them for as long as a
/// session of this use does, and lets whoever writes go on in between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_secs(3);
/// Whoever else migrates holds this for as long as that takes.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Brings the database's schema up to date and creates missing topics.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  CEKBRAND__DATABASE__URL=postgres://cekbrand@localhost/cekbrand cekbrand migrate\n  \
                  cekbrand migrate --dry-run\n\n\
                  Topics that exist are left as they are; a difference from the settings is reported. Locks are waited for \
                  briefly and asked for again, so that writers are never held up for long. Exit code 1 of --dry-run: there is \
                  something to do, or Kafka does not answer."
)]
pub(crate) struct Args {
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Leave Kafka alone.
    #[arg(long)]
    no_topics: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<ExitCode> {
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let pool = config.pool(2, Use::Migrate).await?;
    if args.dry_run {
        return say_what_is_pending(args, &config, &pool).await;
    }
    migrate(&pool, SystemClock.now()).await?;
    println!("the database's schema is up to date");
    if !args.no_topics {
        let plan = config.topic_plan()?;
        let planned = create_topics(&KafkaTopicAdmin::new(&config.kafka()?)?, &plan).await?;
        let known = books::topics(&pool).await.context("the books cannot be read")?;
        report(&planned, &known);
    }
    Ok(ExitCode::SUCCESS)
}

async fn say_what_is_pending(args: &Args, config: &Config, pool: &PgPool) -> Result<ExitCode> {
    let pending = pending(pool).await?;
    if pending.is_empty() {
        println!("the database's schema is up to date");
    }
    for migration in &pending {
        println!("would be applied: {migration}");
    }
    let mut is_done = pending.is_empty();
    if !args.no_topics {
        let plan = config.topic_plan()?;
        for Planned { topic, outcome } in KafkaTopicAdmin::new(&config.kafka()?)?.look(&plan).await? {
            is_done &= outcome != Outcome::Created;
            match outcome {
                Outcome::Created => {
                    println!("would be created: {topic}, with {} partitions", plan.partitions);
                }
                Outcome::Unchanged => {}
                Outcome::Differs(how) => println!("would be left as it is: {topic}, which {how}"),
            }
        }
    }
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The migrations that the database lacks, by number and name.
///
/// # Errors
/// The database has others than this program knows, or cannot be read.
pub(crate) async fn pending(pool: &PgPool) -> Result<Vec<String>> {
    let mut applied = BTreeMap::new();
    if diagnosis::has_migrations(pool).await.context("the migrations cannot be read")? {
        let mut connection = pool.acquire().await.context("the migrations cannot be read")?;
        let listed = connection.list_applied_migrations(TABLE).await;
        let listed = listed.context("the migrations cannot be read")?;
        applied.extend(listed.into_iter().map(|each| (each.version, each.checksum)));
    }
    let mut pending = Vec::new();
    for migration in MIGRATOR.iter() {
        match applied.remove(&migration.version) {
            None => pending.push(format!("{:04} {}", migration.version, migration.description)),
            Some(checksum) if checksum != migration.checksum => {
                bail!("migration {:04} of the database is another one than this program's", migration.version)
            }
            Some(_) => {}
        }
    }
    if let Some(version) = applied.into_keys().next_back() {
        bail!(
            "the database has migration {version:04}, which this program does not know: it is of a later version"
        );
    }
    Ok(pending)
}

/// Runs the migrations that are lacking and makes partitions for the days to come.
pub(crate) async fn migrate(pool: &PgPool, now: Timestamp) -> Result<()> {
    let mut tries = 1;
    while let Err(error) = MIGRATOR.run(pool).await {
        if tries == TRIES || !is_lock(&error) {
            return Err(error).context("the database's schema cannot be brought up to date");
        }
        eprintln!("somebody holds a lock that a migration needs; trying again ({tries} of {TRIES})");
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
    partitions::make(pool, now).await.context("partitions cannot be made")?;
    Ok(())
}

/// Whether a migration could not have a lock in its time: it has changed nothing then.
fn is_lock(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some(LOCK_NOT_AVAILABLE)
}

/// Creates the topics that are lacking.
pub(crate) async fn create_topics(admin: &impl TopicAdmin, plan: &TopicPlan) -> Result<Vec<Planned>> {
    admin.create(plan).await
}

/// Says what became of each topic. One that was made now although the books know it was lost: its records are
/// gone, and workers will halt.
fn report(planned: &[Planned], known: &[String]) {
    for Planned { topic, outcome } in planned {
        match outcome {
            Outcome::Created if known.contains(topic) => {
                println!("{topic} is created");
                eprintln!(
                    "warning: the books know {topic} from before: it was deleted, or this database belongs to another cluster; workers will \
                     halt at it until its rows are deleted from pipeline.consumer_offset, which lands it from its start"
                );
            }
            Outcome::Created => println!("{topic} is created"),
            Outcome::Unchanged => println!("{topic} is there"),
            Outcome::Differs(how) => println!("{topic} is there and {how}: change it with Kafka's own tools"),
        }
    }
}
