//! An account's posts, reels and albums, newest first, page by page: what they are, their likes and comments
//! of the day, and what comes along with each ([`expansion`]). One call tells of a hundred media.
//!
//! The variant is empty for the whole list, `recent` for media whose figures move, and `sweep_<days>` where
//! several media of the account are wanted at once: one call instead of one for each.

use std::time::Duration;

use cekbrand_graph::{GraphError, Request};
use jiff::Timestamp;
use jiff::civil::Weekday;
use serde_json::Value;
use tracing::{Span, info_span};

use super::cadence::{Beat, Cadence};
use super::expansion::{self, Along};
use super::read::{About, Call, Follow, Instead, Job, Known, Needs, Plan, Read, Seen};
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

const SWEEP: &str = "sweep_";
/// How far back a sweep may go, in days.
pub const DEPTHS: [i64; 6] = [30, 60, 120, 240, 480, 960];
/// Shorter than a medium's own freshness, so that what is no longer fresh can be swept again.
const SWEPT_FOR: Duration = Duration::from_mins(55);

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
            needs: Needs::Account,
        };
        &ABOUT
    }

    fn span(&self, job: Job<'_>) -> Span {
        info_span!("graph.user.media", account.id = job.account_id)
    }

    fn plan(&self, job: Job<'_>, known: &Known) -> Plan {
        let ask = |fields: String, limit: &str| {
            let edge = Request::edge(self.about().fetch_id, job.target_id, "media");
            pages::of(edge.with("fields", fields).with("limit", limit), job)
        };
        let smaller = Some(ask(medium::CORE.to_owned(), SMALL_PAGE));
        let request = ask(Along::of(known).fields(medium::ALL), PAGE);
        Plan::Ask(vec![Call { request, metrics: Vec::new(), smaller }])
    }

    fn rows(&self, job: Job<'_>, _known: &Known, call: &Call, content: &Value) -> Option<Rows> {
        let mut rows = medium::own_list(job, content)?;
        rows.append(expansion::rows(job, call, content));
        Some(rows)
    }

    fn seen(&self, job: Job<'_>, call: &Call, content: &Value) -> Vec<Seen> {
        expansion::seen(job, call, content)
    }

    fn instead(&self, call: &Call, error: &GraphError) -> Instead {
        expansion::less(call, error, medium::ALL)
    }

    fn fresh_for(&self, job: Job<'_>, _known: &Known) -> Duration {
        if swept_since(job).is_some() { SWEPT_FOR } else { self.about().freshness }
    }

    fn follow(&self, job: Job<'_>, _known: &Known, rows: &Rows) -> Vec<Follow> {
        let since = job.at.checked_sub(RECENT_FOR).unwrap_or(Timestamp::MIN);
        let figures = medium::media(rows).map(|medium| Follow {
            can_wait: true,
            is_past: medium.timestamp.is_some_and(|published| published < since),
            ..Follow::if_idle(kind::MEDIA_INSIGHTS, &medium.id)
        });
        figures.chain(medium::childless(rows)).chain(medium::unfinished(rows)).collect()
    }

    fn next_page(&self, job: Job<'_>, content: &Value) -> Option<String> {
        let next = pages::next(job, content)?;
        let recent = (job.variant == RECENT).then(|| job.at.checked_sub(RECENT_FOR).ok()).flatten();
        let since = recent.or(swept_since(job));
        let rows = medium::own_list(job, content)?;
        let oldest = medium::media(&rows).filter_map(|medium| medium.timestamp).min();
        let is_enough = since.zip(oldest).is_some_and(|(since, oldest)| oldest < since);
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

/// Media of an account that are wanted, and how many there are.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// When those were published that were wanted lately, the one at hand among them.
    pub published: Vec<Timestamp>,
    /// How many media the account published within each of [`DEPTHS`].
    pub listed: [i64; DEPTHS.len()],
}

/// The variant that tells of most of what is wanted for the fewest calls, the medium at hand among it; `None`
/// where less than `from` would be spared.
pub fn sweep(wanted: &Wanted, at_hand: Timestamp, from: i64, at: Timestamp) -> Option<String> {
    let page: i64 = PAGE.parse().ok()?;
    let depths = DEPTHS.iter().zip(wanted.listed).filter_map(|(days, listed)| {
        let since = start(*days, at)?;
        let served = wanted.published.iter().filter(|published| **published >= since).count();
        let pages = (listed.max(1) + page - 1) / page;
        let spared = i64::try_from(served).ok()? - pages;
        (at_hand >= since && spared >= from).then_some((spared, *days))
    });
    // Of equal ones the shallower.
    let (_, days) = depths.max_by_key(|(spared, days)| (*spared, -days))?;
    Some(format!("{SWEEP}{days}"))
}

fn swept_since(job: Job<'_>) -> Option<Timestamp> {
    start(job.variant.strip_prefix(SWEEP)?.parse().ok()?, job.at)
}

fn start(days: i64, at: Timestamp) -> Option<Timestamp> {
    at.checked_sub(jiff::SignedDuration::from_hours(24 * days)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days_ago(days: i64) -> Timestamp {
        start(days, at()).unwrap()
    }

    fn at() -> Timestamp {
        "2026-11-20T05:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_sweep_goes_as_deep_as_it_spares_calls() {
        let wanted = |ages: &[i64], listed| {
            let published = ages.iter().map(|age| days_ago(*age)).collect();
            Wanted { published, listed }
        };
        let of = |ages: &[i64], listed, at_hand| sweep(&wanted(ages, listed), days_ago(at_hand), 2, at());
        let many = [20, 40, 80, 160, 250, 250];
        // One call for three media.
        assert_eq!(of(&[1, 2, 3], many, 1).as_deref(), Some("sweep_30"));
        assert_eq!(of(&[1, 2], many, 1), None, "two media cost as much as a sweep and a half");
        // The fourth lies on the second page, and is not worth it.
        assert_eq!(of(&[1, 2, 3, 200], many, 1).as_deref(), Some("sweep_30"));
        assert_eq!(of(&[1, 2, 3, 200], many, 200).as_deref(), Some("sweep_240"));
        assert_eq!(of(&[1, 2, 3, 2000], many, 2000), None, "nothing goes as deep");
    }
}
