//! What Meta sends to a webhook receiver, made up and sent the way Meta does it.
//!
//! - [`signer`]: the signature over the raw bytes.
//! - [`change`]: one change; `payload`: the JSON of its value.
//! - [`generator`]: a seeded stream of deliveries; [`expectation`]: the exact totals they must become.
//! - [`delivery`]: how changes are packed into a body, in all shapes Meta uses.
//! - [`sender`]: posts deliveries, retries what was not answered with 200, and keeps a log.
//! - [`bad_input`]: deliveries and headers that a receiver must survive.

pub mod bad_input;
pub mod change;
pub mod delivery;
pub mod expectation;
pub mod generator;
mod inventor;
mod payload;
pub mod sender;
pub mod signer;

pub use bad_input::BadSignature;
pub use change::{Change, Shape};
pub use delivery::{Delivery, Packing};
pub use expectation::Expectation;
pub use generator::{Generator, GeneratorConfig};
pub use sender::{Attempt, Pace, Progress, Sender, SenderConfig, SentDelivery, SentLog};
pub use signer::Signer;

#[cfg(test)]
mod tests;
