//! The statements of the queue, one file per step of a task's life, and one that only looks.

pub mod claim;
pub mod enqueue;
pub mod look;
pub mod settle;
