//! One task, from its plan to its end: call by call, each with its transaction.

use cekbrand_graph::{Answer, GraphError};
use jiff::Timestamp;
use metrics::{Unit, describe_counter};

use super::Inner;
use super::call::Outcome;
use super::effects::{Effects, End};
use super::policy::{self, Moment, Verdict, after};
use super::store::{self, Context, Kept, Step};
use crate::reads::{self, Call, Follow, Instead, Job, Known, Needs, Plan, Read, Subject};
use crate::rows::account::{self, Since};
use crate::rows::{Rows, facts};
use crate::tasks::{self, Finish, LastAnswer, NewTask, Park, ParkReason, Standing, Task, TaskKey, TaskLane};

const ENDED: &str = "cekbrand_worker_tasks_ended_total";

pub(super) fn describe() {
    describe_counter!(ENDED, Unit::Count, "Tries of Graph reads that ended, by kind and outcome");
}

/// How far a task has come.
#[derive(Debug)]
struct Progress {
    /// Calls still to be made, the last one first.
    calls: Vec<Call>,
    /// Refused calls, of their metrics those that were found to be the cause.
    bad: Vec<Call>,
    /// Whether any call was answered.
    answered: bool,
    /// The cursor of the page that follows.
    next_page: Option<String>,
}

/// What one task is about.
#[derive(Debug)]
struct Errand<'a> {
    task: &'a Task,
    read: &'static dyn Read,
    known: Known,
    api_version: &'a str,
}

impl Errand<'_> {
    fn job(&self, at: Timestamp) -> Job<'_> {
        let TaskKey { target_id, account_id, variant, cursor, .. } = &self.task.key;
        Job { target_id, account_id, variant, cursor, api_version: self.api_version, at }
    }
}

impl Inner {
    /// Works on one task. What fails here is the task's own affair.
    pub(super) async fn work(&self, task: Task) {
        match self.read(&task).await {
            Ok(Kept::Committed) => {}
            Ok(Kept::LeaseLost) => {
                tracing::info!(account.id = task.key.account_id, task.kind = %task.key.kind, "a lease was lost");
            }
            Err(error) => self.give_back(&task, &error).await,
        }
    }

    async fn read(&self, task: &Task) -> Result<Kept, sqlx::Error> {
        let read = reads::of(task.key.kind);
        let known = self.know(task, read).await?;
        let errand = Errand { task, read, known, api_version: self.api.version() };
        let now = self.clock.now();
        let calls = match read.plan(errand.job(now), &errand.known) {
            Plan::Ask(calls) => calls,
            Plan::Await => return self.wait(&errand, now).await,
            Plan::Nothing { rows, note } => {
                let end = finish(&errand, LastAnswer::NothingToAsk, note, now);
                return self.keep(task, &Effects::of(rows, end), None).await;
            }
        };
        let mut progress = Progress { calls, bad: Vec::new(), answered: false, next_page: None };
        while let Some(call) = progress.calls.pop() {
            let attempt = self.call(task, read.span(errand.job(now)), &call.request).await?;
            let effects = match &attempt.outcome {
                Outcome::Answered(answer) => {
                    let effects = self.understand(&errand, &mut progress, &call, answer);
                    Effects { answer: Some(answer), ..effects }
                }
                Outcome::Failed(error) => self.around(&errand, &mut progress, &call, error),
                Outcome::Stopped(end) => Effects::of(Rows::default(), end.clone()),
            };
            let kept = self.keep(task, &effects, attempt.sealed.as_deref()).await?;
            if kept == Kept::LeaseLost || effects.end != End::Continue {
                return Ok(kept);
            }
        }
        Ok(Kept::Committed)
    }

    /// What the read has to know beforehand.
    async fn know(&self, task: &Task, read: &dyn Read) -> Result<Known, sqlx::Error> {
        match read.about().needs {
            Needs::Nothing => Ok(Known::default()),
            Needs::Account => self.know_account(task).await,
            Needs::Username => {
                let mut conn = self.pool.acquire().await?;
                let username = account::username(&mut conn, &task.key.target_id).await?;
                Ok(Known { username, ..Known::default() })
            }
            Needs::Medium => self.know_medium(task, read).await,
        }
    }

    async fn know_account(&self, task: &Task) -> Result<Known, sqlx::Error> {
        let now = self.clock.now();
        let before = |wait| now.checked_sub(wait).unwrap_or(Timestamp::MIN);
        let since = Since {
            counted: before(self.settings.followers_known),
            refused: before(self.settings.refused_metric),
        };
        let mut conn = self.pool.acquire().await?;
        let facts = account::facts(&mut conn, &task.key.target_id, since).await?;
        let known = Known { account: Some(facts), ..Known::default() };
        Ok(Known { widely_refused: self.refusals.of(known.subject(), now), ..known })
    }

    async fn know_medium(&self, task: &Task, read: &dyn Read) -> Result<Known, sqlx::Error> {
        let now = self.clock.now();
        let before = |wait| now.checked_sub(wait).unwrap_or(Timestamp::MIN);
        let TaskKey { target_id, account_id, .. } = &task.key;
        let mut conn = self.pool.acquire().await?;
        let medium = facts::facts(&mut conn, target_id).await?;
        let figures = facts::figures(&mut conn, target_id, before(self.settings.refused_metric)).await?;
        let owner = medium.as_ref().and_then(|facts| facts.owner.as_ref());
        let is_read_by_owner = owner.is_some_and(|owner| owner != account_id)
            && tasks::read_by_owner(&mut conn, target_id, account_id, before(read.about().freshness)).await?;
        let may_be_part =
            task.key.kind == reads::kind::MEDIA && medium.as_ref().is_some_and(|facts| !facts.is_child);
        let comment_below =
            if may_be_part { facts::comment_below(&mut conn, target_id).await? } else { None };
        let known = Known { medium, figures, comment_below, is_read_by_owner, ..Known::default() };
        Ok(Known { widely_refused: self.refusals.of(known.subject(), now), ..known })
    }

    fn understand<'a>(
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
        self.proceed(errand, progress, rows)
    }

    /// Asks for less or for something else after an error, if the read can; else ends the task for now.
    fn around<'a>(
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
            policy::decide(error, errand.task, &self.settings, moment);
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
            rows.append(errand.read.absent(job, call, cekbrand_schema::Absence::Unsupported));
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

    /// What goes first has not been read: its own task comes before this one.
    async fn wait(&self, errand: &Errand<'_>, now: Timestamp) -> Result<Kept, sqlx::Error> {
        let task = errand.task;
        let Some(first) = errand.read.about().waits_for else {
            let end = finish(errand, LastAnswer::NothingToAsk, Some("there is nothing to wait for"), now);
            return self.keep(task, &Effects::of(Rows::default(), end), None).await;
        };
        let key = TaskKey::new(first, &task.key.target_id, &task.key.account_id);
        let standing = tasks::standing(&mut *self.pool.acquire().await?, &key).await?;
        let note = Some(format!("waits for {first}"));
        let park = |reason, until| End::Park(Park { reason, until, answer: None, note: note.clone() });
        let mut effects = Effects::of(Rows::default(), park(ParkReason::Fresh, now));
        match standing {
            Standing::Unknown => {
                let lane = task.lane.min(TaskLane::NewComments);
                effects.wanted.push(NewTask { key, lane, deadline: task.deadline });
            }
            Standing::Pending => {}
            Standing::Parked(reason, until) => effects.end = park(reason, until),
            Standing::Done => {
                let note = Some("whose it is, we are not told");
                effects.end = finish(errand, LastAnswer::NothingToAsk, note, now);
            }
        }
        self.keep(task, &effects, None).await
    }

    /// Parks a task whose answer could not be written.
    async fn give_back(&self, task: &Task, error: &sqlx::Error) {
        let account = task.key.account_id.as_str();
        tracing::warn!(account.id = account, task.kind = %task.key.kind, %error, "an answer could not be written");
        let moment = Moment { now: self.clock.now(), jitter: jitter() };
        let park = policy::retry(task, &self.settings, format!("database: {error}"), moment);
        if let Err(error) = self.keep(task, &Effects::of(Rows::default(), End::Park(park)), None).await {
            tracing::warn!(account.id = account, %error, "a task cannot be parked; its lease will run out");
        }
    }

    async fn keep(
        &self,
        task: &Task,
        effects: &Effects<'_>,
        sealed: Option<&str>,
    ) -> Result<Kept, sqlx::Error> {
        let context =
            Context { app_id: &self.app_id, api_version: self.api.version(), settings: &self.settings };
        let step = Step { task, effects, sealed, now: self.clock.now() };
        let kept = store::keep(&self.pool, context, step).await?;
        report(task, effects, kept);
        Ok(kept)
    }
}

fn finish(errand: &Errand<'_>, answer: LastAnswer, note: Option<&str>, now: Timestamp) -> End {
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

/// Counts how a try ended, and tells the operator where one must act.
fn report(task: &Task, effects: &Effects<'_>, kept: Kept) {
    let end = &effects.end;
    let outcome = match end {
        _ if kept == Kept::LeaseLost => "lease_lost",
        End::Continue => return,
        End::Finish(_) => "done",
        End::Blocked(_) => effects.block.map_or(ParkReason::Throttled, |block| block.reason).as_str(),
        End::Park(park) | End::StopAccount(park) | End::Forbidden(park) => park.reason.as_str(),
    };
    if let End::Blocked(why) = end
        && outcome == ParkReason::AppSettings.as_str()
    {
        tracing::error!(
            why,
            "the app's own settings are refused: check CEKBRAND__META__APP_SECRETS and APP_ID"
        );
    }
    metrics::counter!(ENDED, "kind" => task.key.kind.as_str(), "outcome" => outcome).increment(1);
    if let End::StopAccount(park) | End::Forbidden(park) = end {
        let why = park.note.as_deref().unwrap_or_default();
        tracing::warn!(
            account.id = task.key.account_id, task.kind = %task.key.kind, reason = outcome, until = %park.until, why,
            "reads of an account stop until an operator acts"
        );
    }
}

/// Spreads waits.
fn jitter() -> f64 {
    rand::random()
}
