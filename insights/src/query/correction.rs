//! What a person says that a comment feels. It counts at once: the row of the comment changes here, and the
//! owner's days are marked. Scoring looks at the comment again, so that no score under way undoes it.

use cekbrand_sentiment::Label;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{FromRow, PgConnection, PgPool};

use crate::scope::Scope;

const FIND: &str = r#"
SELECT comment.media_id, COALESCE(comment."timestamp", comment.first_seen_at) AS at, comment.deleted_at,
    post.user_id AS account_id
FROM instagram.media_comment AS comment
INNER JOIN instagram.media AS medium ON medium.id = comment.media_id
INNER JOIN instagram.media AS post ON post.id = COALESCE(medium.original_media_id, medium.parent_id, medium.id)
INNER JOIN pipeline.account AS account ON account.account_id = post.user_id AND account.removed_at IS NULL
WHERE comment.id = $1 AND comment.text IS NOT NULL AND ($2::text[] IS NULL OR post.user_id = ANY ($2))"#;

const PUT: &str = "
INSERT INTO pipeline.sentiment_correction (comment_id, sentiment, corrected_at, corrected_by)
VALUES ($1, $2, $3, $4)
ON CONFLICT (comment_id) DO UPDATE SET
    sentiment = excluded.sentiment, corrected_at = excluded.corrected_at, corrected_by = excluded.corrected_by";

const APPLY: &str = "
UPDATE toba_cek_insta.user_media_comment_sentiment
SET sentiment = $2, score = 1, uncertain = FALSE, corrected = TRUE, updated_timestamp = $3
WHERE comment_id = $1";

const REMOVE: &str = "
DELETE FROM pipeline.sentiment_correction
WHERE comment_id = $1";

const LOOK_AGAIN: &str = "
INSERT INTO pipeline.changed_comment (comment_id, media_id, at)
SELECT $1, $2, given.at FROM UNNEST($3::timestamptz[]) AS given (at)";

const MARK: &str = r#"
INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
SELECT DISTINCT $1, (given.at AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date, $3::timestamptz
FROM UNNEST($2::timestamptz[]) AS given (at)
LEFT JOIN instagram."user" AS owner ON owner.id = $1"#;

/// A comment that can be corrected.
#[derive(Debug, FromRow)]
struct Found {
    media_id: Option<String>,
    at: jiff_sqlx::Timestamp,
    deleted_at: Option<jiff_sqlx::Timestamp>,
    account_id: String,
}

/// Who corrects, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corrector<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) key_id: &'a str,
    pub(crate) now: Timestamp,
}

/// Corrects a comment; `false` where the key sees no such comment with a text.
pub(crate) async fn put(
    pool: &PgPool,
    comment: &str,
    label: Label,
    by: Corrector<'_>,
) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let Some(found) = find(&mut transaction, comment, by.scope).await? else {
        return Ok(false);
    };
    let put = sqlx::query(PUT).bind(comment).bind(label.as_str()).bind(by.now.to_sqlx()).bind(by.key_id);
    put.execute(&mut *transaction).await?;
    let apply = sqlx::query(APPLY).bind(comment).bind(label.as_str()).bind(by.now.to_sqlx());
    apply.execute(&mut *transaction).await?;
    tell(&mut transaction, comment, &found, by.now).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Takes a correction back: the model's word counts again, as soon as scoring has looked at the comment.
/// `false` where the key sees no such comment or nobody corrected it.
pub(crate) async fn remove(pool: &PgPool, comment: &str, by: Corrector<'_>) -> Result<bool, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let Some(found) = find(&mut transaction, comment, by.scope).await? else {
        return Ok(false);
    };
    let removed = sqlx::query(REMOVE).bind(comment).execute(&mut *transaction).await?;
    tell(&mut transaction, comment, &found, by.now).await?;
    transaction.commit().await?;
    Ok(removed.rows_affected() > 0)
}

async fn find(conn: &mut PgConnection, comment: &str, scope: &Scope) -> Result<Option<Found>, sqlx::Error> {
    sqlx::query_as(FIND).bind(comment).bind(scope.accounts()).fetch_optional(conn).await
}

/// Says which days' sums change, and that the comment is to be looked at.
async fn tell(
    conn: &mut PgConnection,
    comment: &str,
    found: &Found,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let instants: Vec<_> = [Some(found.at), found.deleted_at].into_iter().flatten().collect();
    let again = sqlx::query(LOOK_AGAIN).bind(comment).bind(&found.media_id).bind(&instants);
    again.execute(&mut *conn).await?;
    let mark = sqlx::query(MARK).bind(&found.account_id).bind(&instants).bind(now.to_sqlx());
    mark.execute(&mut *conn).await?;
    Ok(())
}
