//! `cekbrand migrate`: the database's schema, its partitions, and the topics. May be run at any time, any number of times.

use std::path::Path;

use anyhow::{Context, Result};
use cekbrand_schema::{Clock, SystemClock};
use clap::Parser;
use jiff::{SignedDuration, Timestamp, tz};
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;
use sqlx::migrate::Migrator;

use crate::config::{Config, roles};
use crate::logging;
use crate::topics::{KafkaTopicAdmin, Outcome, TopicAdmin, TopicPlan};

static MIGRATOR: Migrator = sqlx::migrate!();

/// For how many days partitions are made ahead; workers make more as time goes on.
const DAYS_AHEAD: i64 = 7;

const ENSURE_PARTITIONS: &str = "
SELECT pipeline.ensure_partitions($1, $2)";

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
    migrate(&config.pool(2).await?, SystemClock.now()).await?;
    println!("the database's schema is up to date");
    if !args.no_topics {
        report(create_topics(&KafkaTopicAdmin::new(&config.kafka()?)?, &config.topic_plan()?).await?);
    }
    Ok(())
}

/// Runs the migrations that are lacking and makes partitions for the days to come.
pub(crate) async fn migrate(pool: &PgPool, now: Timestamp) -> Result<()> {
    MIGRATOR.run(pool).await.context("the database's schema cannot be brought up to date")?;
    let today = now.to_zoned(tz::TimeZone::UTC).date();
    let until = now.checked_add(SignedDuration::from_hours(24 * DAYS_AHEAD)).context("no day follows")?;
    sqlx::query(ENSURE_PARTITIONS)
        .bind(today.to_sqlx())
        .bind(until.to_zoned(tz::TimeZone::UTC).date().to_sqlx())
        .execute(pool)
        .await
        .context("partitions cannot be made")?;
    Ok(())
}

/// Creates the topics that are lacking.
pub(crate) async fn create_topics(
    admin: &impl TopicAdmin,
    plan: &TopicPlan,
) -> Result<Vec<(String, Outcome)>> {
    admin.create(plan).await
}

fn report(outcomes: Vec<(String, Outcome)>) {
    for (topic, outcome) in outcomes {
        match outcome {
            Outcome::Created => println!("{topic} is created"),
            Outcome::Unchanged => println!("{topic} is there"),
            Outcome::Differs(how) => println!("{topic} is there and {how}: change it with Kafka's own tools"),
        }
    }
}
