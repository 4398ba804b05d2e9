//! The contract between the parts of CekBrand, pure: no network, no disk, no database.
//!
//! ```text
//!  bytes of a delivery ──delivery──▶ changes ──identity──▶ event id, subject id
//!                       │               │
//!                       │               └────envelope────▶ the record in Kafka (topic) event─▶ typed payload
//!                       └─dead_letter─▶ what could not be read, as bytes
//! ```
//!
//! - [`delivery`]: every shape in which Meta packs changes, read without copying. [`change`]: one of them.
//! - [`identity`]: what makes two changes the same; [`value`] has the canonical form that is hashed.
//!   [`repair`]: text that strangers escaped wrongly.
//! - [`envelope`]: the record in Kafka, version 1. [`dead_letter`]: the other kind of record.
//! - [`event`]: what a change's payload says, typed.
//! - [`topic`]: lanes, topics, consumer groups, header names.
//! - [`ids`]: typed ids. [`figure`]: numbers that may be absent, and how observations merge.
//! - [`metric`]: which figures exist for which kind of medium today, what each means, and which are retired.
//! - [`trace`]: how a delivery is followed where traces are on.
//! - [`meta_time`]: Meta's ways of writing an instant. [`clock`]: where the present comes from. [`health`],
//!   [`kafka`]: what roles share. [`notice`]: how what is told to receivers is signed; [`outside`]: where they
//!   may be.
//!
//! # Words
//!
//! - **webhook**: how Meta tells us what happened: a signed POST. Its body is a **delivery**.
//! - **entry**: the part of a delivery that concerns one account; it holds **changes**: a field and a value
//!   each.
//! - **field**: what a change is about (`comments`, `story_insights`); its **payload** is the value, read.
//! - **event**: a change that was kept, known by its event id; its **subject** is the thing that it speaks
//!   of.
//! - **envelope**: a change as it travels, with identity and circumstances; one **record** in Kafka.
//! - **lane**: one kind of work with its own **topic** and consumer group, so that no other delays it.
//! - **dead letter**: what could not be read or landed, kept as bytes, in **parts** where it is large.
//! - **secret label**: the name of an app secret; the secret itself is only ever called `secret`.
//! - **task**: a **read** of the Graph API that is wanted; the **lane of a task** says how urgently.
//! - **figure**: a number, or its **absence**: the reason why there is none. An **observation** is a figure
//!   that was seen.
//! - **mark**: an account and day whose analytics must be computed anew.
//!
//! Invariants: an old envelope parses for ever; a change's raw value is kept byte by byte; unknown is not
//! zero.

pub mod change;
pub mod clock;
pub mod dead_letter;
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
pub mod notice;
pub mod outside;
pub mod repair;
pub mod topic;
pub mod trace;
pub mod value;
mod wrapped;

pub use change::Change;
pub use clock::{Clock, ManualClock, SharedClock, SystemClock};
pub use figure::{Absence, Figure, Observation, Source};
pub use ids::{AccountId, CommentId, EventId, MediaId, UserId};
pub use metric::ProductType;
pub use rust_decimal::Decimal;
pub use topic::{Lane, Topics};
