//! The first reads of accounts that were connected: begun, followed to their end, and shown to whoever looks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Means;
use super::choice::Connected;
use crate::command::sync::{Standing, Sync};

/// The page asks again every second: whoever has not for so long has closed it.
const NOBODY_LOOKS: Duration = Duration::from_secs(15);
/// For so long after the end the page may ask once more.
const LAST_LOOK: Duration = Duration::from_secs(5);
/// If nothing is read within that, nobody may be working.
const NOTICED_AFTER: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The reads, and who looks at them.
pub(super) struct FirstReads {
    accounts: Vec<Account>,
    began: Instant,
    looked: Mutex<Instant>,
}

struct Account {
    name: String,
    sync: Sync,
}

/// How an account's reads stand, for its line of the page.
pub(super) struct Look {
    pub(super) name: String,
    pub(super) standing: Standing,
    /// Whether somebody should see that a worker runs.
    pub(super) is_stuck: bool,
}

impl FirstReads {
    /// Begins those of the accounts that are kept; `None` where there are none.
    pub(super) async fn begin(means: &Means, connected: &[Connected]) -> Option<Self> {
        let mut accounts = Vec::new();
        for each in connected.iter().filter(|each| each.is_kept) {
            let sync = Sync::new(means.pool.clone(), Arc::clone(&means.clock), &each.id);
            if let Err(error) = sync.begin().await {
                eprintln!("the first reads of {} were not begun: {error:#}", each.id);
                continue;
            }
            let name = each.username.as_ref().map_or_else(|| each.id.clone(), |name| format!("@{name}"));
            accounts.push(Account { name, sync });
        }
        let now = Instant::now();
        (!accounts.is_empty()).then_some(Self { accounts, began: now, looked: Mutex::new(now) })
    }

    /// Comes back when all are done and that was shown, or when nobody looks: the reads go on all the same.
    pub(super) async fn follow(&self) {
        tokio::select! {
            () = self.all_done() => {
                println!("the first reads are done");
                let done = Instant::now();
                while self.last_look() < done && done.elapsed() < LAST_LOOK {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
            () = self.nobody_looks() => {
                println!("the first reads go on: `cekbrand sync ACCOUNT` shows them");
            }
        }
    }

    async fn all_done(&self) {
        for Account { name, sync } in &self.accounts {
            if let Err(error) = sync.watch().await {
                eprintln!("the first reads of {name} cannot be followed: {error:#}");
            }
        }
    }

    async fn nobody_looks(&self) {
        while self.last_look().elapsed() < NOBODY_LOOKS {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn last_look(&self) -> Instant {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How they stand now.
    ///
    /// # Errors
    /// Whatever keeps the database from telling.
    pub(super) async fn look(&self) -> Result<Vec<Look>> {
        let mut looks = Vec::new();
        for Account { name, sync } in &self.accounts {
            let standing = sync.standing().await?;
            let is_stuck = standing.done == 0 && self.began.elapsed() > NOTICED_AFTER;
            looks.push(Look { name: name.clone(), standing, is_stuck });
        }
        // Last, so that whoever waits for a look knows that it saw how they stand now.
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(looks)
    }
}
