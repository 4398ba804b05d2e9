//! Telling people: what their rules say of an account, and once a week how it did, by signed webhooks and by
//! mail.
//!
//! ```text
//!  alert_rule ──figure──▶ came to hold? ──▶ alert_firing ─┐ one transaction
//!  Monday 07:00 there ──▶ digest ─────────────────────────┴▶ alert_delivery ──lease──▶ POST, signed
//!                                                              ▲  kept as bytes          │
//!                                                              └──── later ◀── refused ──┘
//! ```
//!
//! - [`watch`]: looks at rules and at the calendar. [`store`]: its statements.
//! - [`words`]: what is told, in sentences; [`body`]: the same as JSON.
//! - [`deliver`]: sends what waits. [`queue`]: its statements. [`outside`]: what is called, and what is not.
//!   [`mail`]: the same as messages.
//!
//! Invariants: a rule fires once for each time that it comes to hold, and once a day at most; what is told is
//! made in the transaction that notes why, so that a worker that is killed leaves both or neither; a delivery
//! keeps its id and its bytes however often it is sent, so that a receiver who takes an id once is told once;
//! no secret of a receiver is stored, and no address is logged.

pub mod body;
pub mod deliver;
pub mod mail;
pub mod outside;
pub mod queue;
pub mod store;
pub mod watch;
pub mod words;

use secrecy::SecretString;

pub use self::deliver::Deliverer;
pub use self::mail::{MailSettings, MailTls};
pub use self::watch::Watch;

/// How people are told.
#[derive(Debug, Clone, Default)]
pub struct TellSettings {
    /// What the secrets of webhooks' receivers are made from; without it none is called.
    pub secret: Option<SecretString>,
    /// Whether receivers may stand at private addresses, and be called without TLS.
    pub allow_private: bool,
    /// The server by which mail goes out; without it none does.
    pub mail: Option<MailSettings>,
    /// The dashboard's address as people see it, for links; without it they are paths.
    pub public_url: String,
}

pub(crate) fn describe() {
    watch::describe();
    deliver::describe();
}
