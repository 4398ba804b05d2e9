//! For the demo and the tests: an invented Instagram, its Graph API, its webhooks, and real servers to test
//! against.
//!
//! ```text
//!  seed ──world──▶ accounts, media, comments ──simulator──▶ Graph API over HTTP (call log, faults)
//!                          │
//!                          └──meta: generator ▶ signer ▶ sender──▶ signed deliveries to a webhook receiver
//! ```
//!
//! - [`seeded`]: numbers that are the same in every run; [`words`]: what the invented people write.
//! - [`world`]: the invented Instagram itself.
//! - [`simulator`]: the Graph API in front of it, strict like Meta's.
//! - [`meta`]: what Meta sends: changes, deliveries, signatures, retries; [`meta_json`]: how Meta writes
//!   JSON.
//! - [`servers`]: Kafka and PostgreSQL for the tests.
//! - [`dataset`]: a large set of rows, for measuring reads.
//!
//! Invariants: the same seed gives the same bytes; the generator can say exactly what its deliveries must
//! become.

pub mod dataset;
pub mod meta;
pub mod meta_json;
pub mod seeded;
pub mod servers;
pub mod simulator;
pub mod words;
pub mod world;
