//! What people add: [`notes`] on the time axis, [`labels`] on media, rules of [`alerts`] and the [`channels`] by
//! which they are told, [`shares`] that show an account to others, and [`correction`] of what a comment feels.

pub(crate) mod alerts;
pub(crate) mod channels;
pub(crate) mod correction;
pub(crate) mod labels;
pub(crate) mod notes;
pub(crate) mod shares;
