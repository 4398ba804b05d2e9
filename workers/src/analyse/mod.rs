//! Analytics.
pub mod marks;
