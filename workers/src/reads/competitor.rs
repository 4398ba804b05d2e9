//! A competitor: its profile, its counts of the day and its newest media in one call, and
//! older media page by page.
//!
//! Meta finds it by its user name alone. A name that leads nowhere, or to somebody else by now, says nothing of
//! the competitor any more.
//!
//! It is asked of the platform, which limits the app as a whole, so that its calls have a budget of their own.

use std::time::Duration;

use cekbrand_graph::discovery::Discovery;
use cekbrand_graph::{GraphError, Request};
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Cadence, Targets};
use super::read::{About, Budget, Call, Instead, Job, Known, Needs, Plan, Read};
use super::{kind, node};
use crate::rows::competitor::Found;
use crate::rows::{Rows, Told};

const PROFILE: &str = "id,username,name,biography,website,profile_picture_url,followers_count,media_count";
const MEDIA: &str =
    "{id,caption,media_type,media_product_type,timestamp,permalink,media_url,like_count,comments_count}";

/// Media of a page.
const PAGE: &str = "50";
/// Older media are not looked at: two of the longest windows that analytics compare, and a month to spare.
const RECENT: Duration = Duration::from_hours(24 * 90);

/// The read.
#[derive(Debug)]
pub struct Competitor;

impl Read for Competitor {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::COMPETITOR,
            fetch_id: "ig_business_discovery",
            fetch_name: "Instagram business discovery: a competitor and its media",
            freshness: Duration::from_hours(12),
            waits_for: None,
            needs: Needs::Username,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.competitor", account.id = job.account_id, competitor = job.target_id)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let Some(name) = &known.username else {
            return Plan::nothing("its user name is not known, or its own token reads it");
        };
        let ask = |fields: String| {
            let fields = format!("business_discovery.username({name}){{{fields}}}");
            let request = Request::node(self.about().fetch_id, job.account_id);
            request.with_name("fields", name, fields)
        };
        if !job.cursor.is_empty() {
            let page = ask(format!("id,media.after({}).limit({PAGE}){MEDIA}", job.cursor));
            return Plan::Ask(vec![node::whole(page.naming(job.cursor))]);
        }
        let request = ask(format!("{PROFILE},media.limit({PAGE}){MEDIA}"));
        Plan::Ask(vec![Call { request, metrics: Vec::new(), smaller: Some(ask(PROFILE.to_owned())) }])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        let Discovery { user, media, .. } = Discovery::read(content)?;
        if user.id != job.target_id {
            return Some(self.gone(job));
        }
        let is_page = call.request.parameter("fields").is_some_and(|fields| fields.contains("media.after("));
        let found = Found { id: user.id.clone(), user: (!is_page).then_some(user), media };
        Some(Rows::of(Told::Competitor(Box::new(found), job.reading())))
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        node::smaller(call, error)
    }

    fn gone(&self, job: Job<'_>) -> Rows {
        Rows::of(Told::CompetitorGone(job.target_id.to_owned(), job.reading()))
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        let Discovery { user, media, after } = Discovery::read(content)?;
        let oldest = media.iter().filter_map(|medium| medium.timestamp).min()?;
        let is_recent = oldest >= job.at.checked_sub(RECENT).ok()?;
        after.filter(|after| is_recent && after != job.cursor && user.id == job.target_id)
    }

    fn budget(&self) -> Budget {
        Budget::Platform
    }

    fn cadence(&self) -> Cadence {
        Cadence::Daily
    }

    fn targets(&self) -> Targets {
        Targets::Competitors
    }
}
