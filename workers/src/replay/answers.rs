//! Recorded answers of the range make their rows again, hundreds in one transaction: no Graph call.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::changes::{self, Changes};
use super::layers::layers;
use super::{Pace, Progress, ReplayError, Replayer, Run, apply, store};
use crate::database;
use crate::reads::recorded::{self, Recorded};
use crate::reads::{self, Known, Needs};
use crate::rows::Rows;
use crate::rows::facts::{self, Facts};

/// Answers in one transaction: few enough that its locks do not hold live work up.
const PAGE: i64 = 500;

/// Goes through the answers that are left; whether it went to the end.
pub(super) async fn write(
    replayer: &Replayer,
    run: &mut Run,
    pace: &mut Pace,
    tell: &impl Fn(&Progress),
) -> Result<bool, ReplayError> {
    loop {
        let page = store::answers(&replayer.pool, &run.order, run.answers_until, PAGE).await?;
        let Some(last) = page.last() else { return Ok(true) };
        let until = last.id;
        write_page(replayer, run, &page, until).await?;
        pace.records += page.len() as u64;
        run.answers_until = until;
        run.progress.seen += page.len() as u64;
        tell(&run.progress);
        if replayer.stop.is_cancelled() || !pace.keep(&replayer.stop).await {
            return Ok(false);
        }
    }
}

/// Answers to be written, and what is then done.
#[derive(Clone, Copy)]
struct Step<'a> {
    answers: &'a [store::Answer],
    reached: Option<Reached>,
}

/// How far the run is after a page.
#[derive(Clone, Copy)]
struct Reached {
    seen: usize,
    until: i64,
}

/// Writes a page. What the database refuses as a value is found and left out.
async fn write_page(
    replayer: &Replayer,
    run: &mut Run,
    page: &[store::Answer],
    until: i64,
) -> Result<(), ReplayError> {
    let reached = Some(Reached { seen: page.len(), until });
    match try_long(replayer, run, Step { answers: page, reached }).await {
        Ok(changed) => changes::add(&mut run.progress.changed, &changed),
        Err(error) if database::is_about_a_value(&error) => {
            bisect(replayer, run, page).await?;
            try_long(replayer, run, Step { answers: &[], reached }).await?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn bisect(replayer: &Replayer, run: &mut Run, page: &[store::Answer]) -> Result<(), ReplayError> {
    let mut work = vec![page];
    while let Some(answers) = work.pop() {
        match try_long(replayer, run, Step { answers, reached: None }).await {
            Ok(changed) => changes::add(&mut run.progress.changed, &changed),
            Err(error) if !database::is_about_a_value(&error) => return Err(error.into()),
            Err(_) if answers.len() > 1 => {
                let (first, second) = answers.split_at(answers.len() / 2);
                work.extend([second, first]);
            }
            Err(error) => {
                let reason = database::describe(&error);
                let id = answers.first().map(|answer| answer.id);
                tracing::warn!(answer.id = id, reason, "rows of an answer are refused; it is left out");
                run.progress.refused += 1;
            }
        }
    }
    Ok(())
}

async fn try_long(replayer: &Replayer, run: &Run, step: Step<'_>) -> Result<Changes, sqlx::Error> {
    apply::patiently(replayer, async || transact(replayer, run, step).await).await
}

async fn transact(replayer: &Replayer, run: &Run, step: Step<'_>) -> Result<Changes, sqlx::Error> {
    let mut tx = replayer.pool.begin().await?;
    let changed = apply_answers(&mut tx, run, step.answers).await?;
    if let Some(Reached { seen, until }) = step.reached {
        let done = store::Answered { run: run.id, seen, changed: changed.values().sum(), until };
        store::advance_answers(&mut tx, done, replayer.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(changed)
}

/// What was told comes first, figures after it: what they mean may depend on the medium that is told of.
async fn apply_answers(
    conn: &mut PgConnection,
    run: &Run,
    answers: &[store::Answer],
) -> Result<Changes, sqlx::Error> {
    // The rows are what they were when the answers came, the time of writing included.
    let Some(then) = answers.iter().map(|answer| answer.observed_at.to_jiff()).max() else {
        return Ok(Changes::new());
    };
    let before = known(conn, answers).await?;
    let (mut told, mut figures) = (Vec::new(), Vec::new());
    for answer in answers {
        match rows(answer, &before) {
            Some(rows) if rows.told.is_empty() => figures.push((answer, rows)),
            Some(rows) => told.push(rows),
            None => {}
        }
    }
    let mut changed = apply::apply(conn, run, &layers(told), then).await?;
    let after = known(conn, answers).await?;
    let explained = |(answer, made): (&store::Answer, Rows)| {
        let target = &answer.target_id;
        if before.get(target) == after.get(target) { Some(made) } else { rows(answer, &after) }
    };
    // The latest first: where it was taken for a figure and is none, the ones before it find that mended.
    let figures = figures.into_iter().rev().filter_map(explained).collect();
    changes::add(&mut changed, &apply::apply(conn, run, &layers(figures), then).await?);
    Ok(changed)
}

/// What is known of the media that answers are about which cannot be understood without.
async fn known(
    conn: &mut PgConnection,
    answers: &[store::Answer],
) -> Result<HashMap<String, Facts>, sqlx::Error> {
    let needs = |answer: &&store::Answer| {
        let read = reads::ALL.into_iter().find(|read| read.about().fetch_id == answer.fetch_id);
        // What was not asked for then is not concluded again now.
        read.is_some_and(|read| matches!(read.about().needs, Needs::Medium))
    };
    let mut media: Vec<&str> = answers.iter().filter(needs).map(|answer| &*answer.target_id).collect();
    media.sort_unstable();
    media.dedup();
    facts::of_all(conn, &media).await
}

fn rows(answer: &store::Answer, media: &HashMap<String, Facts>) -> Option<Rows> {
    let known = Known { medium: media.get(&answer.target_id).cloned(), ..Known::default() };
    let recorded = Recorded {
        fetch_id: &answer.fetch_id,
        target_id: &answer.target_id,
        account_id: &answer.account_id,
        request: &answer.request,
        status: u16::try_from(answer.status).unwrap_or(0),
        body: &answer.body,
        api_version: &answer.api_version,
        observed_at: answer.observed_at.to_jiff(),
    };
    let rows = recorded::rows(recorded, &known);
    rows.map(|rows| Rows { mends: true, ..rows })
}
