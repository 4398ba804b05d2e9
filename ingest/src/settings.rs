//! What the receiver needs to know, with the contract's defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use cekbrand_schema::kafka::KafkaSettings;
use cekbrand_schema::topic::Topics;
use secrecy::SecretString;

use crate::publish::spool::SpoolSettings;
use crate::signature::LabelledSecret;

/// Settings of the receiver.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Meta's handshake token.
    pub verify_token: SecretString,
    /// Secrets that may sign; any match is accepted.
    pub app_secrets: Vec<LabelledSecret>,
    /// Where people and Meta reach this installation; data deletion answers with links below it.
    pub public_url: Option<String>,
    /// Bytes of one body; more is answered 413.
    pub max_body_bytes: usize,
    /// Bytes of all bodies in flight; beyond it deliveries are answered 503.
    pub body_budget_bytes: usize,
    /// Time for a request's header.
    pub header_timeout: Duration,
    /// Time for a request's body.
    pub body_timeout: Duration,
    /// Time for Kafka's acknowledgement.
    pub produce_timeout: Duration,
    /// Connections at once; who comes beyond it waits until one ends.
    pub max_connections: usize,
    /// Requests at once whose bodies have arrived; beyond it they are answered 503.
    pub max_requests: usize,
    /// Time that running requests have after the signal to stop.
    pub shutdown_grace: Duration,
    /// How to reach Kafka.
    pub kafka: KafkaSettings,
    /// Where records go.
    pub topics: Topics,
    /// Where records wait while Kafka is away; without it such deliveries are answered 503.
    pub spool: Option<SpoolSettings>,
}

impl Settings {
    /// The contract's defaults around what has none.
    pub fn new(verify_token: SecretString, app_secrets: Vec<LabelledSecret>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            verify_token,
            app_secrets,
            public_url: None,
            max_body_bytes: 33_554_432,
            body_budget_bytes: 67_108_864,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            produce_timeout: Duration::from_secs(8),
            max_connections: 4096,
            max_requests: 1024,
            shutdown_grace: Duration::from_secs(25),
            kafka: KafkaSettings::default(),
            topics: Topics::with_prefix(""),
            spool: None,
        }
    }
}
