//! The statements of scoring.

use cekbrand_sentiment::{MODEL_VERSION, Model, Scored};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

/// A comment to score.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Unscored {
    pub(super) id: String,
    pub(super) media_id: Option<String>,
    pub(super) text: String,
    pub(super) text_at: Option<jiff_sqlx::Timestamp>,
    pub(super) updated_timestamp: jiff_sqlx::Timestamp,
}

const TRY_LOCK: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended('cekbrand.sentiment', 0))";

pub(super) async fn try_lock(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(TRY_LOCK).fetch_one(conn).await
}

const UNSCORED: &str = "
    SELECT comment.id, comment.media_id, comment.text, comment.text_at, comment.updated_timestamp
    FROM instagram.media_comment AS comment
    WHERE comment.text IS NOT NULL AND comment.updated_timestamp >= $2
        AND NOT EXISTS (
            SELECT FROM toba_cek_insta.user_media_comment_sentiment AS held
            WHERE held.comment_id = comment.id AND held.model = $1
                AND (held.media_id, held.text_at) IS NOT DISTINCT FROM (comment.media_id, comment.text_at))
    ORDER BY comment.updated_timestamp
    LIMIT $3";

pub(super) async fn unscored(
    conn: &mut PgConnection,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<Unscored>, sqlx::Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    sqlx::query_as(UNSCORED).bind(MODEL_VERSION).bind(since.to_sqlx()).bind(limit).fetch_all(conn).await
}

const WRITE: &str = "
    INSERT INTO toba_cek_insta.user_media_comment_sentiment AS held
        (comment_id, media_id, sentiment, score, uncertain, language, text_at, model, updated_timestamp)
    SELECT comment_id, media_id, sentiment, score, uncertain, language, text_at, $8, $9
    FROM UNNEST($1::text[], $2::text[], $3::text[], $4::real[], $5::boolean[], $6::text[], $7::timestamptz[])
        AS given (comment_id, media_id, sentiment, score, uncertain, language, text_at)
    ON CONFLICT (comment_id) DO UPDATE SET
        media_id = excluded.media_id, sentiment = excluded.sentiment, score = excluded.score, uncertain = excluded.uncertain,
        language = excluded.language, text_at = excluded.text_at, model = excluded.model,
        updated_timestamp = excluded.updated_timestamp";

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
