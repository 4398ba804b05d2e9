//! The queue of Graph reads, kept in `pipeline.enrichment_task`: what is to be read, for whom, how urgently, and why not now.
//!
//! ```text
//!            enqueue                claim (lease)               finish
//!  nothing ──────────▶ waiting ──────────────────▶ running ──────────────▶ done
//!                         ▲                        │  │  ▲                   │ enqueue
//!                         │ unpark            park │  └──┘ lease expired     ▼
//!                         └──────────── parked ◀───┴──────────────────── fresh: parked until it may be read again
//!                                      (reason, until)
//! ```
//!
//! - [`kind`]: kinds, lanes, reasons to park. [`backoff`]: how long to wait before another try.
//! - [`store`]: the statements.
//!
//! Invariants: a task has one row per (kind, target, account) for ever; a parked task says why and until when; work wanted while it runs is not
//! lost (`wanted_at > started_at` re-arms); what a worker writes counts only while it holds the lease.

pub mod backoff;
pub mod kind;
pub mod store;

pub use kind::{NewTask, ParkReason, TaskKind, TaskLane};
pub use store::claim::{Lease, Picking, Task, claim};
pub use store::enqueue::enqueue;
pub use store::look::{Standing, counts, read_by_owner, standing};
pub use store::settle::{Park, extend, finish, park, park_account, park_blocked, unpark};
