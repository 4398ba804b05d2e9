//! Access tokens: sealed at rest ([`seal`]), and everything that is said to the database about them
//! and to the people who run it ([`store`]).
//!
//! - [`upkeep`]: each token is looked at daily, and renewed from half of its life on; `findings`: what a
//!   person has to know of that.
//! - [`revoked`]: what a webhook about permissions means.

mod findings;
pub mod revoked;
pub mod seal;
pub mod store;
pub mod upkeep;
