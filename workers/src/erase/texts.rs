//! The statements about what was recorded: changes, answers, dead letters.

use serde_json::json;
use sqlx::PgConnection;

use super::duty::count;
use super::request::Open;
use super::subjects::{Subjects, list};

// A day at a time, so that no statement takes long.
const DAYS: &str = "
SELECT day::date FROM (
    SELECT generate_series(min(at), max(at), INTERVAL '1 day') AS day
    FROM (
        SELECT date_trunc('day', received_at AT TIME ZONE 'UTC') AS at FROM pipeline.event
        UNION ALL
        SELECT date_trunc('day', observed_at AT TIME ZONE 'UTC') FROM pipeline.graph_response
    ) AS held
) AS days";

const EVENTS: &str = "
DELETE FROM pipeline.event
WHERE received_at >= $1::date::timestamp AT TIME ZONE 'UTC'
    AND received_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND object <> 'signed_request'
    AND (account_id = ANY ($2) OR subject_id = ANY ($3) OR subject_id = ANY ($4) OR raw ~ $5 OR extra ~ $5)";

// An answer that names them among others goes whole: its rows are there.
const ANSWERS: &str = "
DELETE FROM pipeline.graph_response
WHERE observed_at >= $1::date::timestamp AT TIME ZONE 'UTC'
    AND observed_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND (account_id = ANY ($2) OR target_id = ANY ($2) OR target_id = ANY ($3) OR target_id = ANY ($4)
         OR body ~ $5 OR request ~ $6)";

const DEAD_LETTERS: &str = "
WITH meant AS (
    SELECT letter.id, letter.event_id FROM pipeline.dead_letter AS letter
    WHERE letter.account_id = ANY ($1)
        OR EXISTS (
            SELECT FROM UNNEST($2::bytea[]) AS needle (bytes)
            WHERE position(needle.bytes IN letter.payload) > 0)
        OR EXISTS (
            SELECT FROM pipeline.dead_letter_part AS part, UNNEST($2::bytea[]) AS needle (bytes)
            WHERE part.event_id = letter.event_id AND position(needle.bytes IN part.payload) > 0)
),
parts AS (DELETE FROM pipeline.dead_letter_part WHERE event_id IN (SELECT event_id FROM meant))
DELETE FROM pipeline.dead_letter WHERE id IN (SELECT id FROM meant)";

/// Deletes what was recorded about the subjects: changes, answers, dead letters.
pub(super) async fn erase_texts(
    conn: &mut PgConnection,
    request: &Open,
    subjects: &Subjects,
) -> Result<(), sqlx::Error> {
    let ids = list(&subjects.ids);
    let days: Vec<jiff_sqlx::Date> = sqlx::query_scalar(DAYS).fetch_all(&mut *conn).await?;
    for day in days {
        let of_day = |statement: &'static str| {
            sqlx::query(statement)
                .bind(day)
                .bind(&ids)
                .bind(&subjects.media)
                .bind(&subjects.comments)
                .bind(subjects.in_json())
        };
        let events = of_day(EVENTS).execute(&mut *conn).await?.rows_affected();
        let answers = of_day(ANSWERS).bind(subjects.in_request()).execute(&mut *conn).await?.rows_affected();
        if events + answers > 0 {
            let erased = json!({ "pipeline.event": events, "pipeline.graph_response": answers });
            count(conn, request, &erased).await?;
        }
    }
    let letters = sqlx::query(DEAD_LETTERS).bind(&ids).bind(subjects.in_bytes()).execute(&mut *conn).await?;
    count(conn, request, &json!({ "pipeline.dead_letter": letters.rows_affected() })).await
}
