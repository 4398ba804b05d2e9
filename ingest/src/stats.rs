//! What the receiver counts, and the one log line of a request that was refused.

use std::sync::Arc;

use axum::http::Method;
use metrics::{Counter, counter, describe_counter};

use crate::problem::Problem;

const DELIVERIES: &str = "cekbrand_ingest_deliveries_total";
const CHANGES: &str = "cekbrand_ingest_changes_total";
const BYTES: &str = "cekbrand_ingest_body_bytes_total";
const SIGNATURES: &str = "cekbrand_ingest_signatures_total";
const HANDSHAKES: &str = "cekbrand_ingest_handshakes_total";
const UNSERVED: &str = "cekbrand_ingest_unserved_requests_total";

/// How much of a path is logged.
const PATH_LETTERS: usize = 200;

/// What was accepted with one delivery.
#[derive(Debug)]
pub struct Accepted {
    /// The label of the secret that signed.
    pub secret_label: Arc<str>,
    /// Changes; an unparsable body counts 1.
    pub changes: usize,
    /// Changes that went to the dead-letter topic.
    pub dead_letters: usize,
    /// The body's size.
    pub bytes: usize,
    /// Whether all of it is a test of the dashboard or a canary.
    pub is_test: bool,
}

/// Handles of the metrics of every delivery, looked up once.
pub struct Stats {
    deliveries: Counter,
    tests: Counter,
    changes: Counter,
    dead_letters: Counter,
    bytes: Counter,
    matched: Vec<(String, Counter)>,
}

impl Stats {
    /// Registers the metrics; `labels` are those of the secrets.
    pub fn new(labels: impl Iterator<Item = String>) -> Self {
        describe_counter!(DELIVERIES, "Deliveries and signed requests, by what became of them");
        describe_counter!(
            CHANGES,
            "Changes of accepted deliveries; what is dead_lettered is accepted as well"
        );
        describe_counter!(BYTES, "Bytes of the bodies of accepted deliveries");
        describe_counter!(
            SIGNATURES,
            "Signatures of deliveries, by the secret that matched or by what is wrong"
        );
        describe_counter!(HANDSHAKES, "Handshakes, by what became of them");
        describe_counter!(UNSERVED, "Requests for a path or with a method that is not served");
        let matched = |label: String| {
            let counter = counter!(SIGNATURES, "outcome" => "matched", "secret" => label.clone());
            (label, counter)
        };
        Self {
            deliveries: counter!(DELIVERIES, "outcome" => "accepted"),
            tests: counter!(DELIVERIES, "outcome" => "test"),
            changes: counter!(CHANGES, "outcome" => "accepted"),
            dead_letters: counter!(CHANGES, "outcome" => "dead_lettered"),
            bytes: counter!(BYTES),
            matched: labels.map(matched).collect(),
        }
    }

    /// A delivery is durable.
    pub fn accepted(&self, accepted: &Accepted) {
        // Apart, so that a canary does not hide that nothing else arrives.
        let deliveries = if accepted.is_test { &self.tests } else { &self.deliveries };
        deliveries.increment(1);
        self.changes.increment(accepted.changes as u64);
        self.bytes.increment(accepted.bytes as u64);
        let matched = self.matched.iter().find(|(label, _)| **label == *accepted.secret_label);
        if let Some((_, counter)) = matched {
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

    /// A delivery or a signed request was not taken.
    pub fn refused(&self, problem: &Problem) {
        counter!(DELIVERIES, "outcome" => problem.as_str()).increment(1);
        if let Problem::Signature(error) = problem {
            counter!(SIGNATURES, "outcome" => error.as_str(), "secret" => "").increment(1);
        }
        tracing::warn!(
            http.status = problem.status().as_u16(),
            problem = problem.as_str(),
            reason = %problem,
            "a delivery was refused"
        );
    }

    /// A handshake was answered. What it brought is never told: one of its parameters is a secret.
    pub fn handshake(&self, answer: &Result<String, Problem>) {
        let outcome = answer.as_ref().map_or_else(Problem::as_str, |_| "answered");
        counter!(HANDSHAKES, "outcome" => outcome).increment(1);
        match answer {
            Ok(_) => tracing::info!("meta's handshake was answered"),
            Err(problem) => tracing::warn!(
                http.status = problem.status().as_u16(),
                problem = problem.as_str(),
                reason = %problem,
                "a handshake was refused"
            ),
        }
    }

    /// A request asked for what is not there: mostly an address with a slip in it. The query may hold a
    /// secret and is not told.
    pub fn unserved(&self, problem: Problem, method: &Method, path: &str) -> Problem {
        counter!(UNSERVED, "reason" => problem.as_str()).increment(1);
        tracing::warn!(
            http.status = problem.status().as_u16(),
            http.method = %method,
            http.path = ?path.chars().take(PATH_LETTERS).collect::<String>(),
            problem = problem.as_str(),
            "a request was not served: deliveries go to /webhooks/instagram"
        );
        problem
    }
}
