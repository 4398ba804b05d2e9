//! The contract between the parts of CekBrand, pure: no network, no disk, no database.
//!
//! ```text
//!  bytes of a delivery ──delivery──▶ changes ──identity──▶ event id, subject id
//!                                       │
//!                                       └────envelope────▶ the record in Kafka (topic) ──event──▶ typed payload
//! ```
//!
//! - [`delivery`]: every shape in which Meta packs changes, read without copying.
//! - [`identity`]: what makes two changes the same; [`value`] has the canonical form that is hashed.
//!   [`repair`]: text that strangers escaped wrongly.
//! - [`envelope`]: the record in Kafka, version 1.
//! - [`event`]: what a change's payload says, typed.
//! - [`topic`]: lanes, topics, consumer groups, header names.
//! - [`ids`]: typed ids. [`figure`]: numbers that may be absent, and how observations merge.
//! - [`metric`]: which figures exist for which kind of medium today, what each means, and which are retired.
//! - [`meta_time`]: Meta's ways of writing an instant. [`clock`]: where the present comes from. [`health`], [`kafka`]: what roles share.
//!
//! Invariants: an old envelope parses for ever; a change's raw value is kept byte by byte; unknown is not zero.

pub mod clock;
pub mod delivery;
pub mod envelope;
pub mod event;
pub mod figure;
pub mod health;
pub mod identity;
pub mod ids;
pub mod kafka;
mod lenient;
pub mod meta_time;
pub mod metric;
pub mod repair;
pub mod topic;
pub mod value;

pub use clock::{Clock, ManualClock, SharedClock, SystemClock};
pub use figure::{Absence, Figure, Observation, Source};
pub use ids::{AccountId, CommentId, EventId, MediaId, UserId};
pub use metric::ProductType;
pub use rust_decimal::Decimal;
pub use topic::{Lane, Topics};
