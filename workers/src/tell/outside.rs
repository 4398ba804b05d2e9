//! What is called: addresses that people gave us. None of them leads into the house unless a setting says so,
//! no answer leads anywhere else, and nobody is waited for for long.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use cekbrand_schema::{notice, outside};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use secrecy::SecretString;

/// For one call, all of it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why nobody could be told. Shows no address: it may be all that a receiver has for a password.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// It is no address of the web.
    #[error("the address cannot be read")]
    Address,
    /// It leads into the house.
    #[error("the address is not on the public internet; alerts.allow_private lets it be called")]
    Private,
    /// No TLS.
    #[error("the address is not https; alerts.allow_private lets it be called")]
    Plain,
    /// No answer.
    #[error("{}", chain(.0))]
    Transport(#[source] reqwest::Error),
}

/// Calls receivers.
#[derive(Debug, Clone)]
pub struct Outside {
    client: Client,
    allow_private: bool,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// The same however often it is sent.
    pub id: &'a str,
    /// The second in which it is.
    pub timestamp: i64,
    /// JSON.
    pub body: &'a str,
    /// What signs it.
    pub secret: &'a SecretString,
}

impl Outside {
    /// A client of its own: it asks no proxy, which would call for us what we must not.
    ///
    /// # Errors
    /// The TLS set-up of the machine cannot be used.
    pub fn new(allow_private: bool) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Resolver { allow_private }))
            .user_agent(concat!("cekbrand/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, allow_private })
    }

    /// Sends; the status that is answered. The answer's body is not read.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn post(&self, address: &str, notice: Notice<'_>) -> Result<u16, CallError> {
        let url = self.permitted(address)?;
        let signature = notice::sign(notice.secret, notice.id, notice.timestamp, notice.body.as_bytes());
        let answer = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header(notice::ID, notice.id)
            .header(notice::TIMESTAMP, notice.timestamp.to_string())
            .header(notice::SIGNATURE, signature)
            .body(notice.body.to_owned())
            .send()
            .await;
        let answer = answer.map_err(|error| CallError::Transport(error.without_url()))?;
        Ok(answer.status().as_u16())
    }

    /// Numbers are judged here, names where they are resolved.
    fn permitted(&self, address: &str) -> Result<Url, CallError> {
        let url = Url::parse(address).map_err(|_| CallError::Address)?;
        let host = url.host_str().ok_or(CallError::Address)?;
        if self.allow_private {
            return if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(CallError::Address) };
        }
        if url.scheme() != "https" {
            return Err(CallError::Plain);
        }
        let number: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        if number.is_some_and(|number| !outside::is_public(number)) {
            return Err(CallError::Private);
        }
        Ok(url)
    }
}

/// Resolves names, and forgets those of their addresses that lead into the house.
#[derive(Debug)]
struct Resolver {
    allow_private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted: Vec<SocketAddr> =
                found.into_iter().filter(|found| allow_private || outside::is_public(found.ip())).collect();
            if permitted.is_empty() {
                return Err(CallError::Private.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permitted(allow_private: bool, address: &str) -> Result<(), String> {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let outside = Outside::new(allow_private).unwrap();
        outside.permitted(address).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_that_lead_into_the_house_are_not_called() {
        for inside in [
            "https://127.0.0.1/x",
            "https://10.0.0.8",
            "https://[::1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
            "http://93.184.216.34/",
            "file:///etc/passwd",
            "x",
        ] {
            assert!(permitted(false, inside).is_err(), "{inside}");
        }
        assert_eq!(permitted(false, "https://93.184.216.34/hook"), Ok(()));
        assert_eq!(permitted(true, "http://127.0.0.1:9/hook"), Ok(()));
        assert!(permitted(true, "ftp://127.0.0.1/").is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_house_is_not_called() {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let outside = Outside::new(false).unwrap();
        let notice = Notice { id: "msg_1", timestamp: 1, body: "{}", secret: &"whsec_AA==".into() };
        let error = outside.post("https://localhost:9/hook", notice).await.unwrap_err().to_string();
        assert!(error.contains("not on the public internet") && !error.contains("hook"), "{error}");
    }
}
