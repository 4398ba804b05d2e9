//! The app itself: whether Meta takes its id with each of its secrets, and whether a host can be reached.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::DATE;

use super::{Call, Caller, Management};
use crate::api::Flavour;
use crate::error::GraphError;

/// A host that answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// What its clock said, where it said so.
    pub host_time: Option<Timestamp>,
    /// What ours said then.
    pub own_time: Timestamp,
}

impl Management {
    /// Asks for the app with each secret by itself, in their order.
    pub async fn try_secrets(&self) -> Vec<Result<(), GraphError>> {
        let call = Call::get(Flavour::Facebook, self.app_id().unwrap_or_default()).with("fields", "id");
        let mut tried = Vec::new();
        for place in 0..self.settings.app_secrets.len() {
            tried.push(self.ask_with(place, Caller::App, &call).await.map(drop));
        }
        tried
    }

    /// Asks a login's host for anything at all, as nobody.
    ///
    /// # Errors
    /// Nothing was received.
    pub async fn reach(&self, flavour: Flavour) -> Result<Reached, GraphError> {
        let url = self.url(&Call::get(flavour, "me"));
        let answer = self.client.get(url).send().await.map_err(GraphError::transport)?;
        let told = answer.headers().get(DATE).and_then(|value| value.to_str().ok());
        let host_time = told.and_then(|date| rfc2822::parse(date).ok()).map(|date| date.timestamp());
        Ok(Reached { host_time, own_time: self.clock.now() })
    }

    /// The host that tokens of a login are for.
    pub fn host(&self, flavour: Flavour) -> &str {
        self.base(flavour)
    }
}
