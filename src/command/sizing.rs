//! `cekbrand sizing`: what binds at a given number of accounts.

use clap::Parser;
use serde_json::json;

use crate::sizing::{self, Load, USUAL};

/// Says what an installation needs for so many accounts, and what binds first.
#[derive(Debug, Parser)]
#[command(
    after_help = "Example:\n  cekbrand sizing --accounts 1000\n  cekbrand sizing --accounts 100000 --comments 200 --json\n\n\
                  deploy/sizing.md has the formulas, and which unit costs were measured and which are assumed."
)]
pub(crate) struct Args {
    /// Accounts that are watched.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    accounts: u32,
    /// Comments an account gets a day.
    #[arg(long, default_value_t = 30)]
    comments: u32,
    /// Stories an account publishes a day.
    #[arg(long, default_value_t = 2)]
    stories: u32,
    /// Posts and reels an account publishes in ten days.
    #[arg(long, value_name = "POSTS", default_value_t = 5)]
    posts_in_ten_days: u32,
    /// How often an account's media are seen a day.
    #[arg(long, default_value_t = 5000)]
    impressions: u32,
    /// How many times the average the busiest minute brings.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    peak: u32,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) {
    let sizing = sizing::size(args.load(), USUAL);
    let rows = [
        ("changes_per_second", "changes a second in the busiest minute", sizing.changes_per_second),
        ("calls_per_account", "Graph calls of an account a day", sizing.calls_per_account),
        ("quota_per_account", "what Meta allows an account a day", sizing.quota_per_account),
        ("calls_per_second", "Graph calls a second, together", sizing.calls_per_second),
        ("workers", "workers (`cekbrand work`)", sizing.workers),
        ("receiver_cores", "cores of the receiver", sizing.receiver_cores),
        ("partitions", "partitions of each topic", sizing.partitions),
        ("connections", "connections to PostgreSQL", sizing.connections),
        ("database_gigabytes", "GB in PostgreSQL after a year", sizing.database_gigabytes),
        ("kafka_gigabytes", "GB in Kafka, one copy", sizing.kafka_gigabytes),
    ];
    if args.json {
        let mut shown: serde_json::Map<_, _> =
            rows.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value))).collect();
        shown.insert("binds".to_owned(), json!(sizing.binds()));
        println!("{}", serde_json::Value::Object(shown));
        return;
    }
    for (_, what, value) in rows {
        let decimals = usize::from(value < 100.0 && value.fract() > 0.0);
        println!("{what:<42} {value:>14.decimals$}");
    }
    println!("what binds: {}", sizing.binds());
}

impl Args {
    fn load(&self) -> Load {
        Load {
            accounts: self.accounts.into(),
            comments: self.comments.into(),
            stories: self.stories.into(),
            posts: f64::from(self.posts_in_ten_days) / 10.0,
            impressions: self.impressions.into(),
            peak: self.peak.into(),
        }
    }
}
