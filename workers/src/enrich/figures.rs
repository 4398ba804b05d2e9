//! Reads of a medium's figures: which metrics, whether at all, and around the one that spoils the call.

use cekbrand_graph::insight::Insight;
use cekbrand_graph::{Answer, Disposition, GraphError, Request, refusal};
use cekbrand_schema::{Absence, Figure, ProductType, metric};
use jiff::Timestamp;

use super::call::Outcome;
use super::effects::{Effects, End, Reading, Rows};
use super::policy::{self, Verdict};
use super::store::{Kept, media};
use super::{Inner, jitter};
use crate::tasks::{self, NewTask, ParkReason, Standing, Task, TaskKind, TaskLane};

/// Regions whose law keeps replies to stories from being counted.
const REGIONS_WITHOUT_REPLIES: [&str; 2] = ["EU", "JP"];

/// What to ask of a medium.
#[derive(Debug)]
struct Plan {
    product: ProductType,
    published: Timestamp,
    region: Option<String>,
    /// Metrics known to be refused, and those found on the way.
    bad: Vec<&'static str>,
    /// Calls still to be made, by their metrics.
    calls: Vec<Vec<&'static str>>,
    /// Whether any call was answered with figures.
    answered: bool,
}

impl Inner {
    /// Reads the figures of the medium, in one call unless a metric is refused.
    pub(super) async fn read_figures(&self, task: &Task) -> Result<Kept, sqlx::Error> {
        let mut plan = match self.plan(task).await? {
            Ok(plan) => plan,
            Err((rows, end)) => return self.end(task, rows, end).await,
        };
        while let Some(asked) = plan.calls.pop() {
            let request =
                Request::MediaInsights { id: task.target_id.as_str().into(), metrics: asked.clone() };
            let attempt = self.call(task, &request).await?;
            let effects = match &attempt.outcome {
                Outcome::Answered(answer) => Effects {
                    answer: Some(answer),
                    ..self.understand_figures(task, &mut plan, &asked, answer)
                },
                Outcome::Failed(error) => self.around(task, &mut plan, &asked, error),
                Outcome::Stopped(end) => {
                    Effects { answer: None, rows: Rows::Nothing, block: None, end: end.clone() }
                }
            };
            let kept = self.keep(task, &effects, attempt.sealed.as_deref()).await?;
            if kept == Kept::LeaseLost || effects.end != End::Continue {
                return Ok(kept);
            }
        }
        // Every metric of this kind of medium is known to be refused.
        let rows = Rows::Figures(unsupported(&plan.bad));
        self.end(task, rows, End::Finish(Some("no metric can be read".to_owned()))).await
    }

    fn understand_figures(
        &self,
        task: &Task,
        plan: &mut Plan,
        asked: &[&'static str],
        answer: &Answer,
    ) -> Effects<'static> {
        let insights = match answer.content.as_ref().map(|content| answer.insights(content)) {
            Ok(Ok(insights)) => insights,
            Ok(Err(error)) => return self.around(task, plan, asked, &error),
            Err(error) => return self.around(task, plan, asked, error),
        };
        plan.answered = true;
        let missing = policy::missing(plan.published, &self.settings, answer.observed_at);
        let readings = readings(plan, asked, &insights, missing);
        self.proceed(plan, readings)
    }

    /// Goes around the metrics that spoil a call; any other error ends the task for now.
    fn around(
        &self,
        task: &Task,
        plan: &mut Plan,
        asked: &[&'static str],
        error: &GraphError,
    ) -> Effects<'static> {
        let is_request_bad = match error.disposition() {
            Disposition::BadParameter => true,
            Disposition::Retry { shrink: true } => asked.len() > 1,
            _ => false,
        };
        let named = error.bad_metrics(asked);
        let next = refusal::instead(asked, &named);
        if is_request_bad {
            plan.bad.extend(if next.is_empty() { asked } else { &named });
            plan.calls.extend(next);
        }
        if is_request_bad && (plan.answered || !plan.calls.is_empty()) {
            return self.proceed(plan, Vec::new());
        }
        // Without any answer it may be the medium that is refused and not its metrics.
        let now = self.clock.now();
        let Verdict { rows, block, end } =
            policy::decide(error, task, asked, &self.settings, (now, jitter()));
        Effects { answer: None, rows, block, end }
    }

    fn proceed(&self, plan: &Plan, mut readings: Vec<Reading>) -> Effects<'static> {
        if !plan.calls.is_empty() {
            return Effects { answer: None, rows: Rows::Figures(readings), block: None, end: End::Continue };
        }
        for metric in &plan.bad {
            self.bad_metrics.remember(plan.product, metric);
        }
        readings.extend(unsupported(&plan.bad));
        Effects { answer: None, rows: Rows::Figures(readings), block: None, end: End::Finish(None) }
    }

    /// What to ask of the medium, or why there is nothing to ask.
    async fn plan(&self, task: &Task) -> Result<Result<Plan, (Rows, End)>, sqlx::Error> {
        let now = self.clock.now();
        let finish = |note: &str| Ok(Err((Rows::Nothing, End::Finish(Some(note.to_owned())))));
        if policy::is_final(task) {
            return Ok(Err((Rows::Nothing, End::Finish(task.last_error.clone()))));
        }
        let mut conn = self.pool.acquire().await?;
        let facts = media::facts(&mut conn, &task.target_id).await?;
        let Some(facts) = facts.filter(|facts| facts.owner.is_some() || facts.is_gone) else {
            drop(conn);
            return self.await_medium(task, now).await.map(Err);
        };
        if facts.is_gone {
            return finish("the medium is gone");
        }
        if facts.owner.as_deref() != Some(task.account_id.as_str()) {
            return finish("the medium belongs to somebody else");
        }
        let product = facts.product.as_deref().map_or(ProductType::Feed, ProductType::parse);
        if facts.is_child || product == ProductType::Other {
            return finish("media of this kind have no figures");
        }
        let published = facts.published.or(facts.first_seen).unwrap_or(now);
        if policy::is_expired(product, published, &self.settings, now) {
            let note = "the story expired before its figures were read".to_owned();
            return Ok(Err((Rows::StoryLost(product), End::Finish(Some(note)))));
        }
        let (wanted, bad) = self.bad_metrics.part(product, &metric::in_one_call(product));
        let calls = if wanted.is_empty() { Vec::new() } else { vec![wanted] };
        Ok(Ok(Plan { product, published, region: facts.region, bad, calls, answered: false }))
    }

    /// The medium's node has not been read: its own task goes first.
    async fn await_medium(&self, task: &Task, now: Timestamp) -> Result<(Rows, End), sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        let standing = tasks::standing(&mut conn, TaskKind::Media, &task.target_id, &task.account_id).await?;
        let waits =
            |reason, until| (Rows::Nothing, End::park(reason, until, "waits for the medium".to_owned()));
        Ok(match standing {
            Standing::Unknown => {
                let medium = NewTask {
                    kind: TaskKind::Media,
                    target_id: task.target_id.clone(),
                    account_id: task.account_id.clone(),
                    lane: if task.lane == 0 { TaskLane::Live } else { TaskLane::NewComments },
                    deadline: task.deadline,
                };
                tasks::enqueue(&mut conn, &[medium], now).await?;
                waits(ParkReason::Fresh, now)
            }
            Standing::Pending => waits(ParkReason::Fresh, now),
            Standing::Parked(reason, until) => waits(reason, until),
            Standing::Done => {
                (Rows::Nothing, End::Finish(Some("the medium's owner is not told to us".to_owned())))
            }
        })
    }
}

/// What the answer says of each metric that was asked for.
fn readings(plan: &Plan, asked: &[&'static str], insights: &[Insight], missing: Absence) -> Vec<Reading> {
    let mut readings = Vec::with_capacity(asked.len());
    for metric in asked {
        let insight = insights.iter().find(|insight| insight.metric == *metric);
        let Some((insight, value)) = insight.and_then(|insight| Some((insight, insight.value?))) else {
            readings.push(Reading::absent(metric, missing));
            continue;
        };
        let region = plan.region.as_deref().unwrap_or_default();
        let uncounted = *metric == "replies" && value == 0 && REGIONS_WITHOUT_REPLIES.contains(&region);
        let figure =
            if uncounted { Figure::Absent(Absence::Region) } else { Figure::from_story_webhook(value) };
        let api_id = insight.api_id.clone();
        readings.push(Reading { metric: (*metric).to_owned(), breakdown: String::new(), figure, api_id });
    }
    readings
}

fn unsupported(metrics: &[&'static str]) -> Vec<Reading> {
    metrics.iter().map(|metric| Reading::absent(metric, Absence::Unsupported)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insight(metric: &str, value: Option<i64>) -> Insight {
        Insight { metric: metric.to_owned(), period: None, api_id: None, value, parts: Vec::new() }
    }

    fn figures(region: Option<&str>, insights: &[Insight]) -> Vec<Figure> {
        let plan = Plan {
            product: ProductType::Story,
            published: Timestamp::UNIX_EPOCH,
            region: region.map(str::to_owned),
            bad: Vec::new(),
            calls: Vec::new(),
            answered: true,
        };
        let readings = readings(&plan, &["reach", "replies"], insights, Absence::NotYet);
        readings.into_iter().map(|reading| reading.figure).collect()
    }

    #[test]
    fn what_was_asked_and_not_answered_is_absent_and_zero_is_zero() {
        let not_yet = Figure::Absent(Absence::NotYet);
        assert_eq!(figures(None, &[insight("reach", Some(7))]), [Figure::Value(7), not_yet]);
        assert_eq!(figures(None, &[insight("reach", None)]), [not_yet, not_yet]);
        assert_eq!(figures(None, &[insight("replies", Some(0))])[1], Figure::Value(0));
        assert_eq!(figures(None, &[insight("reach", Some(-1))])[0], Figure::Absent(Absence::Suppressed));
    }

    #[test]
    fn no_replies_where_replies_are_not_counted_is_not_zero() {
        assert_eq!(figures(Some("EU"), &[insight("replies", Some(0))])[1], Figure::Absent(Absence::Region));
        assert_eq!(figures(Some("ID"), &[insight("replies", Some(0))])[1], Figure::Value(0));
    }
}
