//! Recorded answers of the range make their rows again: no Graph call.

use super::{Pace, Progress, ReplayError, Replayer, Run, apply, changes, store};
use crate::database;
use crate::reads::recorded::{self, Recorded};
use crate::reads::{Known, Needs};
use crate::rows::{Rows, facts};
use sqlx::PgConnection;

/// Answers in one transaction: each takes several statements.
const PAGE: i64 = 200;

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

async fn write_page(
    replayer: &Replayer,
    run: &mut Run,
    page: &[store::Answer],
    until: i64,
) -> Result<(), ReplayError> {
    let mut tx = replayer.pool.begin().await?;
    let mut changed = changes::Changes::new();
    for answer in page {
        let Some(rows) = rows(&mut tx, answer).await? else { continue };
        match apply::apply(&mut tx, run, &rows, answer.observed_at.to_jiff()).await {
            Ok(more) => changes::add(&mut changed, &more),
            // The savepoint was taken back with its value.
            Err(error) if database::is_about_a_value(&error) => {
                let reason = database::describe(&error);
                tracing::warn!(
                    answer.id = answer.id,
                    reason,
                    "rows of an answer are refused; it is left out"
                );
                run.progress.refused += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let seen = page.len();
    let done = store::Answered { run: run.id, seen, changed: changed.values().sum(), until };
    store::advance_answers(&mut tx, done, replayer.clock.now()).await?;
    tx.commit().await?;
    changes::add(&mut run.progress.changed, &changed);
    Ok(())
}

async fn rows(conn: &mut PgConnection, answer: &store::Answer) -> Result<Option<Rows>, sqlx::Error> {
    let Some(read) = crate::reads::ALL.into_iter().find(|read| read.about().fetch_id == answer.fetch_id)
    else {
        return Ok(None);
    };
    let medium = match read.about().needs {
        Needs::Medium => facts::facts(conn, &answer.target_id).await?,
        // What was not asked for then is not concluded again now.
        Needs::Nothing | Needs::Account | Needs::Username => None,
    };
    let known = Known { medium, ..Known::default() };
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
    Ok(rows.map(|rows| Rows { mends: true, ..rows }))
}
