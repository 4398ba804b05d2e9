//! What is known of an account.
//!
//! - [`list`]: the accounts of a key, and one of them; [`summary`]: an account at a glance.
//! - [`series`]: figures day by day. [`tables`]: hashtags, hours, audience, competitors, formats.
//! - [`media`]: its media over a range; [`comments`]: the comments on them.

pub(crate) mod comments;
pub(crate) mod list;
pub(crate) mod media;
pub(crate) mod series;
pub(crate) mod summary;
pub(crate) mod tables;
