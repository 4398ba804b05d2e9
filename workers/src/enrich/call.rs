//! One call: token, grant, request. Nothing is locked meanwhile.

use cekbrand_graph::{Answer, Credential, GraphError, Request};
use jiff::Timestamp;
use tracing::{Instrument, Span, info_span};

use super::Inner;
use super::effects::End;
use super::policy::after;
use super::store::quota::{self, Purse};
use super::store::token;
use crate::seal::Column;
use crate::tasks::{Park, ParkReason, Task};

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
    pub(super) async fn call(&self, task: &Task, request: &Request) -> Result<Attempt, sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        let now = self.clock.now();
        let Some(token) = token::read(&mut conn, &task.account_id).await? else {
            return Ok(Attempt::stopped(self.no_token("the account has no token", now)));
        };
        let has_expired = token.expires_at.is_some_and(|end| end <= now);
        if token.is_dead || has_expired {
            let why =
                if token.is_dead { "the account's token is dead" } else { "the account's token has expired" };
            let sealed = has_expired.then_some(token.sealed);
            return Ok(Attempt { outcome: Outcome::Stopped(self.dead_token(why, now)), sealed });
        }
        if let Some(until) = self.stops.until(task, &token.sealed, now) {
            let note = Some("the token may not do this kind of read".to_owned());
            return Ok(Attempt::stopped(End::park(ParkReason::Permission, until, note)));
        }
        let opened = match self.keys.open(&task.account_id, Column::Token, &token.sealed) {
            Ok(opened) => opened,
            Err(error) => return Ok(Attempt::stopped(self.no_token(&error.to_string(), now))),
        };
        let purse = Purse { app_id: &self.app_id, account_id: &task.account_id };
        if let Err((reason, until)) = quota::grant(&mut conn, purse, now).await? {
            return Ok(Attempt::stopped(End::park(reason, until, None)));
        }
        drop(conn);
        let credential = Credential { token: opened, flavour: token.flavour };
        let outcome = self.send(task, request, &credential).await;
        fail::fail_point!("enrich.after_call");
        Ok(Attempt { outcome, sealed: Some(token.sealed) })
    }

    async fn send(&self, task: &Task, request: &Request, credential: &Credential) -> Outcome {
        let started = self.clock.now();
        let result = self.api.call(request, credential).instrument(span(request, task)).await;
        let error = match &result {
            Ok(answer) => answer.content.as_ref().err(),
            Err(error) => Some(error),
        };
        let outcome = error.map_or("ok", |error| error.disposition().as_str());
        let fetch = request.fetch().id();
        metrics::counter!("cekbrand_worker_graph_calls_total", "fetch" => fetch, "outcome" => outcome)
            .increment(1);
        let took = self.clock.now().duration_since(started).as_secs_f64();
        metrics::histogram!("cekbrand_worker_graph_call_seconds", "fetch" => fetch).record(took.max(0.0));
        match result {
            Ok(answer) => Outcome::Answered(answer),
            Err(error) => Outcome::Failed(error),
        }
    }

    fn no_token(&self, why: &str, now: Timestamp) -> End {
        let until = after(now, self.settings.no_token);
        End::StopAccount(Park { reason: ParkReason::NoToken, until, note: Some(why.to_owned()) })
    }

    fn dead_token(&self, why: &str, now: Timestamp) -> End {
        let until = after(now, self.settings.token_dead);
        End::StopAccount(Park { reason: ParkReason::TokenDead, until, note: Some(why.to_owned()) })
    }
}

fn span(request: &Request, task: &Task) -> Span {
    let (account, target) = (task.account_id.as_str(), request.target());
    match request {
        Request::User { .. } => info_span!("graph.user", account.id = account),
        Request::Media { .. } => info_span!("graph.media", account.id = account, media.id = target),
        Request::Comment { .. } => info_span!("graph.comment", account.id = account, comment.id = target),
        Request::MediaInsights { .. } => {
            info_span!("graph.media.insights", account.id = account, media.id = target)
        }
        Request::MediaBreakdown { metric, .. } => {
            info_span!("graph.media.breakdown", account.id = account, media.id = target, metric)
        }
        Request::MentionedComment { .. } => {
            info_span!("graph.mentioned.comment", account.id = account, comment.id = target)
        }
        Request::MentionedMedia { .. } => {
            info_span!("graph.mentioned.media", account.id = account, media.id = target)
        }
    }
}
