//! Posts signed deliveries like Meta: over kept-alive connections, several at once, again until the answer is
//! 200.
//!
//! A delivery that was not answered with 200 may have landed in part; its repetition then brings the same
//! changes twice. The log says for how many changes that is possible ([`SentLog::retried`]).

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};

use super::delivery::Delivery;
use super::signer::{SIGNATURE_HEADER, Signer};

/// Awaited before each delivery, given the bytes of it: holds the sender back where the receiver needs it.
pub type Pace = Arc<dyn Fn(usize) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How a sender works.
#[derive(Clone)]
pub struct SenderConfig {
    /// The receiver's webhook address.
    pub url: String,
    /// Signs every body.
    pub signer: Signer,
    /// Deliveries under way at once.
    pub concurrency: usize,
    /// An answer that takes longer counts as failed; Meta waits 20 seconds.
    pub timeout: Duration,
    /// The wait before the second repetition; the first comes at once, later ones double it.
    pub backoff: Duration,
    /// The longest wait between two repetitions.
    pub longest_backoff: Duration,
    /// A delivery that is not accepted within this time is given up; Meta takes 36 hours.
    pub give_up_after: Duration,
    /// Holds deliveries back, if given.
    pub pace: Option<Pace>,
}

impl SenderConfig {
    /// Eight deliveries at once, repeated for two minutes.
    pub fn new(url: impl Into<String>, signer: Signer) -> Self {
        Self {
            url: url.into(),
            signer,
            concurrency: 8,
            timeout: Duration::from_secs(20),
            backoff: Duration::from_millis(200),
            longest_backoff: Duration::from_secs(5),
            give_up_after: Duration::from_mins(2),
            pace: None,
        }
    }
}

/// How one try to deliver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The HTTP status; nothing if there was no answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// A delivery and what became of it.
#[derive(Debug, Clone)]
pub struct SentDelivery {
    /// The delivery's number.
    pub id: u64,
    /// Changes in it; an unparsable body counts as one.
    pub changes: u64,
    /// Bytes of its body.
    pub bytes: usize,
    /// Every try, in order.
    pub attempts: Vec<Attempt>,
    /// How many changes of each field it carries.
    pub fields: BTreeMap<String, u64>,
}

impl SentDelivery {
    /// Whether the last try was answered with 200.
    pub fn accepted(&self) -> bool {
        self.attempts.last().is_some_and(|attempt| attempt.status == Some(200))
    }

    /// How many tries may have left something behind although they were not answered with 200: those without
    /// an answer and those answered with 5xx.
    pub fn doubtful_attempts(&self) -> u64 {
        let doubtful = |attempt: &&Attempt| attempt.status.is_none_or(|status| status >= 500);
        self.attempts.iter().filter(doubtful).count() as u64
    }
}

/// What was sent.
#[derive(Debug, Clone, Default)]
pub struct SentLog {
    /// All deliveries, by number.
    pub deliveries: Vec<SentDelivery>,
}

impl SentLog {
    /// Changes in deliveries that were answered with 200.
    pub fn accepted(&self) -> u64 {
        self.deliveries.iter().filter(|delivery| delivery.accepted()).map(|delivery| delivery.changes).sum()
    }

    /// Changes in tries that were not answered with 200 and may have landed all the same: the most by which
    /// the receiver's books may exceed [`SentLog::accepted`].
    pub fn retried(&self) -> u64 {
        self.deliveries.iter().map(|delivery| delivery.doubtful_attempts() * delivery.changes).sum()
    }

    /// Deliveries that were given up.
    pub fn given_up(&self) -> impl Iterator<Item = &SentDelivery> {
        self.deliveries.iter().filter(|delivery| !delivery.accepted())
    }

    /// Tries altogether.
    pub fn attempts(&self) -> usize {
        self.deliveries.iter().map(|delivery| delivery.attempts.len()).sum()
    }
}

/// How far a sender has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Deliveries done with, accepted or given up.
    pub deliveries: u64,
    /// Changes accepted.
    pub accepted: u64,
    /// Changes of doubtful tries.
    pub retried: u64,
}

/// Posts deliveries.
#[derive(Clone)]
pub struct Sender {
    config: SenderConfig,
    client: reqwest::Client,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("url", &self.config.url).finish_non_exhaustive()
    }
}

impl Sender {
    /// A sender with connections of its own.
    ///
    /// # Errors
    /// If the HTTP client cannot be set up.
    pub fn new(config: SenderConfig) -> anyhow::Result<Self> {
        // Another part of the process may have chosen the provider already, which is as good.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(config.timeout)
            .pool_max_idle_per_host(config.concurrency)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the sender's HTTP client cannot be set up")?;
        Ok(Self { config, client })
    }

    /// Sends all deliveries and returns once each is accepted or given up. `progress` is called after each.
    ///
    /// # Errors
    /// If there was nothing to send.
    pub async fn send_all(
        &self,
        deliveries: impl IntoIterator<Item = Delivery>,
        mut progress: impl FnMut(Progress),
    ) -> anyhow::Result<SentLog> {
        let mut log = SentLog::default();
        let mut reached = Progress::default();
        let mut under_way = stream::iter(deliveries)
            .map(|delivery| self.send(delivery))
            .buffer_unordered(self.config.concurrency);
        while let Some(sent) = under_way.next().await {
            reached.deliveries += 1;
            reached.accepted += if sent.accepted() { sent.changes } else { 0 };
            reached.retried += sent.doubtful_attempts() * sent.changes;
            progress(reached);
            log.deliveries.push(sent);
        }
        log.deliveries.sort_by_key(|delivery| delivery.id);
        if log.deliveries.is_empty() {
            bail!("there was nothing to send");
        }
        Ok(log)
    }

    /// Sends one delivery until it is accepted or given up.
    pub async fn send(&self, delivery: Delivery) -> SentDelivery {
        if let Some(pace) = &self.config.pace {
            pace(delivery.body.len()).await;
        }
        let mut sent = SentDelivery {
            id: delivery.id,
            changes: delivery.units(),
            bytes: delivery.body.len(),
            attempts: Vec::new(),
            fields: delivery.fields(),
        };
        let signature = self.config.signer.sign(&delivery.body);
        let started = Instant::now();
        loop {
            let (attempt, wanted_wait) = self.attempt(delivery.body.clone(), &signature).await;
            sent.attempts.push(attempt);
            let wait = wanted_wait.unwrap_or_else(|| self.backoff(sent.attempts.len()));
            if sent.accepted() || started.elapsed() + wait > self.config.give_up_after {
                return sent;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Posts a signed body once and returns the status.
    ///
    /// # Errors
    /// If there was no answer.
    pub async fn post(&self, body: impl Into<Bytes>) -> anyhow::Result<u16> {
        let body = body.into();
        let signature = self.config.signer.sign(&body);
        self.post_with(body, &[(SIGNATURE_HEADER, &signature)]).await
    }

    /// Posts a body once with exactly these headers (a name may come twice) and returns the status.
    ///
    /// # Errors
    /// If there was no answer.
    pub async fn post_with(&self, body: impl Into<Bytes>, headers: &[(&str, &str)]) -> anyhow::Result<u16> {
        let mut request = self.client.post(&self.config.url).header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.into()).send().await.context("no answer to the delivery")?;
        Ok(response.status().as_u16())
    }

    /// The signer in use.
    pub const fn signer(&self) -> &Signer {
        &self.config.signer
    }

    async fn attempt(&self, body: Bytes, signature: &str) -> (Attempt, Option<Duration>) {
        let started = Instant::now();
        let request = self
            .client
            .post(&self.config.url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, "facebookexternalua")
            .header(SIGNATURE_HEADER, signature);
        let mut wait = None;
        let (status, error) = match request.body(body).send().await {
            Ok(response) => {
                let after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
                wait = after.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
                let status = response.status().as_u16();
                // Read to the end, so that the connection can be used again; what it says does not matter.
                let _body = response.bytes().await;
                (Some(status), None)
            }
            Err(error) => (None, Some(error.without_url().to_string())),
        };
        (Attempt { status, error, took: started.elapsed() }, wait)
    }

    /// The wait after so many tries: none after the first, then doubling.
    fn backoff(&self, attempts: usize) -> Duration {
        if attempts < 2 {
            return Duration::ZERO;
        }
        let doublings = u32::try_from(attempts - 2).unwrap_or(u32::MAX).min(16);
        (self.config.backoff * 2_u32.pow(doublings)).min(self.config.longest_backoff)
    }
}
