//! How a simulator is set up.

use std::net::SocketAddr;
use std::time::Duration;

use super::usage::UsageLimits;

/// How a simulator is set up.
#[derive(Debug, Clone)]
pub struct SimulatorConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The id of the application.
    pub app_id: String,
    /// Whether calls without `appsecret_proof` are refused. A proof that is given is always checked.
    pub require_proof: bool,
    /// How long every answer takes (real time).
    pub latency: Duration,
    /// Rate limits.
    pub limits: UsageLimits,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            app_id: "1000000000000042".to_owned(),
            require_proof: false,
            latency: Duration::ZERO,
            limits: UsageLimits::default(),
        }
    }
}
