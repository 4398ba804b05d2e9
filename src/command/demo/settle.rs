//! Waits until every change is accounted for, every read is done or parked, and no analytics are due.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cekbrand_schema::SystemClock;
use cekbrand_workers::schedule::{Scheduler, Tick};

use super::feed::Sent;
use super::parts::Parts;
use crate::progress;
use crate::store::books::{self, Totals, Work};

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// As long as something changes there is hope.
const STUCK_AFTER: Duration = Duration::from_mins(2);

/// How everything ended up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) totals: Totals,
    pub(super) work: Work,
}

impl Settled {
    async fn read(parts: &Parts) -> Result<Self> {
        // In this order: once everything has landed, all the work that follows from it is known.
        let totals = books::totals(&parts.pool).await.context("the books cannot be read")?;
        let work = books::work(&parts.pool).await.context("the work cannot be counted")?;
        Ok(Self { totals, work })
    }

    fn is_final(&self, accepted: i64) -> bool {
        self.totals.changes() >= accepted && self.work.open == 0 && self.work.dirty_marks == 0
    }
}

/// Waits until it is all done.
pub(super) async fn wait(parts: &Parts, sent: &Sent) -> Result<Settled> {
    let accepted = i64::try_from(sent.accepted).context("too many changes")?;
    let bar = progress::bar(sent.accepted, "changes landed");
    let (mut last, mut moved) = (Settled::read(parts).await?, Instant::now());
    let mut is_taken_in = false;
    while !(last.is_final(accepted) && is_taken_in) {
        if last.is_final(accepted) {
            is_taken_in = take_in(parts).await?;
        }
        if moved.elapsed() > STUCK_AFTER {
            let (totals, work) = (last.totals, last.work);
            bail!(
                "nothing has moved for {} s: {} of {accepted} changes landed, {} reads are open, {} marks are left",
                STUCK_AFTER.as_secs(),
                totals.changes(),
                work.open,
                work.dirty_marks
            );
        }
        tokio::time::sleep(LOOK_EVERY).await;
        let seen = Settled::read(parts).await?;
        if seen != last {
            (last, moved) = (seen, Instant::now());
        }
        show(&bar, accepted, seen);
    }
    bar.finish_and_clear();
    Ok(last)
}

/// A last round of the schedule, which takes in the stories that were just read; `false` while a worker
/// has one.
async fn take_in(parts: &Parts) -> Result<bool> {
    let tick = Scheduler::new(parts.pool.clone(), Arc::new(SystemClock)).tick().await;
    Ok(tick.context("the schedule cannot be looked at")? != Tick::Elsewhere)
}

/// First the landing counts, then the reads.
fn show(bar: &indicatif::ProgressBar, accepted: i64, seen: Settled) {
    let (position, length, what) = if seen.totals.changes() < accepted {
        (seen.totals.changes(), accepted, "changes landed")
    } else {
        let settled = seen.work.done + seen.work.parked;
        (settled, settled + seen.work.open, "Graph reads done or parked")
    };
    bar.set_length(length.unsigned_abs());
    bar.set_position(position.unsigned_abs());
    bar.set_message(what);
}
