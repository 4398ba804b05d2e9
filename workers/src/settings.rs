//! What workers need to know, with the contract's defaults.

use std::time::Duration;

use cekbrand_graph::Management;
use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::topic::Topics;

use crate::analyse::AnalyseSettings;
use crate::enrich;
use crate::retention::{Archive, RetentionSettings};
use crate::tell::TellSettings;
use crate::token::seal::TokenKeys;

/// Settings of a worker process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which parts this process runs.
    pub parts: Parts,
    /// Landing.
    pub land: LandSettings,
    /// Enriching.
    pub enrich: enrich::settings::Settings,
    /// Analysing.
    pub analyse: AnalyseSettings,
    /// How long what is kept.
    pub retention: RetentionSettings,
    /// How people are told.
    pub tell: TellSettings,
    /// Where files are kept of what retention drops; `None`: nowhere.
    pub archive: Option<Archive>,
    /// Keys that open tokens.
    pub token_keys: TokenKeys,
    /// The Meta app whose quota is spent.
    pub app_id: String,
    /// How to look after tokens; `None` where another process does.
    pub management: Option<Management>,
}

impl Settings {
    /// The contract's defaults around what has none.
    pub fn new(token_keys: TokenKeys, app_id: String) -> Self {
        Self {
            parts: Parts::default(),
            land: LandSettings::default(),
            enrich: enrich::settings::Settings::default(),
            analyse: AnalyseSettings::default(),
            retention: RetentionSettings::default(),
            tell: TellSettings::default(),
            archive: None,
            token_keys,
            app_id,
            management: None,
        }
    }
}

/// The parts of a worker that a process runs; all of them unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four independent switches, each named")]
pub struct Parts {
    /// From Kafka to rows.
    pub land: bool,
    /// Graph reads.
    pub enrich: bool,
    /// Analytics.
    pub analyse: bool,
    /// What time alone makes due, and taking away what is old.
    pub schedule: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Self { land: true, enrich: true, analyse: true, schedule: true }
    }
}

/// Settings of landing.
#[derive(Debug, Clone)]
pub struct LandSettings {
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// Where records come from.
    pub topics: Topics,
    /// Changes in one transaction.
    pub batch_changes: usize,
    /// How long a batch waits for company.
    pub batch_wait: Duration,
    /// Dead letters among the last 1000 changes at which the worker stops, in percent.
    pub dead_letter_percent: u32,
    /// Dead letters in a row at which the worker stops.
    pub dead_letter_run: u32,
}

impl Default for LandSettings {
    fn default() -> Self {
        Self {
            kafka: KafkaSettings::default(),
            topics: Topics::with_prefix(""),
            batch_changes: 1000,
            batch_wait: Duration::from_millis(50),
            dead_letter_percent: 5,
            dead_letter_run: 100,
        }
    }
}
