//! What a worker needs to know, with the contract's defaults.

use std::time::Duration;

use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::topic::Topics;

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
