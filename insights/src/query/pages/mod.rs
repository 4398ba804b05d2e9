//! What pages ask: mostly several figures of one account at once.

pub(crate) mod audience;
pub(crate) mod comments;
pub(crate) mod glance;
pub(crate) mod hashtags;
pub(crate) mod hours;
pub(crate) mod medium;
pub(crate) mod posts;
pub(crate) mod rivals;
pub(crate) mod series;
pub(crate) mod stories;
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
