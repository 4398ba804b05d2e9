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

/// What Meta is asked about tokens, as `instagram.fetch_catalogue` names it. No task asks for it, and its answers
/// are never recorded.
pub const CATALOGUE: [(&str, &str); 3] = [
    ("debug_token", "What a token is worth"),
    ("fb_exchange_token", "A new token of Facebook Login for an old one"),
    ("ig_refresh_token", "A new token of Instagram Login for an old one"),
];
