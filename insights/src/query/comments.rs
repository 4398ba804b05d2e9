//! Comments on an account's media, the newest first: searched, filtered by what they feel, and explained.

use cekbrand_sentiment::{Label, Model, Spoken};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::some_instant;
use crate::cursor::Cursor;
use crate::figure::{Count, source_word};
use crate::iso::Iso;
use crate::range::Days;
use crate::table::{Cells, CsvRow};

/// Of each medium no more than a page is looked at, and what comments feel is looked up for the page alone,
/// unless it is what they are chosen by. OFFSET 0 keeps the search for its copies a step in an index,
/// however many the planner believes that there are. Comments on an ad's copy or an album's child stand with
/// the post.
const PAGE: &str = r#"
WITH part AS (
    SELECT medium.id AS post_id, medium.id AS part_id
    FROM instagram.media AS medium
    WHERE medium.user_id = $1 AND medium.original_media_id IS NULL AND medium.parent_id IS NULL
    UNION ALL
    SELECT post.id, copy.id
    FROM instagram.media AS post
    CROSS JOIN LATERAL (
        SELECT held.id
        FROM instagram.media AS held
        WHERE COALESCE(held.original_media_id, held.parent_id) = post.id
        OFFSET 0
    ) AS copy
    WHERE post.user_id = $1
), page AS (
    SELECT part.post_id, said.*
    FROM part
    CROSS JOIN LATERAL (
        SELECT comment.id, comment.parent_id, comment.username, comment.text, comment.like_count, comment.hidden,
            comment.source::text AS source, comment.first_seen_at, comment.updated_timestamp,
            COALESCE(comment."timestamp", comment.first_seen_at) AS at,
            COALESCE(
                comment.from_id = $1 OR comment.from_id = $2 OR (comment.from_id IS NULL AND comment.username = $3), FALSE
            ) AS is_own
        FROM instagram.media_comment AS comment
        WHERE
            comment.media_id = part.part_id AND comment.deleted_at IS NULL
            AND COALESCE(comment."timestamp", comment.first_seen_at) >= $4::date::timestamp AT TIME ZONE $6
            AND COALESCE(comment."timestamp", comment.first_seen_at) < ($5::date + 1)::timestamp AT TIME ZONE $6
            AND (
                $8::text IS NULL
                OR $8 = (
                    SELECT felt.sentiment
                    FROM toba_cek_insta.user_media_comment_sentiment AS felt
                    WHERE felt.comment_id = comment.id
                )
            )
            AND ($9::text IS NULL OR POSITION(LOWER($9) IN LOWER(comment.text)) > 0)
            AND (
                $10::timestamptz IS NULL OR COALESCE(comment."timestamp", comment.first_seen_at) < $10
                OR (COALESCE(comment."timestamp", comment.first_seen_at) = $10 AND comment.id > $11)
            )
        ORDER BY COALESCE(comment."timestamp", comment.first_seen_at) DESC, comment.id
        LIMIT $12
    ) AS said
    WHERE $7::text IS NULL OR part.post_id = $7 OR part.part_id = $7
    ORDER BY said.at DESC, said.id
    LIMIT $12
)
SELECT page.id, page.post_id AS media_id, page.parent_id, page.username, page.text, page.at, page.like_count AS likes,
    NULL::text AS likes_absence, NULL::text AS likes_source, page.updated_timestamp AS likes_at,
    page.hidden, page.source, page.first_seen_at, page.is_own,
    felt.sentiment, felt.score, felt.uncertain, felt.language, felt.model, felt.corrected
FROM page
LEFT JOIN toba_cek_insta.user_media_comment_sentiment AS felt ON felt.comment_id = page.id
ORDER BY page.at DESC, page.id"#;

const OWNER: &str = r#"SELECT app_scoped_id, username FROM instagram."user" WHERE id = $1"#;

/// Which comments are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CommentsAsked<'a> {
    pub(crate) account: &'a str,
    pub(crate) timezone: &'a str,
    pub(crate) days: Days,
    /// On this medium alone.
    pub(crate) media: Option<&'a str>,
    /// That feel this.
    pub(crate) sentiment: Option<Label>,
    /// With this in their text, in capitals or not.
    pub(crate) text: Option<&'a str>,
    /// After this place.
    pub(crate) after: Option<&'a Cursor>,
    pub(crate) limit: i64,
}

/// A comment.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Comment {
    pub(crate) id: String,
    /// The post that it stands under.
    pub(crate) media_id: String,
    /// The comment that it answers.
    #[schema(required = true)]
    pub(crate) parent_id: Option<String>,
    #[schema(required = true)]
    pub(crate) username: Option<String>,
    #[schema(required = true)]
    pub(crate) text: Option<String>,
    /// When it was made; where Meta has not said, when it was first seen.
    #[schema(required = true)]
    pub(crate) at: Option<Iso>,
    pub(crate) likes: Count,
    /// Whether the owner hides it; null where that was not read.
    #[schema(required = true)]
    pub(crate) hidden: Option<bool>,
    /// How it first came.
    #[schema(value_type = String)]
    pub(crate) source: Option<&'static str>,
    #[schema(required = true)]
    pub(crate) first_seen_at: Option<Iso>,
    /// The account's own comments do not count in its sentiment.
    pub(crate) is_own: bool,
    pub(crate) sentiment: CommentSentiment,
}

/// What a comment feels.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct CommentSentiment {
    /// pos, neu or neg; null where it has no text or was not scored yet.
    #[schema(required = true)]
    pub(crate) label: Option<String>,
    /// Probability of the label; 1 where a person said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uncertain: Option<bool>,
    /// id, en, mixed or und.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// A person said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) corrected: Option<bool>,
    /// Why there is no label: not_yet, or no_data where there is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) absence: Option<&'static str>,
    /// The words that spoke, and how much; with `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explanation: Option<Explanation>,
}

/// What the model makes of a comment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SentimentExplanation)]
pub(crate) struct Explanation {
    /// What the model says: pos, neu or neg, whatever a person said.
    pub(crate) label: &'static str,
    pub(crate) score: f32,
    pub(crate) words: Vec<SpokenWord>,
}

/// A word that spoke.
#[derive(Debug, Clone, Serialize, ToSchema)]

pub(crate) struct SpokenWord {
    /// As it was typed.
    pub(crate) word: String,
    /// As it was read, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) read_as: Option<String>,
    /// Above zero it spoke for the label, below zero against it.
    pub(crate) weight: f32,
    /// A negator before it turned it.
    pub(crate) negated: bool,
}

impl From<Spoken> for SpokenWord {
    fn from(spoken: Spoken) -> Self {
        Self { word: spoken.token, read_as: spoken.read_as, weight: spoken.weight, negated: spoken.negated }
    }
}

impl Comment {
    /// Asks the bundled model which words spoke.
    pub(crate) fn explain(&mut self) {
        let Some(text) = &self.text else { return };
        let explained = Model::bundled().explain(text);
        self.sentiment.explanation = Some(Explanation {
            label: explained.scored.label.as_str(),
            score: explained.scored.score,
            words: explained.tokens.into_iter().map(SpokenWord::from).collect(),
        });
    }

    /// The place of the comment in its list.
    pub(crate) fn place(&self) -> Cursor {
        let at = self.at.map_or(0, |at| at.0.as_microsecond());
        Cursor { at, id: self.id.clone() }
    }
}

impl FromRow<'_, PgRow> for Comment {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let source: String = row.try_get("source")?;
        let (text, label): (Option<String>, Option<String>) =
            (row.try_get("text")?, row.try_get("sentiment")?);
        let absence = match (&label, &text) {
            (Some(_), _) => None,
            (None, Some(_)) => Some("not_yet"),
            (None, None) => Some("no_data"),
        };
        Ok(Self {
            id: row.try_get("id")?,
            media_id: row.try_get("media_id")?,
            parent_id: row.try_get("parent_id")?,
            username: row.try_get("username")?,
            text,
            at: some_instant(row, "at")?,
            likes: likes(row)?,
            hidden: row.try_get("hidden")?,
            source: Some(source_word(&source)?),
            first_seen_at: some_instant(row, "first_seen_at")?,
            is_own: row.try_get("is_own")?,
            sentiment: CommentSentiment {
                label,
                score: row.try_get("score")?,
                uncertain: row.try_get("uncertain")?,
                language: row.try_get("language")?,
                model: row.try_get("model")?,
                corrected: row.try_get("corrected")?,
                absence,
                explanation: None,
            },
        })
    }
}

/// Likes have a time only where they were read.
fn likes(row: &PgRow) -> Result<Count, sqlx::Error> {
    let likes = Count::read(row, "likes")?;
    let observed_at = likes.observed_at.filter(|_| likes.value.is_some());
    Ok(Count { observed_at, ..likes })
}

impl CsvRow for Comment {
    fn cells(&self, cells: &mut Cells) {
        cells.text("id", Some(&self.id));
        cells.text("media_id", Some(&self.media_id));
        cells.text("parent_id", self.parent_id.as_deref());
        cells.plain("at", self.at);
        cells.text("username", self.username.as_deref());
        cells.text("text", self.text.as_deref());
        cells.count("likes", &self.likes);
        cells.plain("hidden", self.hidden);
        cells.plain("is_own", Some(self.is_own));
        cells.plain("source", self.source);
        cells.plain("sentiment", self.sentiment.label.as_deref());
        cells.plain("sentiment_absence", self.sentiment.absence);
        cells.plain("score", self.sentiment.score);
        cells.plain("uncertain", self.sentiment.uncertain);
        cells.plain("language", self.sentiment.language.as_deref());
        cells.plain("corrected", self.sentiment.corrected);
    }
}

/// A page of comments.
pub(crate) async fn page(pool: &PgPool, asked: CommentsAsked<'_>) -> Result<Vec<Comment>, sqlx::Error> {
    type Owner = (Option<String>, Option<String>);
    let owner: Option<Owner> = sqlx::query_as(OWNER).bind(asked.account).fetch_optional(pool).await?;
    let (app_scoped_id, username) = owner.unwrap_or_default();
    // No list gave out a place outside of time; behind such a one there is nothing.
    let after = asked.after.map(|at| Timestamp::from_microsecond(at.at).unwrap_or(Timestamp::UNIX_EPOCH));
    sqlx::query_as(PAGE)
        .bind(asked.account)
        .bind(app_scoped_id)
        .bind(username)
        .bind(asked.days.from.to_sqlx())
        .bind(asked.days.to.to_sqlx())
        .bind(asked.timezone)
        .bind(asked.media)
        .bind(asked.sentiment.map(Label::as_str))
        .bind(asked.text)
        .bind(after.map(ToSqlx::to_sqlx))
        .bind(asked.after.map(|cursor| cursor.id.as_str()))
        .bind(asked.limit)
        .fetch_all(pool)
        .await
}
