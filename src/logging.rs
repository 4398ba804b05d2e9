//! Logs go to stderr: JSON for machines, text on a terminal. stdout belongs to what a command answers. A
//! warning or an error that repeats itself word for word is said once in a while.

mod repeats;

use std::io::IsTerminal;

use anyhow::{Context, Result, anyhow};
use repeats::Repeats;
use tracing_subscriber::EnvFilter;
#[cfg(feature = "otel")]
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Config, ConfigError};
#[cfg(feature = "otel")]
use crate::telemetry;
use crate::version;

/// Starts logging as configured, and says what the configuration is.
pub(crate) fn start(config: &Config) -> Result<()> {
    let level = config.given("log.level")?;
    let filter = EnvFilter::try_new(&level)
        .map_err(|error| ConfigError::one(format!("log.level is {level:?}: {error}")))?;
    let json = match config.given("log.format")?.as_str() {
        "json" => true,
        "text" => false,
        _ => !std::io::stderr().is_terminal(),
    };
    start_traced(config, filter, json)?;
    tracing::info!(
        version = version::VERSION,
        build = version::BUILD,
        settings = %config.redacted(),
        "the effective configuration"
    );
    Ok(())
}

/// Starts logging warnings, for commands that answer at once.
pub(crate) fn start_quiet() -> Result<()> {
    start_filtered("warn")
}

/// Starts logging what passes a filter of our own.
pub(crate) fn start_filtered(filter: &str) -> Result<()> {
    start_with(EnvFilter::try_new(filter).context("no filter for logs")?, !std::io::stderr().is_terminal())
}

#[cfg(not(feature = "otel"))]
fn start_traced(config: &Config, filter: EnvFilter, json: bool) -> Result<()> {
    if config.text("trace.endpoint").is_some() {
        let why = "trace.endpoint is set, and this program was built without the cargo feature `otel`: it cannot trace";
        return Err(ConfigError::one(why.to_owned()).into());
    }
    start_with(filter, json)
}

/// With traces, which see every span of ours; what is logged is filtered by itself then.
#[cfg(feature = "otel")]
fn start_traced(config: &Config, filter: EnvFilter, json: bool) -> Result<()> {
    let Some(traces) = telemetry::layer(config)? else { return start_with(filter, json) };
    let lines = tracing_subscriber::fmt::layer().with_ansi(is_coloured()).with_writer(std::io::stderr);
    let lines = if json { lines.json().flatten_event(true).boxed() } else { lines.boxed() };
    let registry = tracing_subscriber::registry().with(traces).with(lines.with_filter(filter));
    registry.with(Repeats::default()).try_init().map_err(|error| anyhow!("logging cannot start: {error}"))
}

fn start_with(filter: EnvFilter, json: bool) -> Result<()> {
    let lines = tracing_subscriber::fmt::layer().with_ansi(is_coloured()).with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter).with(Repeats::default());
    let started = if json {
        registry.with(lines.json().flatten_event(true)).try_init()
    } else {
        registry.with(lines).try_init()
    };
    started.map_err(|error| anyhow!("logging cannot start: {error}"))
}

/// https://no-color.org: any text at all means none.
fn is_coloured() -> bool {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|given| !given.is_empty());
    !is_plain && std::io::stderr().is_terminal()
}
