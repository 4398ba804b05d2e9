//! What the receiver counts, and the one log line of a refused delivery.

use metrics::{Counter, counter};

use crate::problem::Problem;
use crate::routes::Accepted;

/// Handles of the metrics of every delivery, looked up once.
pub struct Stats {
    deliveries: Counter,
    changes: Counter,
    dead_letters: Counter,
    bytes: Counter,
    secrets: Vec<(String, Counter)>,
}

impl Stats {
    /// Registers the metrics; `labels` are those of the secrets.
    pub fn new(labels: impl Iterator<Item = String>) -> Self {
        let secret = |label: String| {
            let counter = counter!("cekbrand_ingest_signatures_total", "outcome" => "matched", "secret" => label.clone());
            (label, counter)
        };
        Self {
            deliveries: counter!("cekbrand_ingest_deliveries_total", "outcome" => "accepted"),
            changes: counter!("cekbrand_ingest_changes_total", "outcome" => "accepted"),
            dead_letters: counter!("cekbrand_ingest_changes_total", "outcome" => "dead_lettered"),
            bytes: counter!("cekbrand_ingest_body_bytes_total"),
            secrets: labels.map(secret).collect(),
        }
    }

    /// A delivery is durable.
    pub fn accepted(&self, accepted: &Accepted) {
        self.deliveries.increment(1);
        self.changes.increment(accepted.changes as u64);
        self.bytes.increment(accepted.bytes as u64);
        if let Some((_, counter)) = self.secrets.iter().find(|(label, _)| **label == *accepted.secret) {
            counter.increment(1);
        }
        if accepted.dead_letters > 0 {
            self.dead_letters.increment(accepted.dead_letters as u64);
            tracing::warn!(
                delivery.bytes = accepted.bytes,
                delivery.dead_letters = accepted.dead_letters,
                "a signed delivery could not be read whole and went to the dead-letter topic"
            );
        }
    }

    /// A delivery was not taken.
    pub fn refused(&self, problem: &Problem) {
        counter!("cekbrand_ingest_deliveries_total", "outcome" => problem.as_str()).increment(1);
        if let Problem::Signature(error) = problem {
            counter!("cekbrand_ingest_signatures_total", "outcome" => error.as_str(), "secret" => "")
                .increment(1);
        }
        tracing::warn!(
            http.status = problem.status().as_u16(),
            problem = problem.as_str(),
            "a delivery was refused"
        );
    }
}
