//! An account's own node: its profile, and its counts of the day.

use std::time::Duration;

use cekbrand_graph::GraphError;
use cekbrand_graph::node::UserNode;
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::Cadence;
use super::kind;
use super::node::{self, Fields};
use super::read::{About, Call, Instead, Job, Known, Needs, Plan, Read};
use crate::rows::user::Problem;
use crate::rows::{Rows, Told};

const FIELDS: Fields = Fields {
    all: "id,username,name,biography,website,profile_picture_url,followers_count,follows_count,media_count",
    core: "id,username,followers_count,follows_count,media_count",
};

/// The read.
#[derive(Debug)]
pub struct User;

impl Read for User {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::USER,
            fetch_id: "ig_user",
            fetch_name: "Instagram user node",
            freshness: Duration::from_hours(24),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user", account.id = job.account_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        Plan::Ask(vec![node::call(self.about().fetch_id, job.target_id, FIELDS)])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        Some(Rows::of(Told::User(UserNode::read_own(content, job.target_id)?, job.reading())))
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        node::smaller(call, error)
    }

    fn cadence(&self) -> Cadence {
        Cadence::Daily
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        Rows::of(Told::Problem(Problem::InvalidId, job.reading()))
    }
}
