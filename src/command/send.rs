//! `cekbrand send`: invented events, signed and posted like Meta does it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use cekbrand_devkit::meta::{Generator, GeneratorConfig, Sender, SenderConfig, SentLog, Signer};
use cekbrand_devkit::world::{World, WorldConfig};
use cekbrand_schema::{Clock, SystemClock};
use clap::Parser;
use serde_json::json;

use crate::config::{AppSecret, Config, ConfigError};
use crate::{logging, progress};

/// Posts invented, signed events to a receiver: for load and smoke tests.
#[derive(Debug, Parser)]
#[command(after_help = "Example:\n  CEKBRAND__META__APP_SECRETS=... cekbrand send --events 1000\n\n\
                  Signs with the first app secret. What was not answered with 200 is sent again.")]
pub(crate) struct Args {
    /// The receiver.
    #[arg(long, default_value = "http://127.0.0.1:8080/webhooks/instagram")]
    url: String,
    /// How many changes.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,
    /// The same seed makes the same changes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Deliveries under way at once.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Only changes that parse, none twice: what a first smoke test wants.
    #[arg(long)]
    plain: bool,
    /// How long a delivery that is not accepted is sent again: a number of seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    give_up_after: u64,
    /// One JSON object on stdout instead of a sentence.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub(crate) async fn run(args: Args, file: Option<&Path>) -> Result<()> {
    let config = Config::load(file, &["meta.app_secrets"])?;
    logging::start_quiet()?;
    let Some(AppSecret { secret, .. }) = config.app_secrets()?.into_iter().next() else {
        return Err(ConfigError::one("CEKBRAND__META__APP_SECRETS holds no secret".to_owned()).into());
    };
    let mut settings = SenderConfig::new(args.url.as_str(), Signer::new(secret));
    settings.concurrency = args.concurrency.into();
    settings.give_up_after = Duration::from_secs(args.give_up_after);
    let world = Arc::new(World::new(WorldConfig::new(args.seed, SystemClock.now())));
    let mut generated = GeneratorConfig::new(args.seed, args.events);
    if args.plain {
        generated.redelivered_per_mille = 0;
        generated.odd = false;
    }
    let bar = progress::bar(args.events, "changes accepted");
    let log = Sender::new(settings)?
        .send_all(Generator::new(world, generated), |reached| bar.set_position(reached.accepted))
        .await?;
    bar.finish_and_clear();
    report(&log, args.json);
    if let Some(lost) = log.given_up().next() {
        let last = lost.attempts.last();
        let why = last.and_then(|attempt| attempt.status.map(|status| format!("it answers {status}")));
        let why = why.or_else(|| last?.error.clone()).unwrap_or_else(|| "no attempt was made".to_owned());
        bail!(
            "{} of {} deliveries were not accepted by {}: {why}",
            log.given_up().count(),
            log.deliveries.len(),
            args.url
        );
    }
    Ok(())
}

fn report(log: &SentLog, json: bool) {
    let sent: u64 = log.deliveries.iter().map(|delivery| delivery.changes).sum();
    let (deliveries, accepted, retried) = (log.deliveries.len(), log.accepted(), log.retried());
    if json {
        let answer = json!({ "sent": sent, "accepted": accepted, "retried": retried, "deliveries": deliveries,
            "attempts": log.attempts() });
        println!("{answer}");
    } else {
        println!(
            "{accepted} of {sent} changes accepted, in {deliveries} deliveries and {} attempts",
            log.attempts()
        );
    }
}
