//! The tasks under way in this worker, and whose they are.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use super::inner::Inner;
use crate::tasks::{Busy, Task};

/// The tasks under way.
#[derive(Debug, Default)]
pub(super) struct Crew {
    working: JoinSet<()>,
    accounts: HashMap<Id, String>,
}

impl Crew {
    pub(super) fn len(&self) -> usize {
        self.working.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.working.is_empty()
    }

    pub(super) fn start(&mut self, inner: &Arc<Inner>, task: Task) {
        let account = task.key.account_id.clone();
        let inner = Arc::clone(inner);
        let handle = self.working.spawn(async move { inner.work(task).await });
        self.accounts.insert(handle.id(), account);
    }

    pub(super) async fn one_done(&mut self) {
        if let Some(result) = self.working.join_next_with_id().await {
            self.forget(result);
        }
    }

    pub(super) async fn all_done(&mut self) {
        while !self.is_empty() {
            self.one_done().await;
        }
    }

    pub(super) fn busy(&mut self) -> Vec<Busy> {
        while let Some(result) = self.working.try_join_next_with_id() {
            self.forget(result);
        }
        let mut busy: HashMap<&str, i32> = HashMap::new();
        for account in self.accounts.values() {
            *busy.entry(account).or_default() += 1;
        }
        let of = |(account, calls): (&str, i32)| Busy { account_id: account.to_owned(), calls };
        busy.into_iter().map(of).collect()
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
}
