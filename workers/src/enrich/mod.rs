//! Enriching: asks the Graph API for what webhooks do not tell, within the account's quota.
//!
//! ```text
//!  claim (lease) ─▶ token ─▶ grant ─▶ call ─▶ answer ─▶ effects ─▶ one transaction: rows, answer, marks, quota, task
//!      │              │        │                          ▲  pure: node, figures, policy
//!      └ nobody's lock is held from here ──────────────▶  └ to here
//! ```
//!
//! - [`settings`]: how much at once, how long to wait.
//! - `call`: token, grant, request. `stops`: what a token turned out not to be allowed.
//! - `node`, `figures`: what to ask, and what the answer means. [`hashtag`]: what a caption means.
//! - [`policy`]: what an error means. [`effects`]: what is to be changed, as data. [`store`]: changes it.
//!
//! Invariants: an answer is recorded, written, settled with the quota and ends its task in one transaction, or not at all; a worker that lost its
//! lease writes nothing; a blocked account is not called and delays nobody else; no token is logged or kept.

mod call;
pub mod effects;
mod figures;
pub mod hashtag;
mod node;
pub mod policy;
pub mod settings;
mod stops;
pub mod store;

use std::collections::HashMap;
use std::sync::Arc;

use cekbrand_graph::GraphApi;
use cekbrand_graph::refusal::BadMetrics;
use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use sqlx::PgPool;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use self::effects::{Effects, End, Rows};
use self::settings::Settings;
use self::stops::Stops;
use self::store::{Context, Kept};
use crate::seal::TokenKeys;
use crate::tasks::{self, ParkReason, Picking, Task, TaskKind};

/// How many tasks of blocked accounts are parked at once.
const PARK_AT_ONCE: i64 = 1000;

/// Why enriching could not go on for now.
#[derive(Debug, thiserror::Error)]
pub enum EnrichError {
    /// The database refused or is away.
    #[error("the queue cannot be worked on")]
    Database(#[from] sqlx::Error),
}

/// Works on the queue. Cheap to clone; clones share what they learned.
#[derive(Debug, Clone)]
pub struct Enricher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    api: Arc<dyn GraphApi>,
    keys: TokenKeys,
    app_id: String,
    clock: SharedClock,
    settings: Settings,
    bad_metrics: BadMetrics,
    stops: Stops,
}

impl Enricher {
    /// A worker of the queue that spends the quota of `app_id`.
    pub fn new(
        pool: PgPool,
        api: Arc<dyn GraphApi>,
        keys: TokenKeys,
        app_id: impl Into<String>,
        clock: SharedClock,
        settings: Settings,
    ) -> Self {
        let (bad_metrics, stops) = (BadMetrics::default(), Stops::default());
        let app_id = app_id.into();
        Self { inner: Arc::new(Inner { pool, api, keys, app_id, clock, settings, bad_metrics, stops }) }
    }

    /// Claims due tasks once and works on them. Says how many there were.
    ///
    /// # Errors
    /// The queue cannot be read; what fails in a single task stays with that task.
    pub async fn tick(&self) -> Result<usize, EnrichError> {
        self.inner.park_blocked().await?;
        let claimed = self.inner.claim(self.inner.settings.concurrency, Vec::new()).await?;
        let number = claimed.len();
        let mut crew = Crew::default();
        for task in claimed {
            crew.start(&self.inner, task);
        }
        while !crew.working.is_empty() {
            crew.one_done().await;
        }
        Ok(number)
    }

    /// Works until told to stop, then finishes what is under way. A database that is away is waited for.
    pub async fn run(&self, shutdown: CancellationToken) {
        let inner = &self.inner;
        let mut crew = Crew::default();
        let (mut parked, mut shown) = (Timestamp::MIN, Timestamp::MIN);
        while !shutdown.is_cancelled() {
            parked = inner.park_blocked_since(parked).await;
            shown = inner.show_queue_since(shown).await;
            let room = inner.settings.concurrency.saturating_sub(crew.working.len());
            // A few free places are worth a claim, a single one is not.
            let claimed = if room * 4 >= inner.settings.concurrency {
                inner.claim_or_log(room, crew.busy()).await
            } else {
                Vec::new()
            };
            if claimed.is_empty() {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = crew.one_done(), if !crew.working.is_empty() => {}
                    () = inner.clock.sleep(inner.settings.poll) => {}
                }
            }
            for task in claimed {
                crew.start(inner, task);
            }
        }
        while !crew.working.is_empty() {
            crew.one_done().await;
        }
    }
}

/// The tasks under way, and whose they are.
#[derive(Debug, Default)]
struct Crew {
    working: JoinSet<()>,
    accounts: HashMap<Id, String>,
}

impl Crew {
    fn start(&mut self, inner: &Arc<Inner>, task: Task) {
        let account = task.account_id.clone();
        let inner = Arc::clone(inner);
        let handle = self.working.spawn(async move { inner.work(task).await });
        self.accounts.insert(handle.id(), account);
    }

    async fn one_done(&mut self) {
        if let Some(result) = self.working.join_next_with_id().await {
            self.forget(result);
        }
    }

    fn forget(&mut self, result: Result<(Id, ()), JoinError>) {
        let id = result.map_or_else(
            |error| {
                tracing::error!(%error, "a task broke off; its lease will run out");
                error.id()
            },
            |(id, ())| id,
        );
        self.accounts.remove(&id);
    }

    fn busy(&mut self) -> Vec<(String, i32)> {
        while let Some(result) = self.working.try_join_next_with_id() {
            self.forget(result);
        }
        let mut busy: HashMap<&str, i32> = HashMap::new();
        for account in self.accounts.values() {
            *busy.entry(account).or_default() += 1;
        }
        busy.into_iter().map(|(account, calls)| (account.to_owned(), calls)).collect()
    }
}

impl Inner {
    async fn claim(&self, room: usize, busy: Vec<(String, i32)>) -> Result<Vec<Task>, sqlx::Error> {
        let now = self.clock.now();
        let tasks = i64::try_from(room).unwrap_or(i64::MAX);
        let picking = Picking {
            app_id: &self.app_id,
            accounts: tasks,
            tasks,
            per_account: self.settings.per_account,
            busy,
            usage_since: self.usage_since(now),
            pause_percent: self.settings.pause_percent,
            lease: self.settings.lease,
        };
        let mut tx = self.pool.begin().await?;
        let claimed = tasks::claim(&mut tx, &picking, now).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn claim_or_log(&self, room: usize, busy: Vec<(String, i32)>) -> Vec<Task> {
        self.claim(room, busy).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "no tasks can be claimed");
            Vec::new()
        })
    }

    async fn park_blocked(&self) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let usage = (self.usage_since(now), self.settings.pause_percent);
        let mut conn = self.pool.acquire().await?;
        while tasks::park_blocked(&mut conn, &self.app_id, usage, PARK_AT_ONCE, now).await? > 0 {}
        Ok(())
    }

    /// Every now and then: parks what is blocked. Says when that last was.
    async fn park_blocked_since(&self, last: Timestamp) -> Timestamp {
        let now = self.clock.now();
        if now < policy::after(last, self.settings.poll * 4) {
            return last;
        }
        if let Err(error) = self.park_blocked().await {
            tracing::warn!(%error, "tasks of blocked accounts cannot be parked");
        }
        now
    }

    /// Every now and then: shows how the queue stands. Says when that last was.
    async fn show_queue_since(&self, last: Timestamp) -> Timestamp {
        let now = self.clock.now();
        if now < policy::after(last, self.settings.gauges) {
            return last;
        }
        if let Err(error) = self.show_queue().await {
            tracing::warn!(%error, "the queue cannot be counted");
        }
        now
    }

    async fn show_queue(&self) -> Result<(), sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        let counts = tasks::counts(&mut conn).await?;
        let number = |state: &str, reason: Option<&str>| -> i64 {
            let same = counts.iter().filter(|(s, r, _)| s == state && r.as_deref() == reason);
            same.map(|(_, _, number)| number).sum()
        };
        let show = |state: &'static str, reason: &'static str, number: i64| {
            #[expect(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!("cekbrand_worker_tasks", "state" => state, "reason" => reason).set(number as f64);
        };
        show("waiting", "", number("waiting", None));
        show("running", "", number("running", None));
        for reason in ParkReason::ALL {
            show("parked", reason.as_str(), number("parked", Some(reason.as_str())));
        }
        Ok(())
    }

    fn usage_since(&self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.settings.usage_counts_for).unwrap_or(Timestamp::MIN)
    }

    /// Works on one task. What fails here is the task's own affair.
    async fn work(&self, task: Task) {
        let result = match task.kind {
            TaskKind::MediaInsights => self.read_figures(&task).await,
            _ => self.read_node(&task).await,
        };
        match result {
            Ok(Kept::Committed) => {}
            Ok(Kept::LeaseLost) => {
                tracing::info!(account.id = task.account_id, task.kind = %task.kind, "a lease was lost");
            }
            Err(error) => self.give_back(&task, &error).await,
        }
    }

    /// Parks a task whose answer could not be written.
    async fn give_back(&self, task: &Task, error: &sqlx::Error) {
        tracing::warn!(account.id = task.account_id, task.kind = %task.kind, %error, "an answer could not be written");
        let park =
            policy::retry(task, &self.settings, format!("database: {error}"), (self.clock.now(), jitter()));
        if let Err(error) = self.end(task, Rows::Nothing, End::Park(park)).await {
            tracing::warn!(account.id = task.account_id, %error, "a task cannot be parked; its lease will run out");
        }
    }

    /// Ends a task without a call.
    async fn end(&self, task: &Task, rows: Rows, end: End) -> Result<Kept, sqlx::Error> {
        self.keep(task, &Effects { answer: None, rows, block: None, end }, None).await
    }

    async fn keep(
        &self,
        task: &Task,
        effects: &Effects<'_>,
        sealed: Option<&str>,
    ) -> Result<Kept, sqlx::Error> {
        let now = self.clock.now();
        let context =
            Context { app_id: &self.app_id, api_version: self.api.version(), settings: &self.settings };
        let kept = store::keep(&self.pool, context, task, effects, (sealed, now)).await?;
        if let (End::StopKind(park), Some(sealed)) = (&effects.end, sealed) {
            self.stops.note(task, sealed, park.until);
        }
        report(task, &effects.end, kept);
        Ok(kept)
    }
}

/// Counts how a try ended, and tells the operator where one must act.
fn report(task: &Task, end: &End, kept: Kept) {
    let outcome = match end {
        _ if kept == Kept::LeaseLost => "lease_lost",
        End::Continue => return,
        End::Finish(_) => "done",
        End::Blocked(_) => "throttled",
        End::Park(park) | End::StopAccount(park) | End::StopKind(park) => park.reason.as_str(),
    };
    metrics::counter!("cekbrand_worker_tasks_ended_total", "kind" => task.kind.as_str(), "outcome" => outcome).increment(1);
    if let End::StopAccount(park) | End::StopKind(park) = end {
        let why = park.note.as_deref().unwrap_or_default();
        tracing::warn!(
            account.id = task.account_id, task.kind = %task.kind, reason = outcome, until = %park.until, why,
            "reads of an account stop until an operator acts"
        );
    }
}

/// Spreads waits.
fn jitter() -> f64 {
    rand::random()
}
