//! The queue of Graph reads, kept in `pipeline.enrichment_task`: what is to be read, for whom, how urgently,
//! and why not now.
//!
//! ```text
//!            enqueue                claim (lease)               finish
//!  nothing ──────────▶ waiting ──────────────────▶ running ──────────────▶ done
//!                         ▲                        │  │  ▲                   │ enqueue
//!                         │ unpark            park │  └──┘ lease expired     ▼
//!                         └──────────── parked ◀───┴──────────────────── fresh: parked until it may be read
//!                                      (reason, until)
//! ```
//!
//! - [`kind`]: keys, lanes, reasons to park, answers. [`backoff`]: how long to wait before another try.
//! - [`store`]: the statements.
//!
//! A read that is due again by the clock (a story before its end, a medium as it ages) is parked as `fresh`
//! until then, and comes forward when somebody wants it.
//!
//! Invariants: a task has one row per (kind, target, account, variant, cursor) for ever; a parked task says
//! why and until when; work wanted while it runs is not lost (`wanted_at > started_at` re-arms); what a
//! worker writes counts only while it holds the lease.

pub mod backoff;
pub mod kind;
pub mod store;

pub use kind::{LastAnswer, NewTask, ParkReason, TaskKey, TaskLane};
pub use store::claim::{Busy, Lease, Picking, SLOW_PERCENT, Task, claim};
pub use store::enqueue::{enqueue, enqueue_idle};
pub use store::look::{Count, List, Standing, counts, list, listed, read_by_owner, standing, wanted_lately};
pub use store::settle::{
    Blocked, Finish, Park, Stop, extend, finish, park, park_account, park_blocked, unpark,
};
