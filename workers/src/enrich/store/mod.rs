//! Does what was decided: everything that one answer changes, in one transaction.
//!
//! Rows are touched in one order everywhere (media and comments, marks, tasks, quota), which is also that of landing, so that two transactions
//! seldom wait for each other in a circle; where they do, the loser is repeated without a second call.

pub mod comment;
pub mod figure;
pub mod media;
pub mod quota;
pub mod response;
pub mod token;
pub mod user;

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use self::quota::Purse;
use self::response::Origin;
use super::effects::{Effects, End, Rows};
use super::policy::after;
use super::settings::Settings;
use crate::analyse::marks;
use crate::tasks::{self, Park, ParkReason, Task};

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

/// Does all of it, or nothing if the lease was lost meanwhile. `sealed` is the token that the call used.
///
/// # Errors
/// Whatever keeps the transaction from committing, after repeats where they can help.
pub async fn keep(
    pool: &PgPool,
    context: Context<'_>,
    task: &Task,
    effects: &Effects<'_>,
    (sealed, now): (Option<&str>, Timestamp),
) -> Result<Kept, sqlx::Error> {
    let mut repeats = 0;
    loop {
        match try_keep(pool, context, task, effects, (sealed, now)).await {
            Err(error) if repeats < REPEATS && is_conflict(&error) => repeats += 1,
            result => return result,
        }
    }
}

async fn try_keep(
    pool: &PgPool,
    context: Context<'_>,
    task: &Task,
    effects: &Effects<'_>,
    (sealed, now): (Option<&str>, Timestamp),
) -> Result<Kept, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let observed_at = effects.answer.map_or(now, |answer| answer.observed_at);
    let touched = write_rows(&mut tx, context, task, &effects.rows, (observed_at, now)).await?;
    if let Some(answer) = effects.answer {
        let Task { account_id, target_id, .. } = task;
        let origin = Origin { account_id, target_id, api_version: context.api_version };
        response::record(&mut tx, origin, answer).await?;
    }
    note_token(&mut tx, task, &effects.end, sealed, now).await?;
    if !touched.is_empty() {
        marks::mark(&mut tx, &touched, now).await?;
    }
    let blocked = settle(&mut tx, context, task, effects, (observed_at, now)).await?;
    if !end_task(&mut tx, task, &effects.end, (blocked, context.settings.lease), now).await? {
        tx.rollback().await?;
        return Ok(Kept::LeaseLost);
    }
    tx.commit().await?;
    Ok(Kept::Committed)
}

async fn write_rows(
    conn: &mut PgConnection,
    context: Context<'_>,
    task: &Task,
    rows: &Rows,
    (observed_at, now): (Timestamp, Timestamp),
) -> Result<Vec<(String, Timestamp)>, sqlx::Error> {
    match rows {
        Rows::Nothing => Ok(Vec::new()),
        Rows::User(node) => {
            let changed = user::write(conn, node, observed_at).await?;
            Ok(changed.then(|| (node.id.clone(), observed_at)).into_iter().collect())
        }
        Rows::UserInvalid => {
            user::note_problem(conn, &task.account_id, false, now).await?;
            Ok(Vec::new())
        }
        Rows::Media(node) => media::write(conn, node, &task.account_id, observed_at).await,
        Rows::MediaGone => {
            let life = context.settings.story_life;
            let story_start = now.checked_sub(life).unwrap_or(Timestamp::MIN);
            media::note_gone(conn, &task.target_id, &task.account_id, (story_start, now)).await
        }
        Rows::Comment(node) => comment::write(conn, node, &task.account_id, observed_at).await,
        Rows::CommentGone => comment::note_gone(conn, &task.target_id, now).await,
        Rows::Figures(readings) => {
            let times = (observed_at, now);
            figure::write(conn, &task.target_id, readings, context.api_version, times).await
        }
        Rows::StoryLost(product) => {
            figure::write_lost(conn, &task.target_id, *product, context.api_version, now).await
        }
    }
}

async fn note_token(
    conn: &mut PgConnection,
    task: &Task,
    end: &End,
    sealed: Option<&str>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    match end {
        End::StopAccount(Park { reason: ParkReason::TokenDead, note, .. }) => {
            if let Some(sealed) = sealed {
                let why = note.as_deref().unwrap_or_default();
                token::mark_dead(conn, &task.account_id, sealed, why, now).await?;
            }
            user::note_problem(conn, &task.account_id, true, now).await
        }
        End::StopAccount(_) | End::StopKind(_) => user::note_problem(conn, &task.account_id, true, now).await,
        End::Continue | End::Finish(_) | End::Park(_) | End::Blocked(_) => Ok(()),
    }
}

/// Settles the call with the budget. Says until when nothing may be called, if a block begins.
async fn settle(
    conn: &mut PgConnection,
    context: Context<'_>,
    task: &Task,
    effects: &Effects<'_>,
    (observed_at, now): (Timestamp, Timestamp),
) -> Result<Option<(ParkReason, Timestamp)>, sqlx::Error> {
    let account = Purse { app_id: context.app_id, account_id: &task.account_id };
    let app = Purse { account_id: "", ..account };
    let lengths = (context.settings.first_block, context.settings.longest_block);
    if let Some(answer) = effects.answer {
        quota::settle(conn, account, &answer.usage, (observed_at, now)).await?;
        // A header at its limit stops calls before an error has to.
        let full = |percent: Option<u32>| percent.is_some_and(|percent| percent >= 100);
        let limit = (answer.usage.regain(), ParkReason::Throttled);
        if effects.block.is_none() && full(answer.usage.account_percent()) {
            quota::block(conn, account, limit, lengths, now).await?;
        }
        if effects.block.is_none() && full(answer.usage.app_percent()) {
            quota::block(conn, app, (None, ParkReason::Throttled), lengths, now).await?;
        }
    }
    let Some(block) = effects.block else { return Ok(None) };
    let purse = if block.scope == cekbrand_graph::Scope::App { app } else { account };
    let until = quota::block(conn, purse, (block.regain, block.reason), lengths, now).await?;
    Ok(Some((block.reason, until)))
}

/// Brings the task to its end. False if the lease was lost.
async fn end_task(
    conn: &mut PgConnection,
    task: &Task,
    end: &End,
    (blocked, lease): (Option<(ParkReason, Timestamp)>, Duration),
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    match end {
        End::Continue => tasks::extend(conn, task.lease, after(now, lease)).await,
        End::Finish(note) => tasks::finish(conn, task.lease, note.as_deref(), now).await,
        End::Park(park) => tasks::park(conn, task.lease, park).await,
        End::Blocked(note) => {
            let (reason, until) = blocked.unwrap_or((ParkReason::Throttled, now));
            tasks::park(conn, task.lease, &Park { reason, until, note: Some(note.clone()) }).await
        }
        End::StopAccount(park) => stop(conn, task, park, None, now).await,
        End::StopKind(park) => stop(conn, task, park, Some(task.kind), now).await,
    }
}

async fn stop(
    conn: &mut PgConnection,
    task: &Task,
    park: &Park,
    kind: Option<tasks::TaskKind>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let held = tasks::park(conn, task.lease, park).await?;
    if held {
        tasks::park_account(conn, &task.account_id, kind, (park.reason, park.until), now).await?;
    }
    Ok(held)
}

/// A deadlock or a failed serialisation: the same transaction may well succeed now.
fn is_conflict(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("40001" | "40P01"))
}
