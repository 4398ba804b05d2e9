//! Notes on an account's time axis: those that people wrote, and what the tables tell of themselves.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use utoipa::ToSchema;

use super::{day, some_day, some_instant};
use crate::iso::Iso;
use crate::range::Days;
use crate::table::{Cells, CsvRow};

const LIST: &str = "
SELECT id, day, NULL::date AS until, 'person' AS kind, text, created_at, created_by
FROM pipeline.note
WHERE account_id = $1 AND day BETWEEN $2 AND $3
ORDER BY day, id";

/// Days between two snapshots, which are of every day while all is well.
const GAPS: &str = "
SELECT NULL::bigint AS id, gap.last + 1 AS day, gap.next - 1 AS until, 'gap' AS kind,
    'No figures of these days were read.' AS text, NULL::timestamptz AS created_at, NULL::text AS created_by
FROM (
    SELECT datestamp AS last, LEAD(datestamp) OVER (ORDER BY datestamp) AS next
    FROM instagram.user_data
    WHERE user_id = $1
) AS gap
WHERE gap.next > gap.last + 1 AND gap.last + 1 <= $3 AND gap.next - 1 >= $2
ORDER BY gap.last";

const DEAD_TOKEN: &str = r#"
SELECT NULL::bigint AS id, (token.updated_timestamp AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date AS day,
    NULL::date AS until, 'token_dead' AS kind, 'The token died: nothing is read until there is another.' AS text,
    token.updated_timestamp AS created_at, NULL::text AS created_by
FROM instagram.instagram_tokens AS token
LEFT JOIN instagram."user" AS owner ON owner.id = token.user_id
WHERE
    token.user_id = $1 AND token.state = 'dead'
    AND (token.updated_timestamp AT TIME ZONE COALESCE(owner.timezone, 'UTC'))::date BETWEEN $2 AND $3"#;

const CREATE: &str = "
INSERT INTO pipeline.note (account_id, day, text, created_at, created_by)
VALUES ($1, $2, $3, $4, $5)
RETURNING id, day, NULL::date AS until, 'person' AS kind, text, created_at, created_by";

const DELETE: &str = "
DELETE FROM pipeline.note
WHERE account_id = $1 AND id = $2";

/// A note.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Note {
    /// By which it is deleted; null where nobody wrote it.
    #[schema(required = true)]
    pub(crate) id: Option<i64>,
    /// The day that it is about.
    pub(crate) day: Date,
    /// The last day that it is about, where there are several.
    #[schema(required = true)]
    pub(crate) until: Option<Date>,
    /// person, or what the service noted: metric_retired, token_dead, gap.
    pub(crate) kind: String,
    pub(crate) text: String,
    #[schema(required = true)]
    pub(crate) created_at: Option<Iso>,
    /// Id of the key that wrote it.
    #[schema(required = true)]
    pub(crate) created_by: Option<String>,
}

impl FromRow<'_, PgRow> for Note {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            day: day(row, "day")?,
            until: some_day(row, "until")?,
            kind: row.try_get("kind")?,
            text: row.try_get("text")?,
            created_at: some_instant(row, "created_at")?,
            created_by: row.try_get("created_by")?,
        })
    }
}

impl CsvRow for Note {
    fn cells(&self, cells: &mut Cells) {
        cells.plain("id", self.id);
        cells.plain("day", Some(self.day));
        cells.plain("until", self.until);
        cells.plain("kind", Some(&self.kind));
        cells.text("text", Some(&self.text));
        cells.plain("created_at", self.created_at);
    }
}

/// A note to be stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewNote<'a> {
    pub(crate) account: &'a str,
    pub(crate) day: Date,
    pub(crate) text: &'a str,
    pub(crate) key_id: &'a str,
}

/// The notes of a range, people's and the service's, in order.
pub(crate) async fn list(pool: &PgPool, account: &str, days: Days) -> Result<Vec<Note>, sqlx::Error> {
    let mut notes: Vec<Note> = retirements(days);
    for statement in [LIST, GAPS, DEAD_TOKEN] {
        let query = sqlx::query_as(statement).bind(account).bind(days.from.to_sqlx()).bind(days.to.to_sqlx());
        notes.extend(query.fetch_all(pool).await?);
    }
    notes.sort_by_key(|note| note.day);
    Ok(notes)
}

/// Metrics that Meta took away on days of the range, one note a day.
fn retirements(days: Days) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for retired in cekbrand_schema::metric::retired::RETIRED {
        if retired.since < days.from || retired.since > days.to {
            continue;
        }
        match notes.iter_mut().find(|note| note.day == retired.since) {
            Some(note) => {
                note.text.push_str(", ");
                note.text.push_str(retired.name);
            }
            None => notes.push(Note {
                day: retired.since,
                kind: "metric_retired".to_owned(),
                text: format!("Meta retired: {}", retired.name),
                ..Note::default()
            }),
        }
    }
    notes
}

/// Stores a note.
pub(crate) async fn create(pool: &PgPool, note: NewNote<'_>, now: Timestamp) -> Result<Note, sqlx::Error> {
    sqlx::query_as(CREATE)
        .bind(note.account)
        .bind(note.day.to_sqlx())
        .bind(note.text)
        .bind(now.to_sqlx())
        .bind(note.key_id)
        .fetch_one(pool)
        .await
}

/// Deletes a note; `false` where the account has no such note.
pub(crate) async fn delete(pool: &PgPool, account: &str, id: i64) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query(DELETE).bind(account).bind(id).execute(pool).await?.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_on_which_meta_took_metrics_away_has_one_note_that_names_them() {
        let notes = retirements(Days { from: date(2025, 4, 1), to: date(2025, 4, 30) });
        assert_eq!(notes.len(), 1);
        assert_eq!((notes[0].day, notes[0].kind.as_str()), (date(2025, 4, 21), "metric_retired"));
        assert!(notes[0].text.contains("plays") && notes[0].text.contains("impressions"));
        assert!(retirements(Days { from: date(2025, 4, 22), to: date(2026, 1, 1) }).is_empty());
    }
}
