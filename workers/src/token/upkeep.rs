//! The tokens' upkeep: each token is looked at daily, and renewed from half of its life on; what a person has
//! to do becomes an alert. Every worker looks, each account is one worker's at a time.
//!
//! ```text
//!  due ──claim──▶ debug_token ──┬─ dead ──▶ the account's work waits, alert
//!                               └─ alive ─▶ kept ─▶ permissions, subscription: alerts
//!                                                └▶ half of its life over: renewed, sealed
//! ```
//!
//! Nothing of these calls is recorded: their answers hold tokens.

use std::time::Duration;

use cekbrand_graph::management::{NewToken, TokenState};
use cekbrand_graph::{Credential, GraphError, Management};
use cekbrand_schema::SharedClock;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span};

use super::findings;
use super::seal::{Column, TokenKeys};
use super::store::alert::{self, AlertKind};
use super::store::upkeep::{self, Due, Next, Replacement};
use super::store::{self, SealedToken};
use crate::enrich::store::stop;
use crate::tasks::{self, ParkReason, Stop};

const LOOKS: &str = "cekbrand_worker_token_looks_total";
const RENEWALS: &str = "cekbrand_worker_token_renewals_total";

/// How often it is asked who is due.
const PERIOD: Duration = Duration::from_secs(30);
/// Accounts in one round.
const AT_ONCE: u8 = 20;
/// How long an account is one worker's; also when it is looked at again after a failure.
const CLAIM: SignedDuration = SignedDuration::from_mins(10);
/// From one look to the next, less up to an hour, so that accounts that came together part.
const DAILY: SignedDuration = SignedDuration::from_hours(24);
/// Meta renews no younger token.
const YOUNGEST: SignedDuration = SignedDuration::from_hours(25);
/// The life of a long-lived token, where nobody told when it began.
const USUAL_LIFE: SignedDuration = SignedDuration::from_hours(24 * 60);
/// A token that could not be renewed and has no longer to live is a person's business.
const DYING: SignedDuration = SignedDuration::from_hours(24 * 7);
/// How long a dead token's account is left alone; a new token ends it.
const DEAD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Looks after tokens. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Upkeep {
    pool: PgPool,
    management: Management,
    keys: TokenKeys,
    app_id: String,
    clock: SharedClock,
}

/// A token of an account, opened.
struct Held<'a> {
    account_id: &'a str,
    token: SealedToken,
    credential: Credential,
}

/// Why a look came to nothing. Shows no token.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("{0}")]
    Meta(#[from] GraphError),
    #[error("the database refuses")]
    Database(#[from] sqlx::Error),
    #[error("{0}")]
    Seal(#[from] super::seal::SealError),
}

impl Upkeep {
    /// Looks after the tokens of this database.
    pub fn new(
        pool: PgPool,
        management: Management,
        keys: TokenKeys,
        app_id: impl Into<String>,
        clock: SharedClock,
    ) -> Self {
        describe();
        Self { pool, management, keys, app_id: app_id.into(), clock }
    }

    /// Looks until told to stop. An error is logged; the next round tries again.
    pub async fn run(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let pause = match self.tick().await {
                Ok(looked) if looked == usize::from(AT_ONCE) => Duration::ZERO,
                Ok(_) => PERIOD,
                Err(error) => {
                    tracing::warn!(error = ?error, "nobody could find out which tokens are due");
                    PERIOD
                }
            };
            // Cut short by the end of the process, which the condition sees.
            let _slept = shutdown.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    /// Looks at the tokens that are due, one after the other; says how many those were.
    ///
    /// # Errors
    /// The database's. What fails for one account stays with it, and is tried again.
    pub async fn tick(&self) -> Result<usize, sqlx::Error> {
        let now = self.clock.now();
        let due = Due { app_id: &self.app_id, now, until: later(now, CLAIM), limit: AT_ONCE.into() };
        let mut conn = self.pool.acquire().await?;
        let accounts = upkeep::claim(&mut conn, due).await?;
        drop(conn);
        for account_id in &accounts {
            let span = info_span!("token.upkeep", account.id = account_id);
            self.look(account_id).instrument(span).await?;
        }
        Ok(accounts.len())
    }

    async fn look(&self, account_id: &str) -> Result<(), sqlx::Error> {
        let failed = match self.look_at(account_id).await {
            Ok(()) => return Ok(()),
            Err(LookError::Database(error)) => return Err(error),
            Err(error) => error.to_string(),
        };
        metrics::counter!(LOOKS, "outcome" => "failed").increment(1);
        tracing::warn!(account.id = account_id, error = failed, "a token could not be looked at");
        let at = later(self.clock.now(), CLAIM);
        let next = Next { at, error: Some(&failed), meta_user_id: None };
        upkeep::next(&mut *self.pool.acquire().await?, account_id, next).await
    }

    async fn look_at(&self, account_id: &str) -> Result<(), LookError> {
        let token = store::read(&mut *self.pool.acquire().await?, account_id).await?;
        let Some(token) = token.filter(|token| !token.is_dead) else { return Ok(()) };
        let opened = self.keys.open(account_id, Column::Token, &token.sealed)?;
        let credential = Credential { token: opened, flavour: token.flavour };
        let held = Held { account_id, token, credential };
        let state = self.management.inspect(&held.credential).await?;
        let now = self.clock.now();
        if let Some(reason) = &state.dead {
            metrics::counter!(LOOKS, "outcome" => "dead").increment(1);
            return Ok(self.bury(&held, reason, now).await?);
        }
        metrics::counter!(LOOKS, "outcome" => "alive").increment(1);
        self.keep(&held, &state, now).await?;
        self.check_subscription(&held, now).await?;
        let failed = self.renew_if_due(&held, &state, now).await?;
        let jitter = SignedDuration::from_secs(rand::random_range(0..3600));
        let next = Next {
            at: later(now, DAILY - jitter),
            error: failed.as_deref(),
            meta_user_id: state.user_id.as_deref(),
        };
        Ok(upkeep::next(&mut *self.pool.acquire().await.map_err(LookError::from)?, account_id, next).await?)
    }

    /// The token is dead: the account's work waits for another one.
    async fn bury(&self, held: &Held<'_>, reason: &str, now: Timestamp) -> Result<(), sqlx::Error> {
        let Held { account_id, token, .. } = held;
        let mut transaction = self.pool.begin().await?;
        store::mark_dead(&mut transaction, account_id, &token.sealed, reason, now).await?;
        let until = later(now, DEAD_FOR);
        let stop = Stop { account_id, kind: None, reason: ParkReason::TokenDead, until };
        if stop::set(&mut transaction, stop, Some(&token.sealed), now).await? {
            tasks::park_account(&mut transaction, stop, now).await?;
        }
        transaction.commit().await
    }

    /// Keeps what was told, and says what the token may not do.
    async fn keep(&self, held: &Held<'_>, state: &TokenState, now: Timestamp) -> Result<(), sqlx::Error> {
        let Held { account_id, token, .. } = held;
        let mut transaction = self.pool.begin().await?;
        upkeep::checked(&mut transaction, account_id, &token.sealed, state, now).await?;
        if let Some(scopes) = &state.scopes {
            findings::permissions(&mut transaction, account_id, token.flavour, scopes, now).await?;
        }
        transaction.commit().await
    }

    /// Whether webhooks are still subscribed for the account; that nobody can be asked is no finding.
    async fn check_subscription(&self, held: &Held<'_>, now: Timestamp) -> Result<(), sqlx::Error> {
        let Held { account_id, token, credential } = held;
        let subscribed = match self.management.account_subscription(credential, account_id).await {
            Ok(subscribed) => subscribed,
            Err(error) => {
                tracing::debug!(%error, "the account's subscription is not told");
                return Ok(());
            }
        };
        findings::subscription(&mut *self.pool.acquire().await?, account_id, token.flavour, &subscribed, now)
            .await
    }

    /// Renews a token whose life is half over. Says why that failed, if it did.
    async fn renew_if_due(
        &self,
        held: &Held<'_>,
        state: &TokenState,
        now: Timestamp,
    ) -> Result<Option<String>, LookError> {
        let Some(expires_at) = state.expires_at.or(held.token.expires_at) else { return Ok(None) };
        if !is_half_over(state.issued_at.or(held.token.issued_at), expires_at, now) {
            return Ok(None);
        }
        match self.management.renew(&held.credential).await {
            Ok(renewed) => {
                self.replace(held, &renewed, now).await?;
                Ok(None)
            }
            Err(error) => {
                metrics::counter!(RENEWALS, "outcome" => "failed").increment(1);
                tracing::warn!(account.id = held.account_id, %error, "a token could not be renewed");
                if expires_at.duration_since(now) < DYING {
                    let mut conn = self.pool.acquire().await?;
                    findings::dying(&mut conn, held.account_id, expires_at, &error, now).await?;
                }
                Ok(Some(error.to_string()))
            }
        }
    }

    async fn replace(&self, held: &Held<'_>, renewed: &NewToken, now: Timestamp) -> Result<(), LookError> {
        let Held { account_id, token, .. } = held;
        let new = self.keys.seal(account_id, Column::Token, &renewed.token)?;
        let expires_at = renewed.lasts.and_then(|lasts| now.checked_add(lasts).ok());
        let replacement = Replacement { account_id, old: &token.sealed, new: &new, expires_at };
        let mut transaction = self.pool.begin().await?;
        if upkeep::replace(&mut transaction, replacement, now).await? {
            alert::resolve(&mut transaction, account_id, &[AlertKind::TokenDying], now).await?;
            metrics::counter!(RENEWALS, "outcome" => "renewed").increment(1);
            tracing::info!(account.id = account_id, "a token was renewed");
        }
        Ok(transaction.commit().await?)
    }
}

/// Whether half of a token's life is over, and it is old enough to be renewed.
fn is_half_over(issued_at: Option<Timestamp>, expires_at: Timestamp, now: Timestamp) -> bool {
    let issued_at = issued_at.unwrap_or_else(|| expires_at.checked_sub(USUAL_LIFE).unwrap_or(Timestamp::MIN));
    let (age, left) = (now.duration_since(issued_at), expires_at.duration_since(now));
    age >= YOUNGEST && age >= left
}

fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

fn describe() {
    metrics::describe_counter!(LOOKS, "Looks at tokens, by what they found: alive, dead, failed");
    metrics::describe_counter!(RENEWALS, "Renewals of tokens, by outcome: renewed, failed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_from_half_of_its_life_on_and_not_on_its_first_day() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let renewed =
            |issued: Option<i64>, expires, now| is_half_over(issued.map(day), day(expires), day(now));
        assert!(!renewed(Some(0), 60, 29) && renewed(Some(0), 60, 30) && renewed(Some(0), 60, 59));
        assert!(!renewed(None, 60, 29) && renewed(None, 60, 30), "without a word: 60 days");
        assert!(!renewed(Some(0), 1, 1), "too young for Meta");
        assert!(renewed(Some(0), 2, 2));
    }
}
