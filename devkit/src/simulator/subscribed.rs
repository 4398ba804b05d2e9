//! What is subscribed, of the app and of each account.

use std::collections::BTreeSet;

/// What is subscribed, and where deliveries go.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    /// (app or account, field).
    fields: BTreeSet<(String, String)>,
    pub(super) callback: Option<String>,
}

impl Subscriptions {
    pub(super) fn of(&self, subject: &str) -> Vec<String> {
        self.fields.iter().filter(|(of, _)| of == subject).map(|(_, field)| field.clone()).collect()
    }

    /// Ends all subscriptions of an app or an account.
    pub(super) fn end(&mut self, subject: &str) {
        self.fields.retain(|(of, _)| of != subject);
    }

    pub(super) fn add(&mut self, subject: &str, fields: &[&str]) {
        self.fields.extend(fields.iter().map(|field| (subject.to_owned(), (*field).to_owned())));
    }
}
