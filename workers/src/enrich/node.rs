//! Reads of one node: a user, a medium, a comment, a mention.

use cekbrand_graph::request::Fields;
use cekbrand_graph::{Answer, Disposition, Fetch, GraphError, Request};

use super::call::Outcome;
use super::effects::{Effects, End, Rows};
use super::policy::{self, Verdict};
use super::store::Kept;
use super::{Inner, jitter};
use crate::tasks::{self, Task, TaskKind};

impl Inner {
    /// Reads a node, asking for less where Meta wants that.
    pub(super) async fn read_node(&self, task: &Task) -> Result<Kept, sqlx::Error> {
        if self.is_told_by_owner(task).await? {
            return self.end(task, Rows::Nothing, End::Finish(None)).await;
        }
        let mut request = request(task);
        loop {
            let attempt = self.call(task, &request).await?;
            let smaller = match &attempt.outcome {
                Outcome::Answered(answer) => answer.content.as_ref().err().and_then(|e| smaller(e, &request)),
                Outcome::Failed(error) => smaller(error, &request),
                Outcome::Stopped(_) => None,
            };
            let effects = match (&attempt.outcome, &smaller) {
                (Outcome::Answered(answer), Some(_)) => step(Some(answer)),
                (_, Some(_)) => step(None),
                (Outcome::Answered(answer), None) => self.understand(task, answer),
                (Outcome::Failed(error), None) => Effects { answer: None, ..self.refused(task, error) },
                (Outcome::Stopped(end), None) => Effects { end: end.clone(), ..step(None) },
            };
            let kept = self.keep(task, &effects, attempt.sealed.as_deref()).await?;
            match smaller {
                Some(less) if kept == Kept::Committed => request = less,
                _ => return Ok(kept),
            }
        }
    }

    fn understand<'a>(&self, task: &Task, answer: &'a Answer) -> Effects<'a> {
        let result = match &answer.content {
            Ok(content) => rows(answer, content),
            Err(error) => return Effects { answer: Some(answer), ..self.refused(task, error) },
        };
        match result {
            Ok(rows) => Effects { answer: Some(answer), rows, block: None, end: End::Finish(None) },
            Err(error) => Effects { answer: Some(answer), ..self.refused(task, &error) },
        }
    }

    fn refused(&self, task: &Task, error: &GraphError) -> Effects<'static> {
        let now = self.clock.now();
        let Verdict { rows, block, end } = policy::decide(error, task, &[], &self.settings, (now, jitter()));
        Effects { answer: None, rows, block, end }
    }

    /// Whether the medium is another account's of ours, which had it read a short while ago.
    async fn is_told_by_owner(&self, task: &Task) -> Result<bool, sqlx::Error> {
        if task.kind != TaskKind::Media {
            return Ok(false);
        }
        let since = self.clock.now().checked_sub(task.kind.freshness()).unwrap_or(jiff::Timestamp::MIN);
        let mut conn = self.pool.acquire().await?;
        tasks::read_by_owner(&mut conn, &task.target_id, &task.account_id, since).await
    }
}

/// A step after which another call follows.
fn step(answer: Option<&Answer>) -> Effects<'_> {
    Effects { answer, rows: Rows::Nothing, block: None, end: End::Continue }
}

fn smaller(error: &GraphError, request: &Request) -> Option<Request> {
    match error.disposition() {
        Disposition::Retry { shrink: true } => request.shrunk(),
        _ => None,
    }
}

fn request(task: &Task) -> Request {
    let (target, fields) = (task.target_id.as_str(), Fields::All);
    match task.kind {
        TaskKind::User => Request::User { id: target.into(), fields },
        TaskKind::Comment => Request::Comment { id: target.into(), fields },
        TaskKind::MentionedComment => {
            Request::MentionedComment { account: task.account_id.as_str().into(), id: target.into() }
        }
        TaskKind::MentionedMedia => {
            Request::MentionedMedia { account: task.account_id.as_str().into(), id: target.into() }
        }
        TaskKind::Media | TaskKind::MediaInsights => Request::Media { id: target.into(), fields },
    }
}

fn rows(answer: &Answer, content: &serde_json::Value) -> Result<Rows, GraphError> {
    match answer.fetch {
        Fetch::User => answer.user(content).map(Rows::User),
        Fetch::Comment | Fetch::MentionedComment => answer.comment(content).map(Rows::Comment),
        Fetch::Media | Fetch::MentionedMedia => answer.media(content).map(Rows::Media),
        Fetch::MediaInsights | Fetch::MediaBreakdown => Ok(Rows::Nothing),
    }
}
