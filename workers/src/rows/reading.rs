//! Whose reading something is, and which days of analytics it touches.

use jiff::Timestamp;

pub use crate::analyse::marks::Mark;

/// Whose read it was, and when it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The account whose token was used.
    pub account_id: String,
    /// When the answer came.
    pub observed_at: Timestamp,
}
