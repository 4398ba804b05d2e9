//! Erasure: what Meta asks to forget.
//!
//! ```text
//!  control lane ─▶ land ─▶ deletion_request (received) ─▶ Eraser, one at a time
//!     deauthorize:    the account's token is dead, its reads are parked; nothing is deleted
//!     data_deletion:  suppressed ─▶ whoever still writes is waited for ─▶ texts ─▶ rows, marks, done
//! ```
//!
//! - [`request`]: from a landed change to a duty. [`subjects`]: whom it is about. `duty`, `store`, `texts`:
//!   the statements.
//! - That what was erased does not come back, with a record, a read or with rows: [`crate::suppress`].
//!
//! Which id Meta sends is not established, so it is looked for among accounts, app-scoped ids and authors of
//! comments. A request that matches nothing is kept and reported.
//!
//! Invariants: a request that was interrupted is begun again and ends the same, since what tells whom it is
//! about goes last; nothing of an erased subject is written after its end; of the subject only hashes stay.

mod duty;
pub mod request;
mod store;
pub mod subjects;
mod texts;

use std::time::Duration;

use cekbrand_schema::SharedClock;
use metrics::{counter, describe_counter};
use sqlx::{Connection, PgConnection, PgPool};
use tokio_util::sync::CancellationToken;

use self::request::{Kind, Open};

const REQUESTS: &str = "cekbrand_worker_deletion_requests_total";

/// How often open requests are looked for.
const PERIOD: Duration = Duration::from_secs(2);

/// Fulfils requests. Any number may run at once: one of them works.
#[derive(Debug, Clone)]
pub struct Eraser {
    pool: PgPool,
    clock: SharedClock,
}

impl Eraser {
    /// An eraser of this database.
    pub fn new(pool: PgPool, clock: SharedClock) -> Self {
        Self { pool, clock }
    }

    /// Fulfils requests until told to stop. An error is logged; the request stays open and is tried again.
    pub async fn run(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.tick().await {
                tracing::error!(error = ?error, "a deletion could not be done and will be tried again");
            }
            tokio::select! {
                () = self.clock.sleep(PERIOD) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Fulfils what is open, unless another worker is at it. Returns how many requests that were.
    ///
    /// # Errors
    /// The database's.
    pub async fn tick(&self) -> Result<usize, sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        if !duty::is_any_open(&mut conn).await? || !duty::try_lock(&mut conn).await? {
            return Ok(0);
        }
        let done = self.fulfil_open(&mut conn).await;
        if duty::unlock(&mut conn).await.is_err() {
            // The lock is the session's, and goes with it.
            conn.close_on_drop();
        }
        done
    }

    async fn fulfil_open(&self, conn: &mut PgConnection) -> Result<usize, sqlx::Error> {
        let open = duty::open(conn).await?;
        for request in &open {
            let found = match request.kind {
                Kind::Deauthorize => self.deauthorize(conn, request).await?,
                Kind::DataDeletion => self.erase(conn, request).await?,
            };
            report(request, found);
        }
        Ok(open.len())
    }

    /// The account's token is of no use any more. Whether there is such an account.
    async fn deauthorize(&self, conn: &mut PgConnection, request: &Open) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut tx = conn.begin().await?;
        let subjects = store::find(&mut tx, &request.id).await?;
        let accounts = store::accounts(&mut tx, &subjects).await?;
        for account_id in &accounts {
            store::kill_token(&mut tx, account_id, now).await?;
        }
        duty::finish(&mut tx, request, !accounts.is_empty(), now).await?;
        tx.commit().await?;
        Ok(!accounts.is_empty())
    }

    /// Everything about the account or the person leaves the database. Whether there was anything.
    async fn erase(&self, conn: &mut PgConnection, request: &Open) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let mut tx = conn.begin().await?;
        let subjects = store::find(&mut tx, &request.id).await?;
        store::suppress(&mut tx, request, &subjects, now).await?;
        duty::begin(&mut tx, request).await?;
        tx.commit().await?;

        // From here on nobody writes anything about them; what was written meanwhile is found now.
        let mut tx = conn.begin().await?;
        store::wait_for_writers(&mut tx).await?;
        let subjects = store::find(&mut tx, &request.id).await?;
        store::suppress(&mut tx, request, &subjects, now).await?;
        store::drop_tasks(&mut tx, request, &subjects).await?;
        tx.commit().await?;

        texts::erase_texts(conn, request, &subjects).await?;

        let mut tx = conn.begin().await?;
        store::wait_for_analysts(&mut tx, &subjects).await?;
        store::erase_rows(&mut tx, request, &subjects, now).await?;
        let found = duty::has_erased(&mut tx, request).await?;
        duty::finish(&mut tx, request, found, now).await?;
        if found {
            duty::forget_requests(&mut tx, request, &subjects, now).await?;
        }
        tx.commit().await?;
        Ok(found)
    }
}

fn report(request: &Open, found: bool) {
    let (kind, outcome) = (request.kind.as_str(), if found { "done" } else { "nothing_held" });
    counter!(REQUESTS, "kind" => kind, "outcome" => outcome).increment(1);
    if found {
        tracing::info!(
            deletion.code = request.code,
            deletion.kind = kind,
            "a request to forget is fulfilled"
        );
    } else {
        tracing::warn!(
            deletion.code = request.code,
            deletion.kind = kind,
            "a request to forget matches nothing: the id in it is kept in pipeline.deletion_request"
        );
    }
}

pub(crate) fn describe() {
    describe_counter!(
        REQUESTS,
        "Requests to forget that were fulfilled, by kind and whether anything was held"
    );
}
