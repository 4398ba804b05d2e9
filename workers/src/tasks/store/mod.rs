//! The statements of the queue, one file per step of a task's life.

pub mod claim;
pub mod enqueue;
pub mod settle;
