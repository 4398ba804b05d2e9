//! The one place that decides what an error means for a task and its account. Pure.
//!
//! One answer tells about one object. What it says about more (the kind of read, the account, all accounts)
//! is believed only when several objects or the account's own node say so; a disappearance only after time;
//! nothing for ever.

use std::time::Duration;

use cekbrand_graph::{Disposition, GraphError, Scope};
use cekbrand_schema::Absence;
use jiff::Timestamp;

use super::effects::{Block, End};
use super::settings::Settings;
use crate::reads::{Needs, kind};
use crate::tasks::{Finish, LastAnswer, Park, ParkReason, Task};

/// When an error is looked at, and how waits are spread.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The instant.
    pub now: Timestamp,
    /// In 0..1.
    pub jitter: f64,
}

/// What the error of a call leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Why the figures that were asked for are missing.
    pub absence: Option<Absence>,
    /// Whether what was to be read is believed to be gone.
    pub is_gone: bool,
    /// A stop of all calls.
    pub block: Option<Block>,
    /// What becomes of the task.
    pub end: End,
}

impl Verdict {
    fn of(end: End) -> Self {
        Self { absence: None, is_gone: false, block: None, end }
    }

    fn blocked(block: Block, note: String) -> Self {
        Self { block: Some(block), ..Self::of(End::Blocked(note)) }
    }
}

/// Decides about an error; `is_over`: of a story whose day is over, so that it will not come back.
pub fn decide(
    error: &GraphError,
    task: &Task,
    settings: &Settings,
    moment: Moment,
    is_over: bool,
) -> Verdict {
    let note = error.to_string();
    let now = moment.now;
    let finish = |answer, fresh_for| {
        End::Finish(Finish {
            answer,
            note: Some(note.clone()),
            fresh_until: after(now, fresh_for),
            again_at: None,
        })
    };
    let wait = |reason, wait| Park {
        reason,
        until: after(now, wait),
        answer: Some(LastAnswer::Refused),
        note: Some(note.clone()),
    };
    match error.disposition() {
        Disposition::Retry { .. } => Verdict::of(End::Park(retry(task, settings, note, moment))),
        Disposition::Throttled { scope, regain } => {
            Verdict::blocked(Block { scope, regain, reason: ParkReason::Throttled }, note)
        }
        Disposition::PolicyBlock => {
            let regain = Some(settings.policy_block);
            let reason = ParkReason::PolicyBlock;
            Verdict::blocked(Block { scope: Scope::Account, regain, reason }, note)
        }
        Disposition::NotEnoughViewers => {
            let fresh_for = crate::reads::of(task.key.kind).about().freshness;
            let end = finish(LastAnswer::Answered, fresh_for);
            Verdict { absence: Some(Absence::NotEnoughViewers), ..Verdict::of(end) }
        }
        Disposition::PostedBeforeBusiness => {
            let end = finish(LastAnswer::Final, settings.final_refusal);
            Verdict { absence: Some(Absence::Unsupported), ..Verdict::of(end) }
        }
        Disposition::Gone if is_over => {
            let end = finish(LastAnswer::Final, settings.final_refusal);
            Verdict { is_gone: true, ..Verdict::of(end) }
        }
        Disposition::Gone => gone(task, settings, note, now),
        Disposition::WrongRequest => wrong_request(task, settings, note, now),
        Disposition::AppSettings => {
            let regain = Some(settings.app_settings);
            let reason = ParkReason::AppSettings;
            Verdict::blocked(Block { scope: Scope::App, regain, reason }, note)
        }
        Disposition::BadParameter => {
            // Of an account there is but one: what it is refused, nobody else will tell.
            let is_account = crate::reads::of(task.key.kind).about().needs == Needs::Account;
            let absence = is_account.then_some(Absence::Unsupported);
            let end = End::Park(wait(ParkReason::Unsupported, settings.unsupported));
            Verdict { absence, ..Verdict::of(end) }
        }
        Disposition::Permission => {
            let again = task.last_answer == Some(LastAnswer::Refused);
            let park = wait(
                ParkReason::Permission,
                if again { settings.permission_again } else { settings.permission },
            );
            Verdict { absence: Some(Absence::Permission), ..Verdict::of(End::Forbidden(park)) }
        }
        Disposition::TokenDead => {
            Verdict::of(End::StopAccount(wait(ParkReason::TokenDead, settings.token_dead)))
        }
    }
}

/// Looks again after minutes, believes it after an hour, and looks once more after a day and a week: a good
/// answer undoes it.
fn gone(task: &Task, settings: &Settings, note: String, now: Timestamp) -> Verdict {
    let since = task.gone_since.unwrap_or(now);
    let waited = Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO);
    let is_gone = waited >= settings.gone_believed_after;
    let wait = if is_gone {
        // Each wait is as long as all before it, up to the moment of belief; afterwards there are two more.
        settings.gone_again_after_belief.into_iter().find(|wait| *wait > waited)
    } else {
        let again = waited + waited.max(settings.gone_again_after);
        Some(again.min(settings.gone_believed_after))
    };
    let end = match wait {
        Some(wait) => End::Park(Park {
            reason: ParkReason::Backoff,
            until: after(since, wait),
            answer: Some(LastAnswer::Gone),
            note: Some(note),
        }),
        // Not fresh: whoever hears of it again makes it be read again.
        None => End::Finish(Finish {
            answer: LastAnswer::Gone,
            note: Some(note),
            fresh_until: now,
            again_at: None,
        }),
    };
    Verdict { is_gone, ..Verdict::of(end) }
}

/// A few tries over an hour, then it is final for this object. The account's own id is invalid then, and a
/// competitor's name leads nowhere any more.
fn wrong_request(task: &Task, settings: &Settings, note: String, now: Timestamp) -> Verdict {
    let tried = usize::try_from(task.attempts).unwrap_or_default().max(1);
    if let Some(wait) = settings.wrong_request.get(tried - 1) {
        let (reason, answer) = (ParkReason::Backoff, Some(LastAnswer::Refused));
        return Verdict::of(End::Park(Park { reason, until: after(now, *wait), answer, note: Some(note) }));
    }
    let fresh_until = after(now, settings.wrong_request_stands);
    let end =
        End::Finish(Finish { answer: LastAnswer::Final, note: Some(note), fresh_until, again_at: None });
    let is_gone = [kind::USER, kind::COMPETITOR].contains(&task.key.kind);
    Verdict { is_gone, ..Verdict::of(end) }
}

/// Another try later, or none for long after too many.
pub fn retry(task: &Task, settings: &Settings, note: String, moment: Moment) -> Park {
    let (reason, wait) = match settings.backoff.wait(task.attempts, moment.jitter) {
        Some(wait) => (ParkReason::Backoff, wait),
        None => (ParkReason::GaveUp, settings.backoff.rest),
    };
    Park { reason, until: after(moment.now, wait), answer: Some(LastAnswer::Failed), note: Some(note) }
}

/// The instant after a wait.
pub fn after(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use cekbrand_graph::envelope::ErrorEnvelope;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::reads;
    use crate::tasks::{Lease, TaskKey, TaskLane};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn task(attempts: i32) -> Task {
        Task {
            lease: Lease { task: 1, id: Uuid::nil(), until: NOW },
            key: TaskKey::new(reads::kind::MEDIA_INSIGHTS, "179", "178"),
            lane: TaskLane::NewComments,
            deadline: None,
            attempts,
            last_answer: None,
            gone_since: None,
            wanted_at: None,
        }
    }

    fn refused(code: i64, subcode: Option<i64>, message: &str) -> GraphError {
        let error = json!({"error": {"code": code, "error_subcode": subcode, "message": message}});
        GraphError::refused(&ErrorEnvelope::read(&error).unwrap(), None)
    }

    fn verdict(error: &GraphError, task: &Task) -> Verdict {
        decide(error, task, &Settings::default(), Moment { now: NOW, jitter: 1.0 }, false)
    }

    fn parked(end: End) -> (ParkReason, i64) {
        let (End::Park(park) | End::StopAccount(park) | End::Forbidden(park)) = end else {
            panic!("{end:?}")
        };
        (park.reason, park.until.as_second())
    }

    #[test]
    fn passing_failures_back_off_and_give_up() {
        let failing = |attempts| parked(verdict(&GraphError::Timeout, &task(attempts)).end);
        assert_eq!(failing(1), (ParkReason::Backoff, 1));
        assert_eq!(failing(4), (ParkReason::Backoff, 8));
        assert_eq!(failing(12), (ParkReason::GaveUp, 24 * 3600));
    }

    #[test]
    fn a_throttle_blocks_its_account_or_the_app() {
        let throttled = |code| verdict(&refused(code, None, ""), &task(1));
        assert_eq!(throttled(80002).block.unwrap().scope, Scope::Account);
        assert_eq!(throttled(4).block.unwrap().scope, Scope::App);
        assert!(matches!(throttled(4).end, End::Blocked(_)));
        let policy = throttled(368).block.unwrap();
        assert_eq!((policy.reason, policy.regain), (ParkReason::PolicyBlock, Some(Duration::from_hours(24))));
    }

    #[test]
    fn gone_is_believed_after_an_hour_and_not_for_ever() {
        let error = refused(100, Some(33), "Unsupported get request");
        let (mut now, mut task) = (NOW, task(1));
        let mut minutes = Vec::new();
        loop {
            let moment = Moment { now, jitter: 1.0 };
            let verdict = decide(&error, &task, &Settings::default(), moment, false);
            minutes.push(now.as_second() / 60);
            match verdict.end {
                End::Park(park) => {
                    assert_eq!(verdict.is_gone, now.as_second() >= 3600);
                    assert_eq!((park.reason, park.answer), (ParkReason::Backoff, Some(LastAnswer::Gone)));
                    task.gone_since.get_or_insert(now);
                    now = park.until;
                }
                End::Finish(finish) => {
                    assert!(verdict.is_gone && finish.fresh_until <= now);
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(minutes, [0, 2, 4, 8, 16, 32, 60, 24 * 60, 7 * 24 * 60]);
    }

    #[test]
    fn of_a_story_that_is_over_one_refusal_is_final() {
        let error = refused(100, Some(33), "Unsupported get request");
        let moment = Moment { now: NOW, jitter: 1.0 };
        let verdict = decide(&error, &task(1), &Settings::default(), moment, true);
        let End::Finish(finish) = verdict.end else { panic!("it waits for another try") };
        assert!(verdict.is_gone && finish.answer == LastAnswer::Final && finish.again_at.is_none());
        // A refusal that is about something else says nothing of the story.
        let throttled = decide(&refused(80002, None, ""), &task(1), &Settings::default(), moment, true);
        assert!(matches!(throttled.end, End::Blocked(_)));
    }

    #[test]
    fn a_wrong_request_is_final_after_a_few_tries_over_an_hour() {
        let error = refused(803, None, "Some of the aliases you requested do not exist");
        let minutes = [1, 2, 3].map(|attempts| parked(verdict(&error, &task(attempts)).end).1 / 60);
        assert_eq!(minutes, [1, 10, 60]);
        let last = verdict(&error, &task(4));
        assert!(!last.is_gone, "a medium may still be there");
        assert!(
            matches!(last.end, End::Finish(finish) if finish.answer == LastAnswer::Final && finish.note.is_some())
        );
        let account = Task { key: TaskKey::new(reads::kind::USER, "178", "178"), ..task(4) };
        assert!(verdict(&error, &account).is_gone, "the account's id leads nowhere");
    }

    #[test]
    fn wrong_settings_of_the_app_stop_everybody_for_a_short_while() {
        let error = refused(100, None, "Invalid appsecret_proof provided in the API argument");
        let block = verdict(&error, &task(1)).block.unwrap();
        assert_eq!((block.scope, block.reason), (Scope::App, ParkReason::AppSettings));
        assert_eq!(block.regain, Some(Duration::from_mins(5)));
    }

    #[test]
    fn too_few_viewers_are_an_answer() {
        let error = refused(10, None, "(#10) Not enough viewers for the media to show insights");
        let verdict = verdict(&error, &task(1));
        assert_eq!(verdict.absence, Some(Absence::NotEnoughViewers));
        assert!(matches!(verdict.end, End::Finish(finish) if finish.answer == LastAnswer::Answered));
    }

    #[test]
    fn media_from_before_the_business_account_are_left_alone_for_long() {
        let End::Finish(finish) = verdict(&refused(100, Some(2_108_006), ""), &task(1)).end else { panic!() };
        assert_eq!(finish.answer, LastAnswer::Final);
        assert!(finish.fresh_until >= after(NOW, Duration::from_hours(24 * 7)));
    }

    #[test]
    fn a_dead_token_stops_the_account_and_a_missing_permission_is_asked_less_often() {
        let dead = verdict(&refused(190, Some(463), ""), &task(1));
        assert!(matches!(dead.end, End::StopAccount(_)));
        assert_eq!(parked(dead.end).0, ParkReason::TokenDead);
        let forbidden = refused(10, None, "no");
        assert_eq!(parked(verdict(&forbidden, &task(1)).end), (ParkReason::Permission, 3600));
        let again = Task { last_answer: Some(LastAnswer::Refused), ..task(1) };
        assert_eq!(parked(verdict(&forbidden, &again).end), (ParkReason::Permission, 24 * 3600));
    }
}
