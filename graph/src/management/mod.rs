//! What is asked of Meta beside reads: who a token is and how long it lasts, a longer life for it, and which
//! webhook fields are subscribed.
//!
//! ```text
//!  operator, upkeep ──▶ Management ──▶ token: inspect, renew      ─▶ TokenState, NewToken
//!                          │           account: identity, search  ─▶ Identity, Business
//!                          ├──────────▶ subscription: app, account ─▶ fields
//!                          ├──────────▶ app: its secrets, the host and its clock
//!                          └──────────▶ login: dialogs in a browser ─▶ tokens, pages, accounts
//! ```
//!
//! These answers hold tokens: they are parsed here and recorded nowhere. Where Meta takes a token as a
//! parameter it is part of a URL, which is why no error of this module shows one.

pub mod account;
pub mod app;
pub mod login;
pub mod permission;
pub mod subscription;
#[cfg(test)]
mod tests;
pub mod token;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use reqwest::{Client, Method};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

pub use account::{Business, Identity};
pub use login::{Dialog, Page};
pub use permission::Permission;
pub use subscription::AppSubscription;
pub use token::{NewToken, TokenState};

use crate::answer::{Answer, Received};
use crate::api::{Credential, Flavour};
use crate::error::{Disposition, GraphError};
use crate::request::Request;
use crate::settings::Settings;
use crate::usage::Usage;
use crate::{http, proof};

/// Meta's interface for tokens, accounts and subscriptions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Management {
    client: Client,
    settings: Settings,
    clock: SharedClock,
    taken: Arc<[AtomicUsize; 3]>,
}

/// As whom a call is made.
#[derive(Debug, Clone, Copy)]
enum Caller<'a> {
    /// The app, by its id and a secret.
    App,
    /// The owner of a token, with the proof that the app asks.
    Owner(&'a Credential),
    /// Nobody: what the call needs is among its parameters.
    Nobody,
}

/// One call.
#[derive(Debug)]
struct Call<'a> {
    method: Method,
    flavour: Flavour,
    /// Below the version, or below the host where there is none.
    path: String,
    is_versioned: bool,
    /// A host of its own, instead of the login's.
    base: Option<&'a str>,
    parameters: Vec<(&'static str, &'a str)>,
}

impl<'a> Call<'a> {
    fn get(flavour: Flavour, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { method: Method::GET, flavour, path, is_versioned: true, base: None, parameters: Vec::new() }
    }

    fn post(flavour: Flavour, path: impl Into<String>) -> Self {
        Self { method: Method::POST, ..Self::get(flavour, path) }
    }

    fn with(mut self, name: &'static str, value: &'a str) -> Self {
        self.parameters.push((name, value));
        self
    }
}

/// Who calls, and the texts that prove it.
struct Proven {
    bearer: Option<SecretString>,
    proof: Vec<(&'static str, String)>,
}

impl Management {
    /// A client with its own connection pool.
    ///
    /// # Errors
    /// The TLS set-up of the machine cannot be used.
    pub fn new(settings: Settings, clock: SharedClock) -> Result<Self, GraphError> {
        Ok(Self { client: http::client(&settings)?, settings, clock, taken: Arc::default() })
    }

    /// The app's id, as configured.
    pub fn app_id(&self) -> Option<&str> {
        self.settings.app_id.as_deref()
    }

    /// Makes a call with the first secret that Meta takes; which one that is depends on the login.
    async fn ask(&self, caller: Caller<'_>, call: &Call<'_>) -> Result<Value, GraphError> {
        let refused = |answer: &Result<_, GraphError>| {
            answer.as_ref().is_err_and(|error| is_secret_refused(caller, error))
        };
        let taken = self.taken(caller);
        let first = taken.load(Ordering::Relaxed);
        let mut answer = self.ask_with(first, caller, call).await;
        for place in (0..self.settings.app_secrets.len()).filter(|place| *place != first) {
            if !refused(&answer) {
                break;
            }
            answer = self.ask_with(place, caller, call).await;
            if !refused(&answer) {
                taken.store(place, Ordering::Relaxed);
            }
        }
        answer
    }

    /// The place of the secret that Meta took last from such a caller.
    fn taken(&self, caller: Caller<'_>) -> &AtomicUsize {
        &self.taken[match caller {
            Caller::App | Caller::Nobody => 0,
            Caller::Owner(Credential { flavour: Flavour::Facebook, .. }) => 1,
            Caller::Owner(Credential { flavour: Flavour::Instagram, .. }) => 2,
        }]
    }

    async fn ask_with(&self, place: usize, caller: Caller<'_>, call: &Call<'_>) -> Result<Value, GraphError> {
        let now = self.clock.now();
        let secret = self.settings.app_secrets.get(place);
        let Proven { bearer, proof } = self.prove(caller, secret, now);
        let url = self.url(call);
        let mut parameters: Vec<(&str, &str)> = call.parameters.clone();
        parameters.push(("locale", "en_US"));
        parameters.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
        let request = self.client.request(call.method.clone(), url);
        let request = match call.method {
            Method::POST => request.form(&parameters),
            _ => request.query(&parameters),
        };
        let request = match &bearer {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        let response = request.send().await.map_err(GraphError::transport)?;
        let status = response.status().as_u16();
        let body = http::body(response, self.settings.max_body_bytes).await?;
        let received = Received {
            status,
            body: &body,
            usage: Usage::default(),
            observed_at: now,
            duration: Duration::ZERO,
        };
        let mut secrets: Vec<&str> =
            self.settings.app_secrets.iter().map(ExposeSecret::expose_secret).collect();
        if status != 200 {
            // A refusal may repeat what was sent. An answer is what was asked for: the same token, perhaps.
            secrets.extend(bearer.as_ref().map(ExposeSecret::expose_secret));
            secrets.extend(proof.iter().map(|(_, value)| value.as_str()));
            secrets
                .extend(call.parameters.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| *value));
        }
        Answer::read(&Request::node("management", &call.path), received, &secrets).content
    }

    fn prove(&self, caller: Caller<'_>, secret: Option<&SecretString>, now: Timestamp) -> Proven {
        match caller {
            Caller::Nobody => Proven { bearer: None, proof: Vec::new() },
            Caller::App => {
                let id = self.app_id().unwrap_or_default();
                let secret = secret.map(ExposeSecret::expose_secret).unwrap_or_default();
                Proven { bearer: Some(SecretString::from(format!("{id}|{secret}"))), proof: Vec::new() }
            }
            Caller::Owner(credential) => Proven {
                bearer: Some(credential.token.clone()),
                proof: proof::parameters(self.settings.proof, secret, &credential.token, now),
            },
        }
    }

    fn url(&self, call: &Call<'_>) -> String {
        let base = call.base.unwrap_or_else(|| self.base(call.flavour)).trim_end_matches('/');
        if call.is_versioned {
            format!("{base}/{}/{}", self.settings.version, call.path)
        } else {
            format!("{base}/{}", call.path)
        }
    }

    fn base(&self, flavour: Flavour) -> &str {
        match flavour {
            Flavour::Facebook => &self.settings.base_url,
            Flavour::Instagram => &self.settings.instagram_base_url,
        }
    }
}

/// Whether another of the app's secrets may be taken where this one was not.
fn is_secret_refused(caller: Caller<'_>, error: &GraphError) -> bool {
    match caller {
        Caller::App => matches!(error.codes().0, Some(1 | 101 | 190)),
        Caller::Owner(_) => error.disposition() == Disposition::AppSettings,
        Caller::Nobody => false,
    }
}

fn is_secret(parameter: &str) -> bool {
    ["access_token", "client_secret", "code", "fb_exchange_token", "input_token", "verify_token"]
        .contains(&parameter)
}
