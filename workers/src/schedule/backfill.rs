//! Comments that were missed: where Instagram counts more of them below a medium than are stored, its
//! comments are read.

use std::time::Duration;

use jiff::Timestamp;

use crate::reads::{Beat, kind};
use crate::tasks::{NewTask, TaskKey, TaskLane};

/// The name of the beat at which an account's media are looked through.
pub(super) const BEAT: &str = "comment_backfill";

const EVERY: Duration = Duration::from_hours(6);
/// An account that is new knows its media only when their list was read.
const AFTER_FIRST: Duration = Duration::from_mins(10);

/// The read of a medium's comments.
pub(super) fn comments(account_id: &str, media_id: &str) -> NewTask {
    let key = TaskKey::new(kind::COMMENTS, media_id, account_id);
    NewTask { key, lane: TaskLane::Backfill, deadline: None }
}

/// When the account's media are looked through again.
pub(super) fn next(beat: Beat) -> Timestamp {
    let wait = if beat.is_first { AFTER_FIRST } else { EVERY };
    beat.at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
