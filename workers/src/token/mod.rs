//! Access tokens: sealed at rest ([`seal`]), and everything that is said to the database about them
//! ([`store`]).

pub mod seal;
pub mod store;
