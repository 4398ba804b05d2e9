//! One medium of a watched account: what it is, and every figure with its history.

use jiff::civil::Date;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::{day, some_instant};
use crate::figure::{Count, source_word};
use crate::iso::Iso;
use crate::number::Number;
use crate::scope::Scope;
use crate::table::{Cells, CsvRow};

const FIND: &str = r#"
SELECT medium.id, medium.user_id AS account_id, medium.media_type, medium.media_product_type, medium.permalink,
    medium.caption, medium.media_hastag, medium."timestamp" AS published_at, medium.is_comment_enabled,
    medium.parent_id, medium.original_media_id, medium.first_seen_at, medium.updated_timestamp, medium.deleted_at,
    medium.lost_at, COALESCE(owner.timezone, 'UTC') AS timezone,
    medium.like_count AS likes, medium.absence ->> 'like_count' AS likes_absence, NULL::text AS likes_source,
    medium.updated_timestamp AS likes_at,
    medium.comments_count AS comments, medium.absence ->> 'comments_count' AS comments_absence,
    NULL::text AS comments_source, medium.updated_timestamp AS comments_at,
    felt.pos, felt.neu, felt.neg
FROM instagram.media AS medium
INNER JOIN pipeline.account AS account ON account.account_id = medium.user_id AND account.removed_at IS NULL
LEFT JOIN instagram."user" AS owner ON owner.id = medium.user_id
-- Where there are comments, or may be, and none was scored, nobody knows what they feel.
LEFT JOIN LATERAL (
    SELECT COUNT(*) FILTER (WHERE scored.sentiment = 'pos') AS pos,
        COUNT(*) FILTER (WHERE scored.sentiment = 'neu') AS neu,
        COUNT(*) FILTER (WHERE scored.sentiment = 'neg') AS neg
    FROM toba_cek_insta.user_media_comment_sentiment AS scored
    WHERE scored.media_id = medium.id
    HAVING COUNT(*) > 0 OR medium.comments_count = 0
) AS felt ON TRUE
WHERE medium.id = $1 AND ($2::text[] IS NULL OR medium.user_id = ANY ($2))"#;

const HISTORY: &str = "
SELECT metric, breakdown, datestamp AS day, value, absence::text AS absence, source::text AS source, observed_at
FROM instagram.media_insight
WHERE media_id = $1
ORDER BY metric, breakdown, datestamp
LIMIT 20000";

/// A medium.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PostDetail {
    pub(crate) id: String,
    pub(crate) account_id: String,
    #[schema(required = true)]
    pub(crate) media_type: Option<String>,
    #[schema(required = true)]
    pub(crate) media_product_type: Option<String>,
    #[schema(required = true)]
    pub(crate) permalink: Option<String>,
    #[schema(required = true)]
    pub(crate) caption: Option<String>,
    /// Without the # sign, as hashtags are compared.
    pub(crate) hashtags: Vec<String>,
    #[schema(required = true)]
    pub(crate) published_at: Option<Iso>,
    #[schema(required = true)]
    pub(crate) is_comment_enabled: Option<bool>,
    /// The album that it is part of.
    #[schema(required = true)]
    pub(crate) parent_id: Option<String>,
    /// The organic medium that an ad shows a copy of.
    #[schema(required = true)]
    pub(crate) original_media_id: Option<String>,
    #[schema(required = true)]
    pub(crate) first_seen_at: Option<Iso>,
    #[schema(required = true)]
    pub(crate) deleted_at: Option<Iso>,
    /// When the moment to read its figures passed.
    #[schema(required = true)]
    pub(crate) lost_at: Option<Iso>,
    pub(crate) likes: Count,
    pub(crate) comments: Count,
    /// Its scored comments, by what they feel.
    pub(crate) sentiment: CommentsFelt,
    /// Zone of its account's days.
    pub(crate) timezone: String,
}

/// Scored comments of a medium.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema, FromRow)]
pub(crate) struct CommentsFelt {
    #[schema(required = true)]
    pub(crate) pos: Option<i64>,
    #[schema(required = true)]
    pub(crate) neu: Option<i64>,
    #[schema(required = true)]
    pub(crate) neg: Option<i64>,
}

impl FromRow<'_, PgRow> for PostDetail {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let hashtags: Option<String> = row.try_get("media_hastag")?;
        let separate = |text: String| {
            let words = text.split([' ', ',', '#']).filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        Ok(Self {
            id: row.try_get("id")?,
            account_id: row.try_get("account_id")?,
            media_type: row.try_get("media_type")?,
            media_product_type: row.try_get("media_product_type")?,
            permalink: row.try_get("permalink")?,
            caption: row.try_get("caption")?,
            hashtags: hashtags.map_or_else(Vec::new, separate),
            published_at: some_instant(row, "published_at")?,
            is_comment_enabled: row.try_get("is_comment_enabled")?,
            parent_id: row.try_get("parent_id")?,
            original_media_id: row.try_get("original_media_id")?,
            first_seen_at: some_instant(row, "first_seen_at")?,
            deleted_at: some_instant(row, "deleted_at")?,
            lost_at: some_instant(row, "lost_at")?,
            likes: Count::read(row, "likes")?,
            comments: Count::read(row, "comments")?,
            sentiment: CommentsFelt::from_row(row)?,
            timezone: row.try_get("timezone")?,
        })
    }
}

/// A figure of a medium as it was on a day.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct FigureDay {
    pub(crate) metric: String,
    /// The part of a metric that is split; empty for the whole.
    pub(crate) breakdown: String,
    pub(crate) day: Date,
    #[schema(value_type = Option<f64>, required = true)]
    pub(crate) value: Option<Number>,
    /// Why it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) absence: Option<String>,
    #[schema(required = true)]
    pub(crate) source: Option<&'static str>,
    #[schema(required = true)]
    pub(crate) observed_at: Option<Iso>,
}

impl FromRow<'_, PgRow> for FigureDay {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let source: String = row.try_get("source")?;
        let value: Option<cekbrand_schema::Decimal> = row.try_get("value")?;
        Ok(Self {
            metric: row.try_get("metric")?,
            breakdown: row.try_get("breakdown")?,
            day: day(row, "day")?,
            value: value.map(Number),
            absence: row.try_get("absence")?,
            source: Some(source_word(&source)?),
            observed_at: some_instant(row, "observed_at")?,
        })
    }
}

impl CsvRow for FigureDay {
    fn cells(&self, cells: &mut Cells) {
        cells.text("metric", Some(&self.metric));
        cells.text("breakdown", Some(&self.breakdown));
        cells.plain("day", Some(self.day));
        cells.plain("value", self.value.map(|value| value.0));
        cells.plain("absence", self.absence.as_deref());
        cells.plain("source", self.source);
        cells.plain("observed_at", self.observed_at);
    }
}

/// A medium of an account that a key may see.
pub(crate) async fn find(
    pool: &PgPool,
    media: &str,
    scope: &Scope,
) -> Result<Option<PostDetail>, sqlx::Error> {
    sqlx::query_as(FIND).bind(media).bind(scope.accounts()).fetch_optional(pool).await
}

/// Every figure of a medium on every day on which it was observed.
pub(crate) async fn history(pool: &PgPool, media: &str) -> Result<Vec<FigureDay>, sqlx::Error> {
    sqlx::query_as(HISTORY).bind(media).fetch_all(pool).await
}
