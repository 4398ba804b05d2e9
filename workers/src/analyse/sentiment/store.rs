//! The statements of scoring.

use cekbrand_sentiment::{MODEL_VERSION, Model, Scored};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, PgPool};

/// A comment to score.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Unscored {
    pub(super) id: String,
    pub(super) media_id: Option<String>,
    pub(super) text: String,
    pub(super) text_at: Option<jiff_sqlx::Timestamp>,
}

/// A comment to look at, and an instant whose day's sums it may change.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Change {
    pub(super) comment_id: String,
    pub(super) media_id: Option<String>,
    pub(super) at: jiff_sqlx::Timestamp,
}

const TRY_LOCK: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended('cekbrand.sentiment', 0))";

pub(super) async fn try_lock(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(TRY_LOCK).fetch_one(conn).await
}

const TAKE_CHANGES: &str = "
    DELETE FROM pipeline.changed_comment
    WHERE id = ANY (ARRAY(SELECT id FROM pipeline.changed_comment ORDER BY id LIMIT $1))
    RETURNING comment_id, media_id, at";

/// Takes the oldest changes. What is read afterwards includes what they were noted for.
pub(super) async fn take_changes(conn: &mut PgConnection, limit: usize) -> Result<Vec<Change>, sqlx::Error> {
    sqlx::query_as(TAKE_CHANGES).bind(count(limit)).fetch_all(conn).await
}

// The two halves are ranges of the index on the model, so that rows of the present one are never looked at.
const OF_OTHER_MODELS: &str = r#"
    SELECT held.comment_id, comment.media_id, said.at
    FROM (
        (SELECT comment_id FROM toba_cek_insta.user_media_comment_sentiment WHERE model < $1 LIMIT $2)
        UNION ALL
        (SELECT comment_id FROM toba_cek_insta.user_media_comment_sentiment WHERE model > $1 LIMIT $2)
    ) AS held
    LEFT JOIN instagram.media_comment AS comment ON comment.id = held.comment_id
    CROSS JOIN LATERAL (
        SELECT coalesce(comment."timestamp", comment.first_seen_at, 'epoch') AS at
        UNION
        SELECT comment.deleted_at WHERE comment.deleted_at IS NOT NULL
    ) AS said"#;

/// Comments that another model scored, as changes.
pub(super) async fn of_other_models(
    conn: &mut PgConnection,
    limit: usize,
) -> Result<Vec<Change>, sqlx::Error> {
    sqlx::query_as(OF_OTHER_MODELS).bind(MODEL_VERSION).bind(count(limit)).fetch_all(conn).await
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

const UNSCORED: &str = "
    SELECT comment.id, comment.media_id, comment.text, comment.text_at
    FROM instagram.media_comment AS comment
    LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS held ON held.comment_id = comment.id
    LEFT JOIN pipeline.sentiment_correction AS person ON person.comment_id = comment.id
    WHERE
        comment.id = ANY ($2)
        AND comment.text IS NOT NULL
        AND (
            held.model, held.media_id, held.text_at, held.corrected,
            CASE WHEN person.comment_id IS NOT NULL THEN held.sentiment END
        )
        IS DISTINCT FROM
        ($1, comment.media_id, comment.text_at, person.comment_id IS NOT NULL, person.sentiment)
    ORDER BY comment.id";

/// Those of the comments whose row is missing or of another text, medium or model, or does not say what a
/// person said.
pub(super) async fn unscored(
    conn: &mut PgConnection,
    comment_ids: &[&str],
) -> Result<Vec<Unscored>, sqlx::Error> {
    sqlx::query_as(UNSCORED).bind(MODEL_VERSION).bind(comment_ids).fetch_all(conn).await
}

const UNSCORED_OF: &str = "
    SELECT comment.id
    FROM (
        SELECT id FROM instagram.media WHERE user_id = $1
        UNION
        SELECT part.id
        FROM instagram.media AS whole
        INNER JOIN instagram.media AS part ON coalesce(part.original_media_id, part.parent_id) = whole.id
        WHERE whole.user_id = $1
    ) AS medium
    INNER JOIN instagram.media_comment AS comment ON comment.media_id = medium.id
    LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS held ON held.comment_id = comment.id
    WHERE
        comment.text IS NOT NULL
        AND (held.model, held.media_id, held.text_at) IS DISTINCT FROM ($2, comment.media_id, comment.text_at)
    ORDER BY comment.id";

/// Ids of the comments on an account's media, ads' copies and albums' children included, whose row is missing
/// or of another text, medium or model.
pub(super) async fn unscored_of(pool: &PgPool, account_id: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(UNSCORED_OF).bind(account_id).bind(MODEL_VERSION).fetch_all(pool).await
}

pub(super) fn comment_ids(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.comment_id.as_str()).collect()
}

// What a person said goes over what the model says, whichever model it is.
const WRITE: &str = "
    INSERT INTO toba_cek_insta.user_media_comment_sentiment AS held
        (comment_id, media_id, sentiment, score, uncertain, corrected, language, text_at, model, updated_timestamp)
    SELECT
        given.comment_id, given.media_id, coalesce(person.sentiment, given.sentiment),
        CASE WHEN person.comment_id IS NULL THEN given.score ELSE 1 END,
        person.comment_id IS NULL AND given.uncertain, person.comment_id IS NOT NULL,
        given.language, given.text_at, $8, $9
    FROM UNNEST(
        $1::text[], $2::text[], $3::text[], $4::real[], $5::boolean[], $6::text[], $7::timestamptz[]
    ) AS given (comment_id, media_id, sentiment, score, uncertain, language, text_at)
    LEFT JOIN pipeline.sentiment_correction AS person ON person.comment_id = given.comment_id
    ON CONFLICT (comment_id) DO UPDATE SET
        media_id = excluded.media_id, sentiment = excluded.sentiment, score = excluded.score,
        uncertain = excluded.uncertain, corrected = excluded.corrected, language = excluded.language,
        text_at = excluded.text_at, model = excluded.model, updated_timestamp = excluded.updated_timestamp";

/// Scores the comments and writes their rows.
pub(super) async fn write(
    conn: &mut PgConnection,
    comments: &[Unscored],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if comments.is_empty() {
        return Ok(());
    }
    let model = Model::bundled();
    let scored: Vec<Scored> = comments.iter().map(|comment| model.score(&comment.text)).collect();
    sqlx::query(WRITE)
        .bind(comments.iter().map(|comment| comment.id.as_str()).collect::<Vec<_>>())
        .bind(comments.iter().map(|comment| comment.media_id.as_deref()).collect::<Vec<_>>())
        .bind(scored.iter().map(|scored| scored.label.as_str()).collect::<Vec<_>>())
        .bind(scored.iter().map(|scored| scored.score).collect::<Vec<_>>())
        .bind(scored.iter().map(|scored| scored.uncertain).collect::<Vec<_>>())
        .bind(scored.iter().map(|scored| scored.language).collect::<Vec<_>>())
        .bind(comments.iter().map(|comment| comment.text_at).collect::<Vec<_>>())
        .bind(MODEL_VERSION)
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

const FORGET: &str = "
    DELETE FROM toba_cek_insta.user_media_comment_sentiment AS held
    WHERE
        held.comment_id = ANY ($1)
        AND NOT EXISTS (
            SELECT FROM instagram.media_comment AS comment
            WHERE comment.id = held.comment_id AND comment.text IS NOT NULL
        )";

/// Takes away the rows of comments that are no longer there or no longer have a text.
pub(super) async fn forget(conn: &mut PgConnection, changes: &[Change]) -> Result<(), sqlx::Error> {
    sqlx::query(FORGET).bind(comment_ids(changes)).execute(conn).await?;
    Ok(())
}

// A comment under an ad's copy or an album's child counts for the organic medium or the album. It goes with
// its post: where that is deleted already, the day of the deletion changes too.
const MARK: &str = r#"
    INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
    SELECT DISTINCT
        account.account_id, (said.at AT TIME ZONE coalesce(owner.timezone, 'UTC'))::date, $3::timestamptz
    FROM UNNEST($1::text[], $2::timestamptz[]) AS given (media_id, at)
    INNER JOIN instagram.media AS medium ON medium.id = given.media_id
    INNER JOIN instagram.media AS post
        ON post.id = coalesce(medium.original_media_id, medium.parent_id, medium.id)
    INNER JOIN pipeline.account ON account.account_id = post.user_id AND account.removed_at IS NULL
    LEFT JOIN instagram."user" AS owner ON owner.id = post.user_id
    CROSS JOIN LATERAL (VALUES (given.at), (post.deleted_at)) AS said (at)
    WHERE said.at IS NOT NULL"#;

/// Marks the days of the changes for the owners of the media, as far as these are known and watched.
pub(super) async fn mark(
    conn: &mut PgConnection,
    changes: &[Change],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let (media, instants): (Vec<_>, Vec<_>) =
        changes.iter().filter_map(|change| Some((change.media_id.as_deref()?, change.at))).unzip();
    if media.is_empty() {
        return Ok(());
    }
    sqlx::query(MARK).bind(media).bind(instants).bind(now.to_sqlx()).execute(conn).await?;
    Ok(())
}
