//! End-to-end tests of the package: the built command on real servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
mod away;
mod bad_input;
mod bench;
mod call;
mod canary;
mod cli;
mod command;
mod compose;
mod crowd;
mod dlq;
mod foreign;
mod operator;
mod pipeline;
mod readme;
mod replay;
mod setup;
mod spool;
mod start;
#[cfg(feature = "otel")]
mod traces;
mod trouble;
