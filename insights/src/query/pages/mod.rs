//! What pages alone ask: several figures of one account at once. What the API answers as well, they ask in
//! the same way.

pub(crate) mod comments;
pub(crate) mod glance;
pub(crate) mod posts;
pub(crate) mod series;
pub(crate) mod stuck;

use jiff::civil::Date;

/// An account's days, by its own clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalDays<'a> {
    pub(crate) account: &'a str,
    pub(crate) timezone: &'a str,
    pub(crate) from: Date,
    pub(crate) to: Date,
}
