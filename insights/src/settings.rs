//! What the API needs to know, with the contract's defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use secrecy::SecretString;

/// Settings of the API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Requests that one API key may make in a second; beyond it they are answered 429. 0 counts as 1.
    pub requests_per_second: u32,
    /// Time for a request's header.
    pub header_timeout: Duration,
    /// Time for an answer; a later one is 503.
    pub request_timeout: Duration,
    /// Time that running requests have after the signal to stop.
    pub shutdown_grace: Duration,
    /// How people are told.
    pub telling: Telling,
}

/// How receivers of alerts are told; as the worker has it.
#[derive(Debug, Clone, Default)]
pub struct Telling {
    /// What the secrets of webhooks' receivers are made from; without it none can be added.
    pub secret: Option<SecretString>,
    /// Whether they may stand at private addresses, and be called without TLS.
    pub allow_private: bool,
    /// Whether there is a mail server; without it nobody can be added who is told by mail.
    pub has_mail: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8081)),
            requests_per_second: 50,
            header_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(25),
            telling: Telling::default(),
        }
    }
}
