//! Does what was decided: everything that one answer changes, in one transaction.
//!
//! Rows are touched in one order everywhere (media and comments, marks, tasks, quota), which is also that of
//! landing, so that two transactions seldom wait for each other in a circle; where they do, the loser is
//! repeated without a second call.

pub mod catalogue;
pub mod quota;
pub mod response;
pub mod seen;
pub mod stop;

use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use self::quota::{Blocked, Limits, Purse};
use self::response::Origin;
use super::effects::{Block, Effects, End};
use super::policy::after;
use super::settings::Settings;
use crate::rows::user::Problem;
use crate::rows::{self, Reading, Rows, Told, account};
use crate::suppress;
use crate::tasks::{self, Finish, LastAnswer, Park, ParkReason, Stop, Task};
use crate::token;

/// How often a transaction is repeated that PostgreSQL broke off to resolve a conflict.
const REPEATS: u32 = 5;

/// What stays the same for all transactions of a worker.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The app whose quota is spent.
    pub app_id: &'a str,
    /// The API's version.
    pub api_version: &'a str,
    /// Waits.
    pub settings: &'a Settings,
}

/// The state of the task after a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Everything is committed.
    Committed,
    /// Somebody else holds the task by now; nothing was kept.
    LeaseLost,
}

/// One step of a task, to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The task.
    pub task: &'a Task,
    /// What changes.
    pub effects: &'a Effects<'a>,
    /// The token that the call used.
    pub sealed: Option<&'a str>,
    /// When.
    pub now: Timestamp,
}

/// Does all of it, or nothing if the lease was lost meanwhile.
///
/// # Errors
/// Whatever keeps the transaction from committing, after repeats where they can help.
pub async fn keep(pool: &PgPool, context: Context<'_>, step: Step<'_>) -> Result<Kept, sqlx::Error> {
    let mut repeats = 0;
    loop {
        match try_keep(pool, context, step).await {
            Err(error) if repeats < REPEATS && is_conflict(&error) => repeats += 1,
            result => return result,
        }
    }
}

async fn try_keep(pool: &PgPool, context: Context<'_>, step: Step<'_>) -> Result<Kept, sqlx::Error> {
    let Step { task, effects, now, .. } = step;
    let mut tx = pool.begin().await?;
    let is_overtaken = is_overtaken(&mut tx, step).await?;
    rows::apply(&mut tx, &effects.rows, now).await?;
    if let Some(answer) = effects.answer
        && !suppress::mentions_erased(&mut tx, &answer.body, answer.observed_at).await?
    {
        let tasks::TaskKey { account_id, target_id, .. } = &task.key;
        let origin = Origin { account_id, target_id, api_version: context.api_version };
        response::record(&mut tx, origin, answer).await?;
    }
    if let Some(answer) = effects.answer {
        seen::note(&mut tx, &effects.seen, answer.observed_at).await?;
    }
    account::refuse(&mut tx, &task.key.account_id, &effects.refused, now).await?;
    if !is_overtaken {
        note_access(&mut tx, step).await?;
    }
    tasks::enqueue(&mut tx, &effects.wanted, now).await?;
    tasks::enqueue_idle(&mut tx, &effects.wanted_if_idle, now).await?;
    let blocked = settle(&mut tx, context, step).await?;
    let held = if is_overtaken {
        try_again(&mut tx, step).await?
    } else {
        end_task(&mut tx, context, step, blocked).await?
    };
    if !held {
        tx.rollback().await?;
        return Ok(Kept::LeaseLost);
    }
    tx.commit().await?;
    Ok(Kept::Committed)
}

/// Whether a token came meanwhile, so that what is concluded from the lack of one, or from its weakness, says
/// nothing any more.
async fn is_overtaken(conn: &mut PgConnection, step: Step<'_>) -> Result<bool, sqlx::Error> {
    let (End::StopAccount(_) | End::Forbidden(_)) = step.effects.end else { return Ok(false) };
    Ok(!token::store::is_current(conn, &step.task.key.account_id, step.sealed).await?)
}

/// The read goes on with the new token.
async fn try_again(conn: &mut PgConnection, step: Step<'_>) -> Result<bool, sqlx::Error> {
    let note = Some("another token came meanwhile".to_owned());
    let park = Park { reason: ParkReason::Backoff, until: step.now, answer: None, note };
    tasks::park(conn, step.task.lease, &park, step.now).await
}

/// Notes what the end of a try says about the account's token and its rights.
async fn note_access(conn: &mut PgConnection, step: Step<'_>) -> Result<(), sqlx::Error> {
    let Step { task, effects, sealed, now } = step;
    let account = task.key.account_id.as_str();
    match &effects.end {
        End::StopAccount(park) => {
            if let (ParkReason::TokenDead, Some(sealed)) = (park.reason, sealed) {
                let why = park.note.as_deref().unwrap_or_default();
                token::store::mark_dead(conn, account, sealed, why, now).await?;
            }
        }
        End::Forbidden(_) => {}
        End::Finish(Finish { answer: LastAnswer::Answered, .. }) => {
            return stop::answered(conn, &task.key).await;
        }
        End::Continue | End::Finish(_) | End::Park(_) | End::Blocked(_) => return Ok(()),
    }
    let reading = Reading { account_id: account.to_owned(), observed_at: now };
    rows::apply(conn, &Rows::of(Told::Problem(Problem::Access, reading)), now).await
}

/// Settles the call with the budget. Says until when nothing may be called, if a block begins.
async fn settle(
    conn: &mut PgConnection,
    context: Context<'_>,
    step: Step<'_>,
) -> Result<Option<Blocked>, sqlx::Error> {
    let Step { task, effects, now, .. } = step;
    let account = Purse::of(context.app_id, &task.key);
    // What the platform limits concerns nothing else.
    let app = if account.is_platform() { account } else { Purse { account_id: "", ..account } };
    let limits = Limits { first: context.settings.first_block, longest: context.settings.longest_block };
    if let Some(answer) = effects.answer {
        quota::settle(conn, account, answer, now).await?;
        // A header close to its limit stops calls before an error has to.
        let stop = context.settings.stop_percent;
        let full = |percent: Option<u32>| percent.is_some_and(|percent| percent >= stop);
        let reason = ParkReason::Throttled;
        if effects.block.is_none() && full(answer.usage.account_percent()) {
            let block =
                Block { scope: cekbrand_graph::Scope::Account, regain: answer.usage.regain(), reason };
            quota::block(conn, account, block, limits, now).await?;
        }
        if effects.block.is_none() && full(answer.usage.app_percent()) {
            let block = Block { scope: cekbrand_graph::Scope::App, regain: None, reason };
            quota::block(conn, app, block, limits, now).await?;
        }
    }
    let Some(block) = effects.block else { return Ok(None) };
    let purse = if block.scope == cekbrand_graph::Scope::App { app } else { account };
    let until = quota::block(conn, purse, block, limits, now).await?;
    Ok(Some(Blocked { reason: block.reason, until }))
}

/// Brings the task to its end. False if the lease was lost.
async fn end_task(
    conn: &mut PgConnection,
    context: Context<'_>,
    step: Step<'_>,
    blocked: Option<Blocked>,
) -> Result<bool, sqlx::Error> {
    let Step { task, effects, now, .. } = step;
    match &effects.end {
        End::Continue => tasks::extend(conn, task.lease, after(now, context.settings.lease)).await,
        End::Finish(finish) => tasks::finish(conn, task.lease, finish, now).await,
        End::Park(park) => tasks::park(conn, task.lease, park, now).await,
        End::Blocked(note) => {
            let Blocked { reason, until } =
                blocked.unwrap_or(Blocked { reason: ParkReason::Throttled, until: now });
            let park = Park { reason, until, answer: Some(LastAnswer::Refused), note: Some(note.clone()) };
            tasks::park(conn, task.lease, &park, now).await
        }
        End::StopAccount(park) => {
            let held = tasks::park(conn, task.lease, park, now).await?;
            if held {
                stop_reads(conn, step, park, None).await?;
            }
            Ok(held)
        }
        End::Forbidden(park) => {
            let held = tasks::park(conn, task.lease, park, now).await?;
            let since = now.checked_sub(context.settings.permission_again).unwrap_or(Timestamp::MIN);
            if held && stop::refused(conn, &task.key, since, now).await? {
                stop_reads(conn, step, park, Some(task.key.kind)).await?;
            }
            Ok(held)
        }
    }
}

/// Stops the account's reads, all or of a kind: those that are due, and those that will be wanted.
async fn stop_reads(
    conn: &mut PgConnection,
    step: Step<'_>,
    park: &Park,
    kind: Option<crate::reads::Kind>,
) -> Result<(), sqlx::Error> {
    let Step { task, sealed, now, .. } = step;
    let stop = Stop { account_id: &task.key.account_id, kind, reason: park.reason, until: park.until };
    if stop::set(conn, stop, sealed, now).await? {
        tasks::park_account(conn, stop, now).await?;
    }
    Ok(())
}

/// A deadlock or a failed serialisation: the same transaction may well succeed now.
fn is_conflict(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}
