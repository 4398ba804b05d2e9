//! `cekbrand migrate`: the database's schema, its partitions, and the topics. May be run at any time, any
//! number of times.

use std::path::Path;

use anyhow::{Context, Result};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::database::Use;
use cekbrand_workers::schedule::partitions;
use clap::Parser;
use jiff::Timestamp;
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::config::{Config, roles};
use crate::logging;
use crate::store::books;
use crate::topics::{KafkaTopicAdmin, Outcome, Planned, TopicAdmin, TopicPlan};

static MIGRATOR: Migrator = sqlx::migrate!();

/// Brings the database's schema up to date and creates missing topics.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  CEKBRAND__DATABASE__URL=postgres://cekbrand@localhost/cekbrand cekbrand migrate\n\n\
                        Topics that exist are left as they are; a difference from the settings is reported."
)]
pub(crate) struct Args {
    /// Leave Kafka alone.
    #[arg(long)]
    no_topics: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: &Args, file: Option<&Path>) -> Result<()> {
    let config = Config::load(file, roles::DATABASE)?;
    logging::start_quiet()?;
    let pool = config.pool(2, Use::Migrate).await?;
    migrate(&pool, SystemClock.now()).await?;
    println!("the database's schema is up to date");
    if !args.no_topics {
        let plan = config.topic_plan()?;
        let planned = create_topics(&KafkaTopicAdmin::new(&config.kafka()?)?, &plan).await?;
        let known = books::topics(&pool).await.context("the books cannot be read")?;
        report(&planned, &known);
    }
    Ok(())
}

/// Runs the migrations that are lacking and makes partitions for the days to come.
pub(crate) async fn migrate(pool: &PgPool, now: Timestamp) -> Result<()> {
    MIGRATOR.run(pool).await.context("the database's schema cannot be brought up to date")?;
    partitions::make(pool, now).await.context("partitions cannot be made")?;
    Ok(())
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
