//! The one place that decides what an error means for a task and its account. Pure.

use cekbrand_graph::{Disposition, GraphError};
use cekbrand_schema::{Absence, ProductType};
use jiff::Timestamp;

use super::effects::{Block, End, Reading, Rows};
use super::settings::Settings;
use crate::tasks::{Park, ParkReason, Task, TaskKind};

/// How `last_error` begins after something seemed gone once.
const GONE: &str = "gone: ";
/// How it begins after a refusal that stands for ever.
const FINAL: &str = "final: ";

/// What the error of a call leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Rows that say what is known now.
    pub rows: Rows,
    /// A stop of all calls.
    pub block: Option<Block>,
    /// What becomes of the task.
    pub end: End,
}

/// Decides about an error. `metrics` are those that were asked for, `jitter` is in 0..1.
pub fn decide(
    error: &GraphError,
    task: &Task,
    metrics: &[&'static str],
    settings: &Settings,
    (now, jitter): (Timestamp, f64),
) -> Verdict {
    let note = error.to_string();
    let wait = |reason, wait, note: String| Park { reason, until: after(now, wait), note: Some(note) };
    let block = |scope, regain, reason| Some(Block { scope, regain, reason });
    let absent =
        |absence| Rows::Figures(metrics.iter().map(|metric| Reading::absent(metric, absence)).collect());
    let (rows, block, end) = match error.disposition() {
        Disposition::Retry { .. } => {
            (Rows::Nothing, None, End::Park(retry(task, settings, note, (now, jitter))))
        }
        Disposition::Throttled { scope, regain } => {
            (Rows::Nothing, block(scope, regain, ParkReason::Throttled), End::Blocked(note))
        }
        Disposition::PolicyBlock => {
            let scope = cekbrand_graph::Scope::Account;
            (
                Rows::Nothing,
                block(scope, Some(settings.policy_block), ParkReason::PolicyBlock),
                End::Blocked(note),
            )
        }
        Disposition::NotEnoughViewers => (absent(Absence::NotEnoughViewers), None, End::Finish(None)),
        Disposition::PostedBeforeBusiness => {
            (absent(Absence::Unsupported), None, End::Finish(Some(format!("{FINAL}{note}"))))
        }
        Disposition::Gone if seemed_gone(task) => (gone(task.kind), None, End::Finish(Some(note))),
        Disposition::Gone => {
            let park = wait(ParkReason::Backoff, settings.confirm_gone, format!("{GONE}{note}"));
            (Rows::Nothing, None, End::Park(park))
        }
        Disposition::BadParameter => {
            (Rows::Nothing, None, End::Park(wait(ParkReason::Unsupported, settings.unsupported, note)))
        }
        Disposition::Permission => {
            let park = wait(ParkReason::Permission, settings.permission, note);
            (absent(Absence::Permission), None, End::StopKind(park))
        }
        Disposition::TokenDead => {
            (Rows::Nothing, None, End::StopAccount(wait(ParkReason::TokenDead, settings.token_dead, note)))
        }
    };
    Verdict { rows, block, end }
}

/// Another try later, or none for long after too many.
pub fn retry(task: &Task, settings: &Settings, note: String, (now, jitter): (Timestamp, f64)) -> Park {
    let (reason, wait) = match settings.backoff.wait(task.attempts, jitter) {
        Some(wait) => (ParkReason::Backoff, wait),
        None => (ParkReason::GaveUp, settings.backoff.rest),
    };
    Park { reason, until: after(now, wait), note: Some(note) }
}

/// Whether an earlier answer settled for ever that there is nothing to read.
pub fn is_final(task: &Task) -> bool {
    task.last_error.as_deref().is_some_and(|note| note.starts_with(FINAL))
}

/// Why figures of a medium are missing from an answer that came at `now`.
pub fn missing(published: Timestamp, settings: &Settings, now: Timestamp) -> Absence {
    if now < after(published, settings.data_lag) { Absence::NotYet } else { Absence::NoData }
}

/// Whether the figures of a story published then can no longer be read.
pub fn is_expired(product: ProductType, published: Timestamp, settings: &Settings, now: Timestamp) -> bool {
    product == ProductType::Story && now >= after(published, settings.story_life)
}

/// The instant after a wait.
pub fn after(now: Timestamp, wait: std::time::Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

fn seemed_gone(task: &Task) -> bool {
    task.last_error.as_deref().is_some_and(|note| note.starts_with(GONE))
}

fn gone(kind: TaskKind) -> Rows {
    match kind {
        TaskKind::User => Rows::UserInvalid,
        TaskKind::Media | TaskKind::MediaInsights => Rows::MediaGone,
        TaskKind::Comment | TaskKind::MentionedComment => Rows::CommentGone,
        // Somebody else's medium may merely have become private.
        TaskKind::MentionedMedia => Rows::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cekbrand_graph::Scope;
    use cekbrand_graph::envelope::ErrorEnvelope;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::tasks::Lease;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn task(kind: TaskKind, attempts: i32, last_error: Option<&str>) -> Task {
        Task {
            lease: Lease { task: 1, id: Uuid::nil(), until: NOW },
            kind,
            target_id: "179".to_owned(),
            account_id: "178".to_owned(),
            lane: 1,
            deadline: None,
            attempts,
            last_error: last_error.map(str::to_owned),
        }
    }

    fn refused(code: i64, subcode: Option<i64>, message: &str) -> GraphError {
        let error = json!({"error": {"code": code, "error_subcode": subcode, "message": message}});
        GraphError::refused(ErrorEnvelope::read(&error).unwrap(), None)
    }

    fn verdict(error: &GraphError, task: &Task) -> Verdict {
        decide(error, task, &["reach"], &Settings::default(), (NOW, 1.0))
    }

    fn parked(end: End) -> (ParkReason, i64) {
        let (End::Park(park) | End::StopAccount(park) | End::StopKind(park)) = end else { panic!("{end:?}") };
        (park.reason, park.until.as_second())
    }

    #[test]
    fn passing_failures_back_off_and_give_up() {
        let failing =
            |attempts| parked(verdict(&GraphError::Timeout, &task(TaskKind::Media, attempts, None)).end);
        assert_eq!(failing(1), (ParkReason::Backoff, 1));
        assert_eq!(failing(4), (ParkReason::Backoff, 8));
        assert_eq!(failing(12), (ParkReason::GaveUp, 24 * 3600));
    }

    #[test]
    fn a_throttle_blocks_its_account_or_the_app() {
        let throttled = |code| verdict(&refused(code, None, ""), &task(TaskKind::Media, 1, None));
        assert_eq!(throttled(80002).block.unwrap().scope, Scope::Account);
        assert_eq!(throttled(4).block.unwrap().scope, Scope::App);
        assert!(matches!(throttled(4).end, End::Blocked(_)));
        let policy = throttled(368).block.unwrap();
        assert_eq!((policy.reason, policy.regain), (ParkReason::PolicyBlock, Some(Duration::from_hours(24))));
    }

    #[test]
    fn gone_is_believed_the_second_time() {
        let error = refused(100, Some(33), "Unsupported get request");
        let first = verdict(&error, &task(TaskKind::Media, 1, None));
        let End::Park(park) = first.end else { panic!("{first:?}") };
        assert_eq!((first.rows, park.reason), (Rows::Nothing, ParkReason::Backoff));
        let second = verdict(&error, &task(TaskKind::Media, 2, park.note.as_deref()));
        assert_eq!(second.rows, Rows::MediaGone);
        assert!(matches!(second.end, End::Finish(Some(_))));
        let comment = verdict(&error, &task(TaskKind::Comment, 2, park.note.as_deref()));
        assert_eq!(comment.rows, Rows::CommentGone);
    }

    #[test]
    fn too_few_viewers_are_an_answer() {
        let error = refused(10, None, "(#10) Not enough viewers for the media to show insights");
        let verdict = verdict(&error, &task(TaskKind::MediaInsights, 1, None));
        assert_eq!(verdict.rows, Rows::Figures(vec![Reading::absent("reach", Absence::NotEnoughViewers)]));
        assert_eq!(verdict.end, End::Finish(None));
    }

    #[test]
    fn media_from_before_the_business_account_are_not_asked_again() {
        let error = refused(100, Some(2_108_006), "");
        let End::Finish(note) = verdict(&error, &task(TaskKind::MediaInsights, 1, None)).end else {
            panic!()
        };
        assert!(is_final(&task(TaskKind::MediaInsights, 1, note.as_deref())));
        assert!(!is_final(&task(TaskKind::MediaInsights, 1, Some("gone: x"))));
    }

    #[test]
    fn a_dead_token_stops_the_account_and_a_missing_permission_the_kind() {
        let dead = verdict(&refused(190, Some(463), ""), &task(TaskKind::Media, 1, None));
        assert!(matches!(dead.end, End::StopAccount(_)));
        assert_eq!(parked(dead.end).0, ParkReason::TokenDead);
        let forbidden = verdict(&refused(10, None, "no"), &task(TaskKind::Media, 1, None));
        assert!(matches!(forbidden.end, End::StopKind(_)));
        assert_eq!(parked(forbidden.end).0, ParkReason::Permission);
    }

    #[test]
    fn what_is_missing_is_not_yet_there_for_two_days() {
        let settings = Settings::default();
        let hours = |hours| after(NOW, Duration::from_hours(hours));
        assert_eq!(missing(NOW, &settings, hours(47)), Absence::NotYet);
        assert_eq!(missing(NOW, &settings, hours(48)), Absence::NoData);
        assert!(is_expired(ProductType::Story, NOW, &settings, hours(24)));
        assert!(!is_expired(ProductType::Story, NOW, &settings, hours(23)));
        assert!(!is_expired(ProductType::Feed, NOW, &settings, hours(99)));
    }
}
