//! An account's posts, reels and albums, newest first, page by page: what they are, and their likes and
//! comments of the day. One call tells of a hundred media.

use std::time::Duration;

use cekbrand_graph::{GraphError, Request};
use jiff::Timestamp;
use jiff::civil::Weekday;
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Beat, Cadence};
use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read};
use super::{kind, medium, pages};
use crate::rows::Rows;

/// The variant that goes back no further than media whose figures move.
const RECENT: &str = "recent";
const RECENT_FOR: Duration = Duration::from_hours(24 * 28);
/// On this day of the week the list is read to its end.
const WHOLE_ON: Weekday = Weekday::Monday;

/// Items of a page, and of one that is asked for after a refusal.
const PAGE: &str = "100";
const SMALL_PAGE: &str = "25";

/// The read.
#[derive(Debug)]
pub struct UserMedia;

impl Read for UserMedia {
    fn about(&self) -> &'static About {
        const ABOUT: About = About {
            kind: kind::USER_MEDIA,
            fetch_id: "ig_user_media",
            fetch_name: "media of an Instagram user",
            freshness: Duration::from_hours(12),
            waits_for: None,
            needs: Needs::Nothing,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.media", account.id = job.account_id)
    }

    fn plan(&self, job: Job<'_>, _known: &Known) -> Plan {
        let ask = |fields: &str, limit: &str| {
            let edge = Request::edge(self.about().fetch_id, job.target_id, "media");
            pages::of(edge.with("fields", fields).with("limit", limit), job)
        };
        let smaller = Some(ask(medium::CORE, SMALL_PAGE));
        Plan::Ask(vec![Call { request: ask(medium::ALL, PAGE), metrics: Vec::new(), smaller }])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, _call: &Call, content: &Value) -> Option<Rows> {
        medium::own_list(job, content)
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        medium::smaller(call, error)
    }

    fn follow(&self, job: Job<'_>, _known: &Known, rows: &Rows) -> Vec<Follow> {
        let since = job.at.checked_sub(RECENT_FOR).unwrap_or(Timestamp::MIN);
        let figures = medium::media(rows).map(|medium| Follow {
            can_wait: true,
            is_past: medium.timestamp.is_some_and(|published| published < since),
            ..Follow::if_idle(kind::MEDIA_INSIGHTS, &medium.id)
        });
        figures.chain(medium::childless(rows)).collect()
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        let next = pages::next(job, content)?;
        let since = job.at.checked_sub(RECENT_FOR).ok()?;
        let rows = medium::own_list(job, content)?;
        let oldest = medium::media(&rows).filter_map(|medium| medium.timestamp).min();
        let is_enough = job.variant == RECENT && oldest.is_some_and(|oldest| oldest < since);
        (!is_enough).then_some(next)
    }

    fn cadence(&self) -> Cadence {
        Cadence::Daily
    }

    fn variants(&self, beat: Beat) -> Vec<String> {
        if beat.is_first {
            // The whole list tells of the newest as well.
            return Vec::new();
        }
        let is_whole = beat.day.weekday() == WHOLE_ON;
        vec![if is_whole { String::new() } else { RECENT.to_owned() }]
    }

    fn past(&self, _beat: Beat) -> Vec<String> {
        vec![String::new()]
    }
}
