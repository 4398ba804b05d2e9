//! Sends what waits. A delivery is one worker's at a time, by a lease; who is killed with one leaves it to
//! the next, who sends the same id and the same bytes.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_schema::{SharedClock, notice};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::mail::{Letter, MailError, Mailer};
use super::outside::{CallError, Notice, Outside};
use super::queue::{self, Delivery, Outcome};
use super::{TellSettings, body};

const DELIVERIES: &str = "cekbrand_worker_alert_deliveries_total";

const WEBHOOK: &str = "webhook";
const EMAIL: &str = "email";

/// How often it is asked what waits.
const PERIOD: Duration = Duration::from_secs(5);
/// Deliveries at once.
const AT_ONCE: u8 = 8;
/// Far longer than a call may take.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// After so many tries, over two days and a half, a receiver is given up.
const MOST_ATTEMPTS: i32 = 10;
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(12);

/// Sends what waits. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Deliverer {
    pool: PgPool,
    clock: SharedClock,
    secret: Option<Arc<SecretString>>,
    outside: Outside,
    mail: Option<Mailer>,
}

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The TLS set-up of the machine cannot be used.
    #[error("receivers cannot be called")]
    Web(#[from] reqwest::Error),
    /// The same, or the sender is none.
    #[error("no mail can be sent")]
    Mail(#[from] MailError),
}

/// Why a receiver was not told.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error("alerts.secret is not set: nothing can be signed")]
    NoSecret,
    #[error("smtp.host is not set: no mail can be sent")]
    NoMail,
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl Deliverer {
    /// Sends what waits in this database, as the settings say.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn new(pool: PgPool, clock: SharedClock, settings: &TellSettings) -> Result<Self, SetUpError> {
        let mail = settings.mail.as_ref().map(Mailer::new).transpose()?;
        let outside = Outside::new(settings.allow_private)?;
        Ok(Self { pool, clock, secret: settings.secret.clone().map(Arc::new), outside, mail })
    }

    /// Sends until told to stop. An error is logged; the next round tries again.
    pub async fn run(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let pause = match self.round().await {
                Ok(sent) if sent == usize::from(AT_ONCE) => Duration::ZERO,
                Ok(_) => PERIOD,
                Err(error) => {
                    metrics::counter!("cekbrand_worker_alert_failures_total").increment(1);
                    tracing::error!(error = ?error, "what waits could not be sent and will be tried again");
                    PERIOD
                }
            };
            // Cut short by the end of the process, which the condition sees.
            let _slept = shutdown.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Sends what is due; says how much that was.
    ///
    /// # Errors
    /// The database's. A receiver who does not answer is no error.
    pub async fn round(&self) -> Result<usize, sqlx::Error> {
        let taken = self.take().await?;
        let count = taken.len();
        let mut sending = JoinSet::new();
        for delivery in taken {
            let deliverer = self.clone();
            sending.spawn(async move { deliverer.send(&delivery).await });
        }
        let mut failed = None;
        while let Some(sent) = sending.join_next().await {
            match sent {
                Ok(Ok(())) => {}
                Ok(Err(error)) => drop(failed.get_or_insert(error)),
                // Its lease runs out, and another sends it.
                Err(error) => tracing::error!(%error, "sending a delivery broke off"),
            }
        }
        failed.map_or(Ok(count), Err)
    }

    /// Takes what is due.
    ///
    /// # Errors
    /// The database's.
    pub async fn take(&self) -> Result<Vec<Delivery>, sqlx::Error> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        queue::claim(&mut conn, now, later(now, LEASE), AT_ONCE.into(), &self.kinds()).await
    }

    /// What this worker can send. A try that cannot succeed would use up one of a delivery's.
    fn kinds(&self) -> Vec<&'static str> {
        let webhook = self.secret.as_ref().map(|_| WEBHOOK);
        webhook.into_iter().chain(self.mail.as_ref().map(|_| EMAIL)).collect()
    }

    /// Sends one that was taken, and notes what became of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn send(&self, delivery: &Delivery) -> Result<(), sqlx::Error> {
        let answer = match delivery.kind.as_str() {
            EMAIL => self.mail(delivery).await,
            _ => self.call(delivery).await,
        };
        let now = self.clock.now();
        let outcome = outcome(delivery, answer, now);
        let told = match outcome.state {
            "waiting" => "failed",
            state => state,
        };
        metrics::counter!(DELIVERIES, "outcome" => told).increment(1);
        if let Some(error) = &outcome.error {
            tracing::warn!(delivery.id = %delivery.id, channel.id = delivery.channel_id, error, "a receiver was not told");
        }
        queue::settle(&mut *self.pool.acquire().await?, delivery, &outcome, now).await
    }

    async fn call(&self, delivery: &Delivery) -> Result<u16, TellError> {
        let secret = self.secret.as_ref().ok_or(TellError::NoSecret)?;
        let notice = Notice {
            id: &body::id(delivery.id),
            timestamp: self.clock.now().as_second(),
            body: &delivery.body,
            secret: &notice::secret_of(secret, delivery.channel_id),
        };
        Ok(self.outside.post(&delivery.address, notice).await?)
    }

    async fn mail(&self, delivery: &Delivery) -> Result<u16, TellError> {
        let mailer = self.mail.as_ref().ok_or(TellError::NoMail)?;
        let (to, id) = (delivery.address.as_str(), &body::id(delivery.id));
        let letter = Letter { to, id, date: delivery.created_at, body: &delivery.body };
        Ok(mailer.send(letter).await?)
    }
}

/// What an answer means.
fn outcome(delivery: &Delivery, answer: Result<u16, TellError>, now: Timestamp) -> Outcome {
    let (status, error) = match answer {
        Ok(status @ 200..=299) => {
            return Outcome { state: "delivered", again_at: None, status: Some(status.into()), error: None };
        }
        Ok(status @ 300..=399) => {
            (Some(status), format!("it answered {status}: what leads elsewhere is not followed"))
        }
        Ok(status) => (Some(status), format!("it answered {status}")),
        Err(error) => (None, error.to_string()),
    };
    // 410: it wants no more of it.
    let is_over = status == Some(410) || delivery.attempt >= MOST_ATTEMPTS;
    Outcome {
        state: if is_over { "given_up" } else { "waiting" },
        again_at: (!is_over).then(|| later(now, wait(delivery.attempt))),
        status: status.map(Into::into),
        error: Some(error),
    }
}

/// Six times as long each time: 10 s, 1 min, 6 min, 36 min, 3 h 36 min, then half a day.
fn wait(attempt: i32) -> SignedDuration {
    let factor = 6_i32.saturating_pow(attempt.saturating_sub(1).clamp(0, 9).unsigned_abs());
    FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)
}

pub(super) fn describe() {
    metrics::describe_counter!(
        DELIVERIES,
        "Tries to tell a receiver, by outcome: delivered, failed (and tried again), given_up"
    );
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_half_a_day() {
        let waits: Vec<i64> = (1..=7).map(|attempt| wait(attempt).as_secs()).collect();
        assert_eq!(waits, [10, 60, 360, 2160, 12_960, 43_200, 43_200]);
    }
}
