//! Workers: what arrived becomes rows, rows are completed from the Graph API, and analytics follow.
//!
//! ```text
//!  Kafka ─▶ land ─▶ instagram.*, pipeline.event ─┬─▶ tasks ─▶ enrich ─▶ Graph API
//!            one transaction with the offset     │              │ answers become rows
//!                                                └─▶ marks ◀────┘
//!                                                      └─▶ analyse ─▶ toba_cek_insta.*
//! ```
//!
//! - [`worker`]: the process that runs all of it; [`settings`]. [`supervise`]: its loops in one list.
//! - [`database`]: connections with limits. [`land`]: from records to rows, each change exactly once.
//! - [`rows`]: writes what webhooks and reads told. [`insight`]: figures of media, merged.
//! - [`reads`]: every kind of Graph read, one file each. [`tasks`]: the queue of them.
//! - [`enrich`]: works on the queue within the shared quota. [`token`]: tokens, sealed at rest.
//! - [`replay`]: past changes through the row writers again. [`analyse`]: analytics of dirty days.
//! - [`schedule`]: what time alone makes due. [`retention`]: takes away what is old.
//!   [`erase`]: what is to be forgotten; [`suppress`]: it does not come back. [`tell`]: whom to tell what.
//!   [`gauges`]: what alarms go by.
//! - `traced`: which trace a read goes on with, where traces are on.
//!
//! Invariants: effects happen exactly once; the books close; PostgreSQL and Kafka are all that workers share,
//! so that more processes share the work.

pub mod analyse;
pub mod clock;
pub mod database;
pub mod enrich;
pub mod erase;
#[cfg(feature = "failpoints")]
mod fail_points;
pub mod gauges;
pub mod insight;
pub mod land;
pub mod reads;
pub mod replay;
pub mod retention;
pub mod rows;
pub mod schedule;
pub mod settings;
pub mod supervise;
pub mod suppress;
pub mod tasks;
pub mod tell;
pub mod token;
mod traced;
pub mod worker;

pub use settings::{LandSettings, Parts, Settings};
pub use worker::Worker;
