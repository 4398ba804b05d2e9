//! Labels of an account, the media that have them, and what these did together.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::some_instant;
use crate::figure::{Count, NO_DATA, Ratio};
use crate::iso::Iso;
use crate::table::{Cells, CsvRow};

const LIST: &str = "
SELECT label.id, label.name, label.created_at,
    COALESCE(ARRAY_AGG(medium.id ORDER BY medium.id) FILTER (WHERE medium.id IS NOT NULL), '{}') AS media_ids,
    SUM(medium.like_count + medium.comments_count)::bigint AS engagement,
    MAX(medium.absence ->> 'like_count') AS engagement_absence,
    AVG(medium.like_count + medium.comments_count)::float8 AS engagement_per_post,
    MAX(medium.absence ->> 'like_count') AS engagement_per_post_absence,
    SUM(seen.value)::bigint AS views, MAX(seen.absence) AS views_absence,
    AVG(reach.value)::float8 AS reach_per_post, MAX(reach.absence) AS reach_per_post_absence
FROM pipeline.label AS label
LEFT JOIN pipeline.label_media AS labelled ON labelled.label_id = label.id
LEFT JOIN instagram.media AS medium ON medium.id = labelled.media_id
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'reach') AS reach ON TRUE
LEFT JOIN LATERAL pipeline.latest_figure(medium.id, 'views') AS seen ON TRUE
WHERE label.account_id = $1
GROUP BY label.id
ORDER BY label.name";

const OF_MEDIUM: &str = "
SELECT label.name
FROM pipeline.label_media AS labelled
INNER JOIN pipeline.label AS label ON label.id = labelled.label_id
WHERE labelled.media_id = $1
ORDER BY label.name";

const CREATE: &str = "
INSERT INTO pipeline.label (account_id, name, created_at, created_by)
VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, name) DO NOTHING
RETURNING id, name, created_at";

const DELETE: &str = "
DELETE FROM pipeline.label
WHERE account_id = $1 AND id = $2";

const ATTACH: &str = "
INSERT INTO pipeline.label_media (label_id, media_id, labelled_at)
SELECT label.id, medium.id, $4
FROM pipeline.label AS label
INNER JOIN instagram.media AS medium ON medium.user_id = label.account_id
WHERE label.account_id = $1 AND label.id = $2 AND medium.id = $3
ON CONFLICT (label_id, media_id) DO UPDATE SET labelled_at = label_media.labelled_at";

const DETACH: &str = "
DELETE FROM pipeline.label_media AS labelled
USING pipeline.label AS label
WHERE label.id = labelled.label_id AND label.account_id = $1 AND label.id = $2 AND labelled.media_id = $3";

/// A label and what its media did, as of now.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Label {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) media_ids: Vec<String>,
    /// Likes and comments together.
    pub(crate) engagement: Count,
    pub(crate) engagement_per_post: Ratio,
    pub(crate) views: Count,
    pub(crate) reach_per_post: Ratio,
    #[schema(required = true)]
    pub(crate) created_at: Option<Iso>,
}

impl FromRow<'_, PgRow> for Label {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            media_ids: row.try_get("media_ids")?,
            engagement: Count::of(row, "engagement", NO_DATA)?,
            engagement_per_post: Ratio::of(row, "engagement_per_post")?,
            views: Count::of(row, "views", NO_DATA)?,
            reach_per_post: Ratio::of(row, "reach_per_post")?,
            created_at: some_instant(row, "created_at")?,
        })
    }
}

impl CsvRow for Label {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("id", Some(self.id));
        cells.text("name", Some(&self.name));
        cells.plain("media", Some(self.media_ids.len()));
        cells.count("engagement", &self.engagement);
        cells.ratio("engagement_per_post", &self.engagement_per_post);
        cells.count("views", &self.views);
        cells.ratio("reach_per_post", &self.reach_per_post);
    }
}

/// The labels of an account.
pub(crate) async fn list(pool: &PgPool, account: &str) -> Result<Vec<Label>, sqlx::Error> {
    sqlx::query_as(LIST).bind(account).fetch_all(pool).await
}

/// Names of a medium's labels.
pub(crate) async fn of_medium(pool: &PgPool, media: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(OF_MEDIUM).bind(media).fetch_all(pool).await
}

/// Makes a label; `None` where the account has one of this name.
pub(crate) async fn create(
    pool: &PgPool,
    account: &str,
    name: &str,
    key_id: &str,
    now: Timestamp,
) -> Result<Option<Label>, sqlx::Error> {
    let query = sqlx::query(CREATE).bind(account).bind(name).bind(now.to_sqlx()).bind(key_id);
    let Some(row) = query.fetch_optional(pool).await? else {
        return Ok(None);
    };
    Ok(Some(Label {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        created_at: some_instant(&row, "created_at")?,
        engagement: Count::computed(None, NO_DATA),
        engagement_per_post: Ratio::computed(None, NO_DATA),
        views: Count::computed(None, NO_DATA),
        reach_per_post: Ratio::computed(None, NO_DATA),
        media_ids: Vec::new(),
    }))
}

/// Deletes a label; `false` where the account has no such label.
pub(crate) async fn delete(pool: &PgPool, account: &str, id: i64) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query(DELETE).bind(account).bind(id).execute(pool).await?.rows_affected() > 0)
}

/// A label of an account on one of its media.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labelled<'a> {
    pub(crate) account: &'a str,
    pub(crate) label: i64,
    pub(crate) media: &'a str,
}

/// Puts a label on a medium; `false` where the account has no such label or no such medium.
pub(crate) async fn attach(pool: &PgPool, on: Labelled<'_>, now: Timestamp) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(ATTACH).bind(on.account).bind(on.label).bind(on.media).bind(now.to_sqlx());
    Ok(query.execute(pool).await?.rows_affected() > 0)
}

/// Takes a label off a medium; `false` where it is not on it.
pub(crate) async fn detach(pool: &PgPool, on: Labelled<'_>) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(DETACH).bind(on.account).bind(on.label).bind(on.media);
    Ok(query.execute(pool).await?.rows_affected() > 0)
}
