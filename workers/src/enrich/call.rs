//! One call: token, grant, request. Nothing is locked meanwhile.

use cekbrand_graph::{Answer, Credential, GraphError, Request};
use jiff::Timestamp;
use metrics::{Unit, describe_counter, describe_histogram};
use sqlx::PgConnection;
use tracing::{Instrument, Span};

use super::effects::End;
use super::grants::GRANT;
use super::inner::Inner;
use super::policy::after;
use super::store::quota::{self, Blocked, Purse};
use super::store::stop;
#[cfg(feature = "failpoints")]
use crate::fail_points::stop_here;
use crate::tasks::{Park, ParkReason, Task};
use crate::token::seal::Column;
use crate::{token, traced};

const CALLS: &str = "cekbrand_worker_graph_calls_total";
const CALL_SECONDS: &str = "cekbrand_worker_graph_call_seconds";

pub(super) fn describe() {
    describe_counter!(CALLS, Unit::Count, "Graph API calls, by kind of read and outcome");
    describe_histogram!(CALL_SECONDS, Unit::Seconds, "How long Graph API calls took, by kind of read");
}

/// What came of trying to make a call.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Meta answered.
    Answered(Answer),
    /// Nothing was received.
    Failed(GraphError),
    /// No call was made: the account may not or cannot be called for now.
    Stopped(End),
}

/// An outcome, and the sealed token that it was had with.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) outcome: Outcome,
    pub(super) sealed: Option<String>,
}

impl Attempt {
    fn stopped(end: End) -> Self {
        Self { outcome: Outcome::Stopped(end), sealed: None }
    }
}

impl Inner {
    /// Makes one call for a task.
    pub(super) async fn call(
        &self,
        task: &Task,
        span: Span,
        request: &Request,
    ) -> Result<Attempt, sqlx::Error> {
        let account = task.key.account_id.as_str();
        let mut conn = self.pool.acquire().await?;
        let now = self.clock.now();
        if let Some(stop) = stop::standing(&mut conn, account, task.key.kind, now).await? {
            let note = Some("the account's reads of this kind are stopped".to_owned());
            let park = Park { reason: stop.reason, until: stop.until, answer: None, note };
            return Ok(Attempt::stopped(End::Park(park)));
        }
        let Some(token) = token::store::read(&mut conn, account).await? else {
            return Ok(Attempt::stopped(no_token(
                "the account has no token",
                after(now, self.settings.no_token),
            )));
        };
        let has_expired = token.expires_at.is_some_and(|end| end <= now);
        if token.is_dead || has_expired {
            let why =
                if token.is_dead { "the account's token is dead" } else { "the account's token has expired" };
            let outcome = Outcome::Stopped(self.dead_token(why, now));
            return Ok(Attempt { outcome, sealed: Some(token.sealed) });
        }
        let opened = match self.keys.open(account, Column::Token, &token.sealed) {
            Ok(opened) => opened,
            Err(error) => {
                let end = no_token(&error.to_string(), after(now, self.settings.sealed_token));
                return Ok(Attempt { outcome: Outcome::Stopped(end), sealed: Some(token.sealed) });
            }
        };
        if let Err(refusal) = self.draw(&mut conn, Purse::of(&self.app_id, &task.key), now).await? {
            let park = Park { reason: refusal.reason, until: refusal.until, answer: None, note: None };
            return Ok(Attempt::stopped(End::Park(park)));
        }
        traced::follow(&mut conn, &span, account, &task.key.target_id, now).await;
        drop(conn);
        let credential = Credential { token: opened, flavour: token.flavour };
        let outcome = self.send(span, request, &credential).await;
        fail::fail_point!("enrich.after_call", stop_here);
        Ok(Attempt { outcome, sealed: Some(token.sealed) })
    }

    /// Takes a call out of what this worker has drawn, or draws anew. A block is seen before each call,
    /// whoever set it and whatever is left.
    async fn draw(
        &self,
        conn: &mut PgConnection,
        purse: Purse<'_>,
        now: Timestamp,
    ) -> Result<Result<(), Blocked>, sqlx::Error> {
        if self.grants.take(purse.account_id, now) {
            let blocked = quota::block_of(conn, purse, now).await?;
            if blocked.is_some() {
                self.grants.forget(purse.account_id);
            }
            return Ok(blocked.map_or(Ok(()), Err));
        }
        let granted = quota::grant(conn, purse, GRANT, now).await?;
        Ok(granted.map(|calls| self.grants.add(purse.account_id, calls - 1, now)))
    }

    async fn send(&self, span: Span, request: &Request, credential: &Credential) -> Outcome {
        let started = self.clock.now();
        let result = self.api.call(request, credential).instrument(span).await;
        let error = match &result {
            Ok(answer) => answer.content.as_ref().err(),
            Err(error) => Some(error),
        };
        let outcome = error.map_or("ok", |error| error.disposition().as_str());
        let fetch = request.fetch().to_owned();
        metrics::counter!(CALLS, "fetch" => fetch.clone(), "outcome" => outcome).increment(1);
        let took = self.clock.now().duration_since(started).as_secs_f64();
        metrics::histogram!(CALL_SECONDS, "fetch" => fetch).record(took.max(0.0));
        match result {
            Ok(answer) => Outcome::Answered(answer),
            Err(error) => Outcome::Failed(error),
        }
    }

    fn dead_token(&self, why: &str, now: Timestamp) -> End {
        let (reason, note) = (ParkReason::TokenDead, Some(why.to_owned()));
        End::StopAccount(Park { reason, until: after(now, self.settings.token_dead), answer: None, note })
    }
}

fn no_token(why: &str, until: Timestamp) -> End {
    let (reason, note) = (ParkReason::NoToken, Some(why.to_owned()));
    End::StopAccount(Park { reason, until, answer: None, note })
}
