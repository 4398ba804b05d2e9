//! Workers: what arrived becomes rows, rows are completed from the Graph API, and analytics follow.
//!
//! ```text
//!  Kafka ─▶ land ─▶ instagram.*, pipeline.event ─┬─▶ tasks ─▶ enrich ─▶ Graph API
//!            one transaction with the offset     │              │ answers become rows
//!                                                └─▶ marks ◀────┘
//!                                                      └─▶ analyse ─▶ toba_cek_insta.*
//! ```
//!
//! - [`worker`]: the process that runs all of it; [`settings`].
//! - [`land`]: from records to rows, each change exactly once. [`insight`]: figures of media, merged.
//! - [`tasks`]: the queue of Graph reads. [`enrich`]: works on it within the shared quota. [`seal`]: tokens at rest.
//! - [`analyse`]: analytics of dirty days. [`schedule`]: what time alone makes due.
//!
//! Invariants: effects happen exactly once; the books close; PostgreSQL and Kafka are all that workers share, so that more processes share the work.

pub mod analyse;
pub mod enrich;
pub mod insight;
pub mod land;
pub mod schedule;
pub mod seal;
pub mod settings;
pub mod tasks;
pub mod worker;

pub use settings::{LandSettings, Parts, Settings};
pub use worker::Worker;
