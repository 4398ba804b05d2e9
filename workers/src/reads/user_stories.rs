//! An account's living stories. Who is not read while it lives is lost, so that this is asked often.

use std::time::Duration;

use cekbrand_graph::{GraphError, Request};
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::Cadence;
use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read};
use super::{kind, medium, pages, story};
use crate::rows::Rows;

/// A story lives for a day; between two looks it stays unseen for four hours at most, the schedule's own rounds
/// included.
const EVERY: Duration = Duration::from_mins(4 * 60 - 5);

/// The read.
#[derive(Debug)]
pub struct UserStories;

impl Read for UserStories {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::USER_STORIES,
            fetch_id: "ig_user_stories",
            fetch_name: "living stories of an Instagram user",
            freshness: Duration::from_mins(30),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.stories", account.id = job.account_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        let ask = |fields: &str| {
            pages::of(
                Request::edge(self.about().fetch_id, job.target_id, "stories").with("fields", fields),
                job,
            )
        };
        let smaller = Some(ask(medium::CORE));
        Plan::Ask(vec![Call { request: ask(medium::ALL), metrics: Vec::new(), smaller }])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        medium::own_list(job, content)
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        medium::smaller(call, error)
    }

    /// Each story's figures, now and then at its set times.
    fn follow(&self, _job: Job<'_>, _known: &Known, rows: &Rows) -> Vec<Follow> {
        let figures = medium::media(rows).map(|medium| Follow {
            deadline: medium.timestamp.map(story::end),
            ..Follow::if_idle(kind::MEDIA_INSIGHTS, &medium.id)
        });
        figures.collect()
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        pages::next(job, content)
    }

    fn cadence(&self) -> Cadence {
        Cadence::Every(EVERY)
    }
}
