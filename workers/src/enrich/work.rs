//! One task, from its plan to its end: call by call, each with its transaction.

use jiff::Timestamp;

use super::call::Outcome;
use super::effects::{Effects, End};
use super::inner::Inner;
use super::policy::{self, Moment};
use super::report::report;
use super::step::{Errand, Progress, finish, jitter};
use super::store::{self, Context, Kept, Step};
use crate::reads::{self, Known, Needs, Plan, Read};
use crate::rows::account::{self, Since};
use crate::rows::{Rows, facts};
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
