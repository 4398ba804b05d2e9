//! Stories of an account: whether their figures were saved in their 24 hours, how, and what they were.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use utoipa::ToSchema;

use super::some_instant;
use crate::figure::{Count, NOT_COLLECTED, Ratio, source_word};
use crate::iso::Iso;
use crate::range::Days;
use crate::table::{Cells, CsvRow};

/// What was read of the navigation and what was pushed of it count differently: the parts that were read go
/// first.
const LIST: &str = r#"
SELECT medium.id, medium."timestamp" AS published_at, medium."timestamp" + INTERVAL '24 hours' AS ends_at,
    medium.permalink, medium.deleted_at, medium.lost_at, kept.saved_by, kept.saved_at, kept.readings,
    COALESCE(views.value, shown.value) AS views, COALESCE(views.absence, shown.absence) AS views_absence,
    COALESCE(views.source, shown.source) AS views_source, COALESCE(views.observed_at, shown.observed_at) AS views_at,
    reach.value AS reach, reach.absence AS reach_absence, reach.source AS reach_source, reach.observed_at AS reach_at,
    replies.value AS replies, replies.absence AS replies_absence, replies.source AS replies_source,
    replies.observed_at AS replies_at,
    shares.value AS shares, shares.absence AS shares_absence, shares.source AS shares_source,
    shares.observed_at AS shares_at,
    COALESCE(forward.value, tapped.value) AS taps_forward, COALESCE(forward.absence, tapped.absence) AS taps_forward_absence,
    COALESCE(forward.source, tapped.source) AS taps_forward_source,
    COALESCE(forward.observed_at, tapped.observed_at) AS taps_forward_at,
    COALESCE(back.value, tapped_back.value) AS taps_back, COALESCE(back.absence, tapped_back.absence) AS taps_back_absence,
    COALESCE(back.source, tapped_back.source) AS taps_back_source,
    COALESCE(back.observed_at, tapped_back.observed_at) AS taps_back_at,
    COALESCE(left_it.value, exits.value) AS exits, COALESCE(left_it.absence, exits.absence) AS exits_absence,
    COALESCE(left_it.source, exits.source) AS exits_source, COALESCE(left_it.observed_at, exits.observed_at) AS exits_at,
    swiped.value AS swipes_forward, swiped.absence AS swipes_forward_absence, swiped.source AS swipes_forward_source,
    swiped.observed_at AS swipes_forward_at
FROM instagram.media AS medium
LEFT JOIN LATERAL (
    SELECT (ARRAY_AGG(held.source::text ORDER BY held.observed_at DESC))[1] AS saved_by,
        MAX(held.observed_at) AS saved_at, COUNT(DISTINCT held.observed_at)::int AS readings
    FROM instagram.media_insight AS held
    WHERE held.media_id = medium.id AND held.value IS NOT NULL
) AS kept ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'views') AS views ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'impressions') AS shown ON views.value IS NULL
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'reach') AS reach ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'replies') AS replies ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'shares') AS shares ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'navigation', 'tap_forward') AS forward ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'navigation', 'tap_back') AS back ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'navigation', 'tap_exit') AS left_it ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'navigation', 'swipe_forward') AS swiped ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'taps_forward') AS tapped ON forward.value IS NULL
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'taps_back') AS tapped_back ON back.value IS NULL
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'exits') AS exits ON left_it.value IS NULL
WHERE
    medium.user_id = $1 AND medium.media_product_type = 'STORY'
    AND medium."timestamp" >= $2::date::timestamp AT TIME ZONE $4
    AND medium."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
ORDER BY medium."timestamp" DESC, medium.id
LIMIT $5 OFFSET $6"#;

/// Which stories are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoriesAsked<'a> {
    pub(crate) account: &'a str,
    pub(crate) timezone: &'a str,
    pub(crate) days: Days,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// A story and what became of its figures.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Story {
    pub(crate) id: String,
    #[schema(required = true)]
    pub(crate) published_at: Option<Iso>,
    #[schema(required = true)]
    pub(crate) ends_at: Option<Iso>,
    /// Seconds until it ends; 0 once it has.
    pub(crate) seconds_left: i64,
    /// saved: a figure is known. due: it lives, and none is known yet. lost: it ended before one was.
    pub(crate) state: &'static str,
    /// How the newest figure came: webhook, poll or backfill.
    #[schema(required = true)]
    pub(crate) saved_by: Option<&'static str>,
    #[schema(required = true)]
    pub(crate) saved_at: Option<Iso>,
    /// How many readings there are.
    pub(crate) readings: i32,
    #[schema(required = true)]
    pub(crate) deleted_at: Option<Iso>,
    #[schema(required = true)]
    pub(crate) permalink: Option<String>,
    /// Views; of stories before views existed, impressions.
    pub(crate) views: Count,
    pub(crate) reach: Count,
    pub(crate) replies: Count,
    pub(crate) shares: Count,
    pub(crate) taps_forward: Count,
    pub(crate) taps_back: Count,
    pub(crate) exits: Count,
    pub(crate) swipes_forward: Count,
    /// Share of the views that no tap forward, exit or swipe forward cut short.
    pub(crate) completion_rate: Ratio,
    /// Exits for each view.
    pub(crate) exit_rate: Ratio,
}

impl Story {
    fn read(row: &PgRow, now: Timestamp) -> Result<Self, sqlx::Error> {
        let saved_by: Option<String> = row.try_get("saved_by")?;
        let saved_by = saved_by.as_deref().map(source_word).transpose()?;
        let ends_at = some_instant(row, "ends_at")?;
        let left = ends_at.map_or(0, |end| end.0.duration_since(now).as_secs()).max(0);
        let (views, exits) = (Count::read(row, "views")?, Count::read(row, "exits")?);
        let (forward, swipes) = (Count::read(row, "taps_forward")?, Count::read(row, "swipes_forward")?);
        Ok(Self {
            id: row.try_get("id")?,
            published_at: some_instant(row, "published_at")?,
            ends_at,
            seconds_left: left,
            state: state(saved_by.is_some(), left > 0, some_instant(row, "lost_at")?.is_some()),
            saved_by,
            saved_at: some_instant(row, "saved_at")?,
            readings: row.try_get("readings")?,
            deleted_at: some_instant(row, "deleted_at")?,
            permalink: row.try_get("permalink")?,
            completion_rate: completion(views, forward, exits, swipes),
            exit_rate: Ratio::share(exits, views),
            views,
            reach: Count::read(row, "reach")?,
            replies: Count::read(row, "replies")?,
            shares: Count::read(row, "shares")?,
            taps_forward: forward,
            taps_back: Count::read(row, "taps_back")?,
            exits,
            swipes_forward: swipes,
        })
    }
}

fn state(is_saved: bool, lives: bool, is_lost: bool) -> &'static str {
    match (is_saved, lives && !is_lost) {
        (true, _) => "saved",
        (false, true) => "due",
        (false, false) => "lost",
    }
}

/// The webhook's exits are all there is of leaving; of a read, unknown swipes leave the rate unknown.
fn completion(views: Count, forward: Count, exits: Count, swipes: Count) -> Ratio {
    let swiped = swipes.value.or((exits.source == Some("webhook")).then_some(0));
    let cut =
        forward.value.zip(exits.value).zip(swiped).map(|((forward, exits), swipes)| forward + exits + swipes);
    let whole = views.value.zip(cut).map(|(views, cut)| (views - cut).max(0));
    let absence = forward.absence.or(exits.absence).or(views.absence).or(swipes.absence);
    let absence = absence.unwrap_or(NOT_COLLECTED);
    Ratio::share(Count::computed(whole, absence), views)
}

impl CsvRow for Story {
    fn cells(&self, cells: &mut Cells) {
        cells.text("id", Some(&self.id));
        cells.plain("published_at", self.published_at);
        cells.plain("ends_at", self.ends_at);
        cells.plain("state", Some(self.state));
        cells.plain("saved_by", self.saved_by);
        cells.plain("saved_at", self.saved_at);
        cells.plain("readings", Some(self.readings));
        cells.reading("views", &self.views);
        cells.reading("reach", &self.reach);
        cells.reading("replies", &self.replies);
        cells.reading("shares", &self.shares);
        cells.reading("taps_forward", &self.taps_forward);
        cells.reading("taps_back", &self.taps_back);
        cells.reading("exits", &self.exits);
        cells.reading("swipes_forward", &self.swipes_forward);
        cells.ratio("completion_rate", &self.completion_rate);
        cells.ratio("exit_rate", &self.exit_rate);
        cells.text("permalink", self.permalink.as_deref());
    }
}

/// Stories of a range, the newest first.
pub(crate) async fn list(
    pool: &PgPool,
    asked: StoriesAsked<'_>,
    now: Timestamp,
) -> Result<Vec<Story>, sqlx::Error> {
    let rows = sqlx::query(LIST)
        .bind(asked.account)
        .bind(asked.days.from.to_sqlx())
        .bind(asked.days.to.to_sqlx())
        .bind(asked.timezone)
        .bind(asked.limit)
        .bind(asked.offset)
        .fetch_all(pool)
        .await?;
    rows.iter().map(|row| Story::read(row, now)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_saved_due_or_lost() {
        assert_eq!(state(true, false, true), "saved");
        assert_eq!(state(false, true, false), "due");
        assert_eq!(state(false, true, true), "lost");
        assert_eq!(state(false, false, false), "lost");
    }

    #[test]
    fn completion_is_what_nothing_cut_short() {
        let known = |value| Count::computed(Some(value), NOT_COLLECTED);
        assert_eq!(completion(known(100), known(20), known(10), known(5)).value, Some(0.65));
        assert_eq!(completion(known(100), known(20), known(10), Count::default()).value, None);
        let told = |value| Count { source: Some("webhook"), ..known(value) };
        assert_eq!(completion(told(100), told(20), told(10), Count::default()).value, Some(0.7));
        let unknown = Count::computed(None, "suppressed");
        assert_eq!(completion(known(100), unknown, known(10), known(5)).absence, Some("suppressed"));
    }
}
