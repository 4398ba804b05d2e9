//! One task, from its plan to its end: call by call, each with its transaction.

use jiff::Timestamp;

use super::call::Outcome;
use super::effects::{Effects, End};
use super::inner::Inner;
use super::policy::{self, Moment};
use super::report::report;
use super::step::{Errand, Progress, finish, fresh, jitter};
use super::store::{self, Context, Kept, Step};
use crate::reads::{self, Plan};
use crate::rows::Rows;
use crate::tasks::{self, LastAnswer, NewTask, Park, ParkReason, Standing, Task, TaskKey, TaskLane};

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
            Plan::Told(at) => return self.keep(task, &self.told(&errand, at, now), None).await,
            Plan::Later(until) => {
                let end = fresh(until, "a list told of it a short while ago");
                return self.keep(task, &Effects::of(Rows::default(), end), None).await;
            }
            Plan::List(variant) => {
                return self.keep(task, &self.by_list(&errand, variant, now), None).await;
            }
            Plan::Nothing { rows, note } => {
                let end = finish(&errand, LastAnswer::NothingToAsk, note, now);
                return self.keep(task, &Effects::of(rows, end), None).await;
            }
        };
        let mut progress = Progress::of(calls);
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
