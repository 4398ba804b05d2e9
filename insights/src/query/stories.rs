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

/// How people moved on, and the rates of it, are computed in one place for every reader: the view. It knows
/// the stories that were analysed; of a newer one nothing is known of that. Words of `no_data` say no more
/// than that nobody has read it so far.
const LIST: &str = r#"
SELECT medium.id, medium.published_at, medium.published_at + INTERVAL '24 hours' AS ends_at,
    medium.media_type, medium.caption, medium.permalink, medium.deleted_at, medium.lost_at,
    kept.saved_by, kept.saved_at, kept.readings,
    COALESCE(views.value, shown.value) AS views, COALESCE(views.absence, shown.absence) AS views_absence,
    COALESCE(views.source, shown.source) AS views_source, COALESCE(views.observed_at, shown.observed_at) AS views_at,
    reach.value AS reach, reach.absence AS reach_absence, reach.source AS reach_source, reach.observed_at AS reach_at,
    replies.value AS replies, replies.absence AS replies_absence, replies.source AS replies_source,
    replies.observed_at AS replies_at,
    shares.value AS shares, shares.absence AS shares_absence, shares.source AS shares_source,
    shares.observed_at AS shares_at,
    told.taps_forward, NULLIF(told.absence ->> 'taps_forward', 'no_data') AS taps_forward_absence,
    moved.source AS taps_forward_source, moved.observed_at AS taps_forward_at,
    told.taps_back, NULLIF(told.absence ->> 'taps_back', 'no_data') AS taps_back_absence,
    moved.source AS taps_back_source, moved.observed_at AS taps_back_at,
    told.exits, NULLIF(told.absence ->> 'exits', 'no_data') AS exits_absence,
    moved.source AS exits_source, moved.observed_at AS exits_at,
    told.swipes_forward, NULLIF(told.absence ->> 'swipes_forward', 'no_data') AS swipes_forward_absence,
    moved.source AS swipes_forward_source, moved.observed_at AS swipes_forward_at,
    told.completion_rate, NULLIF(told.absence ->> 'completion_rate', 'no_data') AS completion_rate_absence,
    told.exit_rate, NULLIF(told.absence ->> 'exit_rate', 'no_data') AS exit_rate_absence
FROM (
    SELECT held.id, held.user_id, held."timestamp" AS published_at, held.media_type, held.caption, held.permalink,
        held.deleted_at, held.lost_at
    FROM instagram.media AS held
    WHERE
        held.user_id = $1 AND held.media_product_type = 'STORY'
        AND held."timestamp" >= $2::date::timestamp AT TIME ZONE $4
        AND held."timestamp" < ($3::date + 1)::timestamp AT TIME ZONE $4
    ORDER BY held."timestamp" DESC, held.id
    LIMIT $5 OFFSET $6
) AS medium
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
LEFT JOIN LATERAL (
    SELECT
        held.navigation_source, held.taps_forward, held.taps_back, held.exits, held.swipes_forward,
        held.completion_rate, held.exit_rate, held.absence
    FROM toba_cek_insta.story_performance AS held
    WHERE held.user_id = medium.user_id AND held.media_id = medium.id
    OFFSET 0
) AS told ON TRUE
-- All four are of one origin.
LEFT JOIN LATERAL (
    SELECT held.source::text AS source, held.observed_at
    FROM instagram.media_insight AS held
    WHERE
        held.media_id = medium.id
        AND CASE told.navigation_source
            WHEN 'navigation' THEN held.metric = 'navigation'
            ELSE held.metric IN ('taps_forward', 'taps_back', 'exits')
        END
    ORDER BY held.observed_at DESC
    LIMIT 1
) AS moved ON TRUE
ORDER BY medium.published_at DESC, medium.id"#;

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
    /// IMAGE or VIDEO, for pages.
    #[serde(skip)]
    pub(crate) media_type: Option<String>,
    #[serde(skip)]
    pub(crate) caption: Option<String>,
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
            media_type: row.try_get("media_type")?,
            caption: row.try_get("caption")?,
            completion_rate: Ratio::of_known(row, "completion_rate", NOT_COLLECTED)?,
            exit_rate: Ratio::of_known(row, "exit_rate", NOT_COLLECTED)?,
            views: Count::read(row, "views")?,
            reach: Count::read(row, "reach")?,
            replies: Count::read(row, "replies")?,
            shares: Count::read(row, "shares")?,
            taps_forward: Count::read(row, "taps_forward")?,
            taps_back: Count::read(row, "taps_back")?,
            exits: Count::read(row, "exits")?,
            swipes_forward: Count::read(row, "swipes_forward")?,
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
}
