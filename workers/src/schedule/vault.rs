//! The story vault: every story that is seen is read before its 24 hours end, and gets an outcome afterwards.
//!
//! ```text
//!  stories edge, webhook, node ─▶ instagram.media ─▶ taken in ─▶ first lane: now, T-6 h, T-2 h, T-20 min
//!                                                        │                     (the read re-arms itself)
//!                                                        └─ three hours after the end ─▶ polled, webhook, both, lost
//! ```

use std::time::Duration;

use cekbrand_schema::{Absence, Figure, ProductType, Source, metric};
use jiff::Timestamp;
use sqlx::PgConnection;

use super::store::vault::{self as store, Over, Verdict};
use crate::insight::{InsightKey, InsightRow};
use crate::reads::kind;
use crate::rows::{self, Reading, Rows, Told, media};
use crate::tasks::{self, NewTask, TaskKey, TaskLane};

/// Meta sends a story's final figures about an hour after its end; so long they are waited for.
const WAIT_FOR_WEBHOOK: Duration = Duration::from_hours(3);

/// Takes in what is new, and settles what is over.
///
/// # Errors
/// Whatever keeps the statements from running.
pub(super) async fn tick(conn: &mut PgConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    let taken_in = store::take_in(conn, now).await?;
    let living = taken_in.iter().filter(|story| story.expires_at() > now);
    let reads: Vec<_> = living
        .map(|story| NewTask {
            key: TaskKey::new(kind::MEDIA_INSIGHTS, story.media_id.as_str(), story.account_id.as_str()),
            lane: TaskLane::Live,
            deadline: Some(story.expires_at()),
        })
        .collect();
    tasks::enqueue_idle(conn, &reads, now).await?;
    store::note_obstacles(conn, kind::MEDIA_INSIGHTS.as_str(), now).await?;
    settle(conn, now).await?;
    store::bring_back(conn, now).await
}

async fn settle(conn: &mut PgConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    let ended_before = now.checked_sub(WAIT_FOR_WEBHOOK).unwrap_or(Timestamp::MIN);
    let over = store::over(conn, ended_before).await?;
    if over.is_empty() {
        return Ok(());
    }
    let verdicts: Vec<Verdict> = over.iter().map(verdict).collect();
    let mut lost = Rows::default();
    for (story, verdict) in over.iter().zip(&verdicts) {
        metrics::counter!(SETTLED, "outcome" => verdict.outcome).increment(1);
        if verdict.outcome == LOST {
            let reason = verdict.reason.as_deref().unwrap_or_default();
            tracing::warn!(
                account.id = story.account_id,
                media.id = story.media_id,
                reason,
                "a story was lost unread"
            );
            lost.append(lost_rows(story, now));
        }
    }
    rows::apply(conn, &lost, now).await?;
    store::settle(conn, &verdicts, now).await
}

const SETTLED: &str = "cekbrand_worker_stories_settled_total";
const LOST: &str = "lost";
const SEEN_TOO_LATE: &str = "seen_too_late";
const UNANSWERED: &str = "unanswered";

pub(super) fn describe() {
    metrics::describe_counter!(SETTLED, "Stories whose day is over, by how their figures came to be known");
}

fn verdict(story: &Over) -> Verdict {
    let last_poll_at = story.last_poll_at();
    let outcome = match (last_poll_at.is_some(), story.has_webhook) {
        (true, true) => "both",
        (true, false) => "polled",
        (false, true) => "webhook",
        (false, false) => LOST,
    };
    let reason = if outcome == LOST {
        let seen_late = story.first_seen_at() >= story.expires_at();
        let why = if seen_late { SEEN_TOO_LATE } else { UNANSWERED };
        Some(story.reason.clone().unwrap_or_else(|| why.to_owned()))
    } else {
        story.reason.clone()
    };
    Verdict { media_id: story.media_id.clone(), outcome, reason, last_poll_at }
}

/// Rows that say that nobody told a story's figures, and nobody can any more.
fn lost_rows(story: &Over, now: Timestamp) -> Rows {
    // As of the end: whoever finds it lost, it is the same row.
    let observed_at = story.expires_at();
    let row = InsightRow {
        figure: Figure::Absent(Absence::Lost),
        source: Source::Poll,
        observed_at,
        api_version: None,
        api_id: None,
    };
    let split = metric::splits(ProductType::Story).map(|split| split.metric);
    let metrics = metric::in_one_call(ProductType::Story).into_iter().chain(split);
    let mut rows = Rows::of_insights(
        metrics.map(|metric| (InsightKey::plain(&story.media_id, metric, observed_at), row.clone())),
    );
    let gone = media::Gone { media_id: story.media_id.clone(), story_start: story.published_at() };
    let reading = Reading { account_id: story.account_id.clone(), observed_at: now };
    rows.told.push(Told::MediaGone(gone, reading));
    rows
}
