//! What workers write, on a real PostgreSQL and a real Kafka.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod land;
mod lanes;
mod tasks;
