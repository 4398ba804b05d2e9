//! Reads that are due by the clock: each account, and each competitor, has a beat of each read that says
//! it has a cadence. A beat wants the read and notes when it comes again, in one transaction.
//!
//! A beat that came late is not made up for: what it would have read is read now. The first beat asks for
//! the past as well, which makes it an account's first sync.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::PgConnection;

use super::store::beats::{self as store, Beaten, Due, Kinds};
use super::{backfill, store::backfill as missed};
use crate::reads::{self, Beat, Cadence, Kind, Read, Targets, kind};
use crate::tasks::{self, NewTask, TaskKey, TaskLane};

/// Beats of one round; what is left is due in the next.
const AT_ONCE: i64 = 2000;

/// Makes the beats that are due, of all accounts or of one. Says how many those were.
///
/// # Errors
/// Whatever keeps the statements from running.
pub(super) async fn sound(
    conn: &mut PgConnection,
    account_id: Option<&str>,
    now: Timestamp,
) -> Result<usize, sqlx::Error> {
    let kinds = kinds();
    store::add(conn, &kinds, account_id, now).await?;
    let due = store::due(conn, &kinds, account_id, AT_ONCE, now).await?;
    let (mut wanted, mut beaten) = (Vec::new(), Vec::new());
    for due in due {
        let zone = TimeZone::get(&due.timezone).unwrap_or(TimeZone::UTC);
        let beat = Beat { at: now, day: now.to_zoned(zone.clone()).date(), is_first: due.is_first };
        let next_at = if due.kind == backfill::BEAT {
            let missing = missed::missing(conn, &due.account_id).await?;
            wanted.extend(missing.iter().map(|media_id| backfill::comments(&due.account_id, media_id)));
            backfill::next(beat)
        } else {
            let Some(read) = read(&due.kind) else { continue };
            wanted.extend(tasks(read, &due, beat));
            read.cadence().next(beat, &due.account_id, &zone).unwrap_or(Timestamp::MAX)
        };
        beaten.push(Beaten { due, next_at });
    }
    tasks::enqueue(conn, &wanted, now).await?;
    if !beaten.is_empty() {
        store::beaten(conn, &beaten, now).await?;
    }
    Ok(beaten.len())
}

/// What a beat of a read wants.
fn tasks(read: &dyn Read, due: &Due, beat: Beat) -> Vec<NewTask> {
    let lane = if matches!(read.cadence(), Cadence::Every(_)) { TaskLane::Live } else { TaskLane::Daily };
    // One call of the list spares a call for each medium that is heard of meanwhile.
    let past_lane =
        if read.about().kind == kind::USER_MEDIA { TaskLane::NewComments } else { TaskLane::Backfill };
    let task = |variant: String, lane| {
        let key = TaskKey::new(read.about().kind, due.target_id.as_str(), due.account_id.as_str());
        NewTask { key: TaskKey { variant, ..key }, lane, deadline: None }
    };
    let past = if beat.is_first { read.past(beat) } else { Vec::new() };
    let now = read.variants(beat).into_iter().map(|variant| task(variant, lane));
    now.chain(past.into_iter().map(|variant| task(variant, past_lane))).collect()
}

fn kinds() -> Kinds {
    let mut kinds = Kinds { names: vec![backfill::BEAT], is_of_competitors: vec![false] };
    for read in reads::ALL.into_iter().filter(|read| read.cadence() != Cadence::Never) {
        kinds.names.push(read.about().kind.as_str());
        kinds.is_of_competitors.push(read.targets() == Targets::Competitors);
    }
    kinds
}

fn read(kind: &str) -> Option<&'static dyn Read> {
    kind.parse::<Kind>().ok().map(reads::of)
}
