//! What one call of a task leads to: an answer is understood, or a way around an error is found, and the task
//! goes on or ends. Nothing is written here.

use cekbrand_graph::{Answer, GraphError};
use cekbrand_schema::Absence;
use jiff::Timestamp;

use super::effects::{Effects, End};
use super::inner::Inner;
use super::policy::{self, Moment, Verdict, after};
use crate::reads::{self, Call, Follow, Instead, Job, Known, Read, Subject};
use crate::rows::Rows;
use crate::tasks::{Finish, LastAnswer, NewTask, Park, ParkReason, Task, TaskKey, TaskLane};

/// How far a task has come.
#[derive(Debug)]
pub(super) struct Progress {
    /// Calls still to be made, the last one first.
    pub(super) calls: Vec<Call>,
    /// Refused calls, of their metrics those that were found to be the cause.
    bad: Vec<Call>,
    /// Whether any call was answered.
    answered: bool,
    /// The cursor of the page that follows.
    next_page: Option<String>,
}

/// What one task is about.
#[derive(Debug)]
pub(super) struct Errand<'a> {
    pub(super) task: &'a Task,
    pub(super) read: &'static dyn Read,
    pub(super) known: Known,
    pub(super) api_version: &'a str,
}

impl Progress {
    /// Nothing is done yet.
    pub(super) fn of(calls: Vec<Call>) -> Self {
        Self { calls, bad: Vec::new(), answered: false, next_page: None }
    }
}

impl Errand<'_> {
    pub(super) fn job(&self, at: Timestamp) -> Job<'_> {
        let TaskKey { target_id, account_id, variant, cursor, .. } = &self.task.key;
        Job { target_id, account_id, variant, cursor, api_version: self.api_version, at }
    }

    /// Whether it is about a story whose day is over: nobody can read it any more.
    fn is_over(&self, now: Timestamp) -> bool {
        let Some(facts) =
            self.known.medium.as_ref().filter(|facts| facts.product.as_deref() == Some("STORY"))
        else {
            return false;
        };
        // Meta tells a story's final figures an hour after its end.
        facts
            .published
            .map_or(self.known.figures.from_webhook, |published| reads::story::end(published) <= now)
    }
}

impl Inner {
    /// What an answer means.
    pub(super) fn understand<'a>(
        &self,
        errand: &Errand<'_>,
        progress: &mut Progress,
        call: &Call,
        answer: &Answer,
    ) -> Effects<'a> {
        let content = match &answer.content {
            Ok(content) => content,
            Err(error) => return self.around(errand, progress, call, error),
        };
        let job = errand.job(answer.observed_at);
        let Some(rows) = errand.read.rows(job, &errand.known, call, content) else {
            return self.around(errand, progress, call, &answer.without_what_was_asked());
        };
        progress.answered = true;
        progress.next_page = errand.read.next_page(job, content);
        self.refusals.answered(errand.known.subject(), &call.metrics);
        let seen = errand.read.seen(job, call, content);
        Effects { seen, ..self.proceed(errand, progress, rows) }
    }

    /// Asks for less or for something else after an error, if the read can; else ends the task for now.
    pub(super) fn around<'a>(
        &self,
        errand: &Errand<'_>,
        progress: &mut Progress,
        call: &Call,
        error: &GraphError,
    ) -> Effects<'a> {
        let Instead { calls, bad } = errand.read.instead(call, error);
        let is_a_way = !calls.is_empty() || !bad.is_empty();
        progress.calls.extend(calls);
        if !bad.is_empty() {
            progress.bad.push(Call { metrics: bad, ..call.clone() });
        }
        if is_a_way && (progress.answered || !progress.calls.is_empty()) {
            return self.proceed(errand, progress, Rows::default());
        }
        // Without any answer it may be the object that is refused and not what was asked of it.
        let moment = Moment { now: self.clock.now(), jitter: jitter() };
        let Verdict { absence, is_gone, block, end } =
            policy::decide(error, errand.task, &self.settings, moment, errand.is_over(moment.now));
        let job = errand.job(moment.now);
        let mut rows = Rows::default();
        if let Some(absence) = absence {
            rows.append(errand.read.absent(job, call, absence));
        }
        if is_gone {
            rows.append(errand.read.gone(job));
        }
        // Too few viewers is an answer: there may be more the next time.
        let end = match end {
            End::Finish(finish) if finish.answer == LastAnswer::Answered => {
                End::Finish(self.rearm(errand, finish, moment.now))
            }
            end => end,
        };
        Effects { block, ..Effects::of(rows, end) }
    }

    /// On to the next call, or to a good end.
    fn proceed<'a>(&self, errand: &Errand<'_>, progress: &Progress, mut rows: Rows) -> Effects<'a> {
        if !progress.calls.is_empty() {
            return Effects::of(rows, End::Continue);
        }
        let now = self.clock.now();
        let job = errand.job(now);
        let subject = errand.known.subject();
        for call in &progress.bad {
            for metric in &call.metrics {
                self.refusals.note(subject, metric, job.target_id, now);
            }
            rows.append(errand.read.absent(job, call, Absence::Unsupported));
        }
        let of_account = progress.bad.iter().filter(|_| subject == Subject::Account);
        let refused = of_account.flat_map(|call| &call.metrics).copied().collect();
        let (idle, now_wanted): (Vec<_>, Vec<_>) =
            errand.read.follow(job, &errand.known, &rows).into_iter().partition(|follow| follow.if_idle);
        let as_tasks = |follows: Vec<Follow>| -> Vec<NewTask> {
            follows.into_iter().map(|follow| wanted(errand.task, follow)).collect()
        };
        let mut wanted_if_idle = as_tasks(idle);
        wanted_if_idle.extend(progress.next_page.as_ref().map(|cursor| {
            let key = TaskKey { cursor: cursor.clone(), ..errand.task.key.clone() };
            NewTask { key, lane: errand.task.lane, deadline: errand.task.deadline }
        }));
        let mut end = finish(errand, LastAnswer::Answered, None, now);
        if let End::Finish(finish) = end {
            end = End::Finish(self.rearm(errand, finish, now));
        }
        Effects { wanted: as_tasks(now_wanted), wanted_if_idle, refused, ..Effects::of(rows, end) }
    }

    /// For how long a good answer is fresh, and when the clock wants it again.
    fn rearm(&self, errand: &Errand<'_>, finish: Finish, now: Timestamp) -> Finish {
        let job = errand.job(now);
        let fresh_until = after(now, errand.read.fresh_for(job, &errand.known));
        let again_at = errand.read.again(job, &errand.known, &self.settings.ageing);
        Finish { fresh_until, again_at, ..finish }
    }

    /// Another read told all of it: as good as an answer, but no proof of any right.
    pub(super) fn told<'a>(&self, errand: &Errand<'_>, at: Timestamp, now: Timestamp) -> Effects<'a> {
        let job = errand.job(now);
        let fresh_until = after(at, errand.read.fresh_for(job, &errand.known));
        let again_at = errand.read.again(job, &errand.known, &self.settings.ageing);
        let answer = LastAnswer::NothingToAsk;
        Effects::of(Rows::default(), End::Finish(Finish { answer, note: None, fresh_until, again_at }))
    }

    /// One call of the account's list comes before this and others that are wanted.
    pub(super) fn by_list<'a>(&self, errand: &Errand<'_>, variant: String, now: Timestamp) -> Effects<'a> {
        let TaskKey { account_id, .. } = &errand.task.key;
        let key = TaskKey { variant, ..TaskKey::new(reads::kind::USER_MEDIA, account_id, account_id) };
        let list = NewTask { key, lane: errand.task.lane, deadline: None };
        let end = fresh(after(now, self.settings.list_wait), "waits for the account's list");
        Effects { wanted_if_idle: vec![list], ..Effects::of(Rows::default(), end) }
    }
}

/// A wait that is nobody's fault.
pub(super) fn fresh(until: Timestamp, note: &str) -> End {
    End::Park(Park { reason: ParkReason::Fresh, until, answer: None, note: Some(note.to_owned()) })
}

/// The end of a task that needs no further call.
pub(super) fn finish(errand: &Errand<'_>, answer: LastAnswer, note: Option<&str>, now: Timestamp) -> End {
    let fresh_until = after(now, errand.read.about().freshness);
    End::Finish(Finish { answer, note: note.map(str::to_owned), fresh_until, again_at: None })
}

fn wanted(task: &Task, follow: Follow) -> NewTask {
    let lane = match follow {
        Follow { is_past: true, .. } => TaskLane::Backfill,
        Follow { can_wait: true, .. } => task.lane.max(TaskLane::Daily),
        _ => task.lane,
    };
    let key = TaskKey::new(follow.kind, follow.target_id, &task.key.account_id);
    let key = TaskKey { variant: follow.variant, ..key };
    NewTask { key, lane, deadline: follow.deadline.or(task.deadline) }
}

/// Spreads waits.
pub(super) fn jitter() -> f64 {
    rand::random()
}
