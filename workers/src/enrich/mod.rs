//! Enriching: asks the Graph API for what webhooks do not tell, within the account's quota.
//!
//! ```text
//!  queue ─▶ crew ─▶ one task ─▶ call ─▶ effects ─▶ store: one transaction: rows, answer, marks, quota, task
//!  claim             │  plan     token     ▲
//!  (lease)           ▼           grant     │ pure: crate::reads (the meaning), policy (what an error means)
//!              crate::reads      HTTP ─────┘
//!      nobody's lock is held from the claim on until the transaction
//! ```
//!
//! - [`settings`]: how much at once, how long to wait.
//! - `queue`: claims and parks. `know`: what a read has to know beforehand. [`crew`]: the tasks under way. `work`: one task, from its plan to its end.
//! - `call`: token, grant, request; `grants`: calls drawn from the budget and not made yet. [`refusals`]:
//!   metrics that several media were refused.
//! - [`policy`]: what an error means. [`effects`]: what is to be changed, as data. [`store`]: changes it.
//! - `step`: what came of a call. `report`: what is told of a try. `inner`: what all of these share.
//!
//! Invariants: an answer is recorded, written, settled with the quota and ends its task in one transaction,
//! or not at all; a worker that lost its lease writes nothing; a blocked account is not called and delays
//! nobody else; no token is logged or kept.

mod call;
pub mod crew;
pub mod effects;
mod grants;
mod inner;
mod know;
pub mod policy;
mod queue;
pub mod refusals;
mod report;
pub mod settings;
mod step;
pub mod store;
mod work;

use std::sync::Arc;

use cekbrand_graph::GraphApi;
use cekbrand_schema::SharedClock;
use jiff::Timestamp;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use self::crew::Crew;
use self::grants::Grants;
use self::inner::Inner;
use self::refusals::Refusals;
use self::settings::Settings;
use crate::token::seal::TokenKeys;

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
        queue::describe();
        call::describe();
        report::describe();
        let refusals = Refusals::default();
        let app_id = app_id.into();
        Self {
            inner: Arc::new(Inner {
                pool,
                api,
                keys,
                app_id,
                clock,
                settings,
                refusals,
                grants: Grants::default(),
            }),
        }
    }

    /// Makes `instagram.fetch_catalogue` agree with the list of reads.
    ///
    /// # Errors
    /// The database's.
    pub async fn register(&self) -> Result<(), EnrichError> {
        Ok(store::catalogue::register(&mut *self.inner.pool.acquire().await?).await?)
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
        crew.all_done().await;
        Ok(number)
    }

    /// Works until told to stop, then finishes what is under way. A database that is away is waited for.
    pub async fn run(&self, shutdown: CancellationToken) {
        let inner = &self.inner;
        self.register_when_possible(&shutdown).await;
        let mut crew = Crew::default();
        let (mut parked, mut shown) = (Timestamp::MIN, Timestamp::MIN);
        while !shutdown.is_cancelled() {
            parked = inner.park_blocked_since(parked).await;
            shown = inner.show_queue_since(shown).await;
            let room = inner.settings.concurrency.saturating_sub(crew.len());
            // A few free places are worth a claim, a single one is not.
            let claimed = if room * 4 >= inner.settings.concurrency {
                inner.claim_or_log(room, crew.busy()).await
            } else {
                Vec::new()
            };
            if claimed.is_empty() {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = crew.one_done(), if !crew.is_empty() => {}
                    () = inner.clock.sleep(inner.settings.poll) => {}
                }
            }
            for task in claimed {
                crew.start(inner, task);
            }
        }
        crew.all_done().await;
    }

    async fn register_when_possible(&self, shutdown: &CancellationToken) {
        while let Err(error) = self.register().await {
            tracing::warn!(error = ?error, "the catalogue of reads cannot be written yet");
            tokio::select! {
                () = self.inner.clock.sleep(self.inner.settings.poll * 4) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }
}
