//! One portion, one transaction: rows through the one writer, and how far the run is.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::changes::{self, Changes};
use super::order::{Enrich, Source};
use super::source::Portion;
use super::{ReplayError, Replayer, Run, store};
use crate::land::decode::Arrived;
use crate::land::made::Made;
use crate::rows::Rows;
use crate::tasks::{self, NewTask, TaskLane};
use crate::{database, rows as writer};

/// For how long a portion is tried before the run ends; it can be resumed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes a portion. What the database refuses as a value is found and left out, as landing does.
pub(super) async fn write(replayer: &Replayer, run: &mut Run, portion: &Portion) -> Result<(), ReplayError> {
    let whole = Step { changes: &portion.changes, reached: Some(portion) };
    match try_long(replayer, run, whole).await {
        Ok(changed) => changes::add(&mut run.progress.changed, &changed),
        Err(error) if database::is_about_a_value(&error) => bisect(replayer, run, portion).await?,
        Err(error) => return Err(error.into()),
    }
    for (partition, next) in &portion.reached {
        run.shares.entry(*partition).and_modify(|share| share.next = *next);
    }
    run.events_until = portion.events_until.or(run.events_until);
    run.progress.seen += portion.records;
    Ok(())
}

async fn bisect(replayer: &Replayer, run: &mut Run, portion: &Portion) -> Result<(), ReplayError> {
    let mut work = vec![&portion.changes[..]];
    while let Some(changes) = work.pop() {
        match try_long(replayer, run, Step { changes, reached: None }).await {
            Ok(changed) => changes::add(&mut run.progress.changed, &changed),
            Err(error) if !database::is_about_a_value(&error) => return Err(error.into()),
            Err(_) if changes.len() > 1 => {
                let (first, second) = changes.split_at(changes.len() / 2);
                work.extend([second, first]);
            }
            Err(error) => {
                let reason = database::describe(&error);
                let event = changes.first().map(|change| change.event_id.to_string());
                tracing::warn!(event.id = event, reason, "rows of a change are refused; it is left out");
                run.progress.refused += 1;
            }
        }
    }
    try_long(replayer, run, Step { changes: &[], reached: Some(portion) }).await?;
    Ok(())
}

/// Changes to be written, and the portion that is then done.
#[derive(Clone, Copy)]
struct Step<'a> {
    changes: &'a [Arrived],
    reached: Option<&'a Portion>,
}

async fn try_long(replayer: &Replayer, run: &Run, step: Step<'_>) -> Result<Changes, sqlx::Error> {
    patiently(replayer, async || transact(replayer, run, step).await).await
}

/// Tries again where another try may help: live work goes on at the same rows.
pub(super) async fn patiently(
    replayer: &Replayer,
    attempt: impl AsyncFn() -> Result<Changes, sqlx::Error>,
) -> Result<Changes, sqlx::Error> {
    let began = Instant::now();
    loop {
        let error = match attempt().await {
            Ok(changed) => return Ok(changed),
            Err(error) => error,
        };
        let is_over = began.elapsed() > PATIENCE || replayer.stop.is_cancelled();
        if database::is_about_a_value(&error) || is_over {
            return Err(error);
        }
        tracing::warn!(
            reason = database::describe(&error),
            "a portion could not be written and is tried again"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn transact(replayer: &Replayer, run: &Run, step: Step<'_>) -> Result<Changes, sqlx::Error> {
    let Made { rows, tasks, revocations: _ } = make(replayer, run, step.changes).await?;
    // The rows are what they were when the changes came, the time of writing included.
    let then = step.changes.iter().map(|change| change.received_at).max().unwrap_or(run.order.to);
    let mut tx = replayer.pool.begin().await?;
    let changed = apply(&mut tx, run, &[rows], then).await?;
    if run.order.enrich == Enrich::Fresh && !run.order.dry_run {
        let late = |task: NewTask| NewTask { lane: TaskLane::Backfill, ..task };
        let wanted: Vec<NewTask> = tasks.into_values().map(late).collect();
        tasks::enqueue(&mut tx, &wanted, replayer.clock.now()).await?;
    }
    if let Some(portion) = step.reached {
        let done = store::Done { run: run.id, portion, changed: changed.values().sum() };
        store::advance(&mut tx, done, replayer.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(changed)
}

/// What the changes make that landed. Kafka also holds what came twice, what became a dead letter, and what
/// is still to be landed.
async fn make(replayer: &Replayer, run: &Run, changes: &[Arrived]) -> Result<Made, sqlx::Error> {
    let mut made = Made::default();
    let known = match run.order.source {
        Source::Kafka => Some(store::landed(&replayer.pool, changes).await?),
        Source::Events => None,
    };
    for change in changes {
        let received_at = change.received_at.as_microsecond();
        let landed = known.as_ref().is_none_or(|known| known.get(&change.event_id) == Some(&received_at));
        if landed {
            made.add(change);
        }
    }
    made.rows.mends = true;
    Ok(made)
}

/// Writes rows, one after the other, and counts what that changes; a dry run takes it back.
pub(super) async fn apply(
    conn: &mut PgConnection,
    run: &Run,
    all: &[Rows],
    then: Timestamp,
) -> Result<Changes, sqlx::Error> {
    let mut savepoint = conn.begin().await?;
    let before = changes::counts(&mut savepoint).await?;
    for rows in all {
        writer::apply(&mut savepoint, rows, then).await?;
    }
    let changed = changes::since(&before, changes::counts(&mut savepoint).await?);
    if run.order.dry_run {
        savepoint.rollback().await?;
    } else {
        savepoint.commit().await?;
    }
    Ok(changed)
}
