//! [`GraphApi`] over HTTPS: time-outs, no redirects, a limit on the body, and nothing secret in a URL that is
//! shown.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use secrecy::ExposeSecret;

use crate::answer::{Answer, Received};
use crate::api::{Credential, Flavour, GraphApi, Pending};
use crate::error::{Disposition, GraphError};
use crate::proof;
use crate::request::Request;
use crate::settings::Settings;
use crate::usage::{APP_HEADER, BUSINESS_HEADER, Usage};

/// Texts of errors come in the language of the token's owner unless one is asked for; some of them have to be
/// understood.
const LOCALE: [(&str, &str); 1] = [("locale", "en_US")];

/// The real client. The process installs a rustls provider before it makes one.
#[derive(Debug)]
pub struct HttpGraphApi {
    client: Client,
    settings: Settings,
    clock: SharedClock,
    /// The place of the secret that proves calls, by login.
    proving: [AtomicUsize; 2],
}

impl HttpGraphApi {
    /// A client with its own connection pool.
    ///
    /// # Errors
    /// The TLS set-up of the machine cannot be used.
    pub fn new(settings: Settings, clock: SharedClock) -> Result<Self, GraphError> {
        Ok(Self { client: client(&settings)?, settings, clock, proving: Default::default() })
    }

    /// Asks with the secret that was accepted last, and with the others only where that one is refused.
    async fn send(&self, request: &Request, credential: &Credential) -> Result<Answer, GraphError> {
        if !request.is_addressable() {
            return Err(GraphError::NotAddressable);
        }
        let proving = &self.proving[credential.flavour as usize];
        let first = proving.load(Ordering::Relaxed);
        let secrets = self.settings.app_secrets.len();
        let mut answer = self.send_proven_by(first, request, credential).await?;
        for other in (0..secrets).filter(|place| *place != first) {
            if !is_proof_refused(&answer) {
                break;
            }
            answer = self.send_proven_by(other, request, credential).await?;
            if !is_proof_refused(&answer) {
                proving.store(other, Ordering::Relaxed);
            }
        }
        Ok(answer)
    }

    async fn send_proven_by(
        &self,
        place: usize,
        request: &Request,
        credential: &Credential,
    ) -> Result<Answer, GraphError> {
        let started = self.clock.now();
        let secret = self.settings.app_secrets.get(place);
        let proof = proof::parameters(self.settings.proof, secret, &credential.token, started);
        let response = self
            .client
            .get(self.url(request, credential.flavour))
            .query(request.query())
            .query(&LOCALE)
            .query(&proof)
            .bearer_auth(credential.token.expose_secret())
            .send()
            .await
            .map_err(GraphError::transport)?;
        let status = response.status().as_u16();
        let usage = usage(&response);
        let body = body(response, self.settings.max_body_bytes).await?;
        let observed_at = self.clock.now();
        let duration = elapsed(started, observed_at);
        let mut secrets = vec![credential.token.expose_secret()];
        secrets.extend(self.settings.app_secrets.iter().map(ExposeSecret::expose_secret));
        secrets.extend(proof.first().map(|(_, proof)| proof.as_str()));
        let received = Received { status, body: &body, usage, observed_at, duration };
        Ok(Answer::read(request, received, &secrets))
    }

    fn url(&self, request: &Request, flavour: Flavour) -> String {
        let base = match flavour {
            Flavour::Facebook => &self.settings.base_url,
            Flavour::Instagram => &self.settings.instagram_base_url,
        };
        format!("{}/{}/{}", base.trim_end_matches('/'), self.settings.version, request.path())
    }
}

/// A client with its own connection pool, and the time-outs of these settings.
pub(crate) fn client(settings: &Settings) -> Result<Client, GraphError> {
    Client::builder()
        .connect_timeout(settings.timeout)
        .timeout(settings.timeout)
        .redirect(Policy::none())
        .user_agent(concat!("cekbrand/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(GraphError::Client)
}

/// A body up to a limit.
pub(crate) async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, GraphError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(GraphError::transport)? {
        if body.len() + chunk.len() > limit {
            return Err(GraphError::TooLong { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl GraphApi for HttpGraphApi {
    fn call<'a>(&'a self, request: &'a Request, credential: &'a Credential) -> Pending<'a> {
        Box::pin(self.send(request, credential))
    }

    fn version(&self) -> &str {
        &self.settings.version
    }
}

fn is_proof_refused(answer: &Answer) -> bool {
    answer.content.as_ref().is_err_and(|error| error.disposition() == Disposition::AppSettings)
}

fn usage(response: &Response) -> Usage {
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    Usage::read(header(BUSINESS_HEADER), header(APP_HEADER))
}

fn elapsed(started: Timestamp, ended: Timestamp) -> Duration {
    Duration::try_from(ended.duration_since(started)).unwrap_or(Duration::ZERO)
}
