//! How fast the machine is meanwhile: the steps between a refusal and a block that everybody sees are gone again
//! and again, so that what a busy machine takes is told from what the workers let pass.

use std::time::Duration;

use cekbrand_schema::{Clock, SystemClock};
use jiff::Timestamp;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;
use crate::command::http;

/// Statements of the transaction that notes a refusal, and of the look before a call.
const STATEMENTS: usize = 12;

/// Goes the steps until told to end.
pub(super) struct Pace {
    walk: JoinHandle<Walked>,
    end: CancellationToken,
}

/// The steps that were gone: from when to when.
pub(super) struct Walked(Vec<(Timestamp, Timestamp)>);

impl Pace {
    pub(super) fn of(bench: &Bench) -> Self {
        let end = CancellationToken::new();
        let (pool, url) = (bench.pool(), format!("{}/__control/costs", bench.simulator().base_url()));
        let walk = tokio::spawn(walk(pool, url, end.clone()));
        Self { walk, end }
    }

    pub(super) async fn end(self) -> Walked {
        self.end.cancel();
        self.walk.await.unwrap()
    }
}

impl Walked {
    /// The longest that one round took which was under way between two instants.
    pub(super) fn slowest(&self, from: Timestamp, to: Timestamp) -> Duration {
        let during = self.0.iter().filter(|(start, end)| *start <= to && *end >= from);
        let took =
            during.map(|(start, end)| Duration::try_from(end.duration_since(*start)).unwrap_or_default());
        took.max().expect("the pace was not taken")
    }
}

async fn walk(pool: PgPool, url: String, end: CancellationToken) -> Walked {
    let client = http();
    sqlx::query("CREATE TABLE public.pace (step int)").execute(&pool).await.unwrap();
    let mut walked = Vec::new();
    while !end.is_cancelled() {
        let start = SystemClock.now();
        let mut tx = pool.begin().await.unwrap();
        for _ in 0..STATEMENTS {
            sqlx::query("INSERT INTO public.pace VALUES (1)").execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        client.get(&url).send().await.unwrap().bytes().await.unwrap();
        walked.push((start, SystemClock.now()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Walked(walked)
}
