//! What workers write, on a real PostgreSQL and a real Kafka.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod analyse;
mod analyse_days;
mod analytics;
#[cfg(feature = "archive")]
mod archive;
mod brand;
mod clock;
mod described;
mod disk;
mod enrich;
mod erase;
mod insight;
mod land;
mod lanes;
mod migrations;
mod plans;
mod previous;
mod published;
mod retention;
mod schedule;
mod sentiment;
mod source;
mod statements;
mod tasks;
mod tell;
mod tokens;
mod user_figures;
mod views;
mod voices;
