//! The statements about subjects: finding them, keeping them out, erasing their rows.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::duty::count;
use super::request::Open;
use super::subjects::{Subjects, list};
use crate::enrich::store::stop;
use crate::suppress::mention::name;
use crate::tasks::{self, ParkReason, Stop};
use crate::token;

/// For how long an account's reads are parked after it took the app's rights away; a new token ends it.
const PARKED: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 30);

// Meta may name the person who gave the token.
const KNOWN_AS: &str = r#"
SELECT id, app_scoped_id, username FROM instagram."user"
WHERE id = $1 OR app_scoped_id = $1
    OR id IN (SELECT account_id FROM pipeline.token_upkeep WHERE meta_user_id = $1)"#;

const NAMES: &str = "
SELECT DISTINCT username FROM instagram.media_comment WHERE from_id = ANY ($1) AND username <> ''";

const MEDIA: &str = "
WITH own AS (
    SELECT id FROM instagram.media
    WHERE user_id = ANY ($1) OR owner_id = ANY ($1) OR (user_id IS NULL AND username = ANY ($2))
)
SELECT id FROM own
UNION
SELECT part.id FROM instagram.media AS part
JOIN own ON coalesce(part.original_media_id, part.parent_id) = own.id";

const COMMENTS: &str = "
SELECT id FROM instagram.media_comment
WHERE from_id = ANY ($1) OR media_id = ANY ($3) OR account_id = ANY ($1)
    OR (from_id IS NULL AND username = ANY ($2))
UNION
SELECT subject_id FROM pipeline.event
WHERE field IN ('comments', 'live_comments') AND subject_id IS NOT NULL AND raw ~ $4";

/// Everything that an id leads to.
pub(super) async fn find(conn: &mut PgConnection, id: &str) -> Result<Subjects, sqlx::Error> {
    let mut subjects = Subjects { ids: BTreeSet::from([id.to_owned()]), ..Subjects::default() };
    let users: Vec<(String, Option<String>, Option<String>)> =
        sqlx::query_as(KNOWN_AS).bind(id).fetch_all(&mut *conn).await?;
    for (id, app_scoped_id, username) in users {
        subjects.ids.insert(id);
        subjects.ids.extend(app_scoped_id);
        subjects.usernames.extend(username);
    }
    let ids = list(&subjects.ids);
    let names: Vec<String> = sqlx::query_scalar(NAMES).bind(&ids).fetch_all(&mut *conn).await?;
    subjects.usernames.extend(names);
    let names = list(&subjects.usernames);
    subjects.media = sqlx::query_scalar(MEDIA).bind(&ids).bind(&names).fetch_all(&mut *conn).await?;
    subjects.comments = sqlx::query_scalar(COMMENTS)
        .bind(&ids)
        .bind(&names)
        .bind(&subjects.media)
        .bind(subjects.in_json())
        .fetch_all(conn)
        .await?;
    Ok(subjects)
}

const ACCOUNTS: &str =
    "SELECT account_id FROM pipeline.account WHERE account_id = ANY ($1) ORDER BY account_id FOR UPDATE";

/// The accounts of ours among the subjects.
pub(super) async fn accounts(
    conn: &mut PgConnection,
    subjects: &Subjects,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(ACCOUNTS).bind(list(&subjects.ids)).fetch_all(conn).await
}

/// Notes that a token is of no use, and parks the account's reads until there is another.
pub(super) async fn kill_token(
    conn: &mut PgConnection,
    account_id: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let held = token::store::read(conn, account_id).await?;
    let sealed = held.as_ref().map(|token| token.sealed.as_str());
    if let Some(sealed) = sealed {
        token::store::mark_dead(conn, account_id, sealed, "deauthorized", now).await?;
    }
    let until = now.checked_add(PARKED).unwrap_or(Timestamp::MAX);
    let stop = Stop { account_id, kind: None, reason: ParkReason::TokenDead, until };
    if stop::set(conn, stop, sealed, now).await? {
        tasks::park_account(conn, stop, now).await?;
    }
    Ok(())
}

const SUPPRESS: &str = "
INSERT INTO pipeline.suppression AS held (kind, subject_id, confirmation_code, created_at)
SELECT given.kind, pipeline.subject_hash(given.subject), $3, $4
FROM UNNEST($1::text[], $2::text[]) AS given (kind, subject)
ON CONFLICT (kind, subject_id) DO UPDATE
SET lifted_at = NULL, confirmation_code = excluded.confirmation_code, created_at = excluded.created_at
WHERE held.lifted_at IS NOT NULL";

/// Keeps the subjects from coming back.
pub(super) async fn suppress(
    conn: &mut PgConnection,
    request: &Open,
    subjects: &Subjects,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let ids = subjects.ids.iter().map(|id| ("user", id.clone()));
    let names = subjects.usernames.iter().map(|username| ("username", name(username)));
    let media = subjects.media.iter().map(|id| ("media", id.clone()));
    let comments = subjects.comments.iter().map(|id| ("comment", id.clone()));
    let (kinds, subjects): (Vec<&str>, Vec<String>) = ids.chain(names).chain(media).chain(comments).unzip();
    sqlx::query(SUPPRESS)
        .bind(kinds)
        .bind(subjects)
        .bind(&request.code)
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

const WAIT_FOR_WRITERS: &str = "SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.erase', 0))";

/// Waits for every transaction that may not have seen what is suppressed.
pub(super) async fn wait_for_writers(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(WAIT_FOR_WRITERS).execute(conn).await.map(|_| ())
}

const DROP_TASKS: &str = "
DELETE FROM pipeline.enrichment_task
WHERE account_id = ANY ($1) OR target_id = ANY ($1) OR target_id = ANY ($2) OR target_id = ANY ($3)";

/// Takes the reads away; whoever is at one finds its lease lost and keeps nothing.
pub(super) async fn drop_tasks(
    conn: &mut PgConnection,
    request: &Open,
    subjects: &Subjects,
) -> Result<(), sqlx::Error> {
    let dropped = sqlx::query(DROP_TASKS)
        .bind(list(&subjects.ids))
        .bind(&subjects.media)
        .bind(&subjects.comments)
        .execute(&mut *conn)
        .await?;
    count(conn, request, &json!({ "pipeline.enrichment_task": dropped.rows_affected() })).await
}

const WAIT_FOR_SCORING: &str = "SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.sentiment', 0))";
const WAIT_FOR_ANALYSIS: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('cekbrand.analyse/' || $1, 0))";

/// Waits for whoever computes from the subjects' rows.
pub(super) async fn wait_for_analysts(
    conn: &mut PgConnection,
    subjects: &Subjects,
) -> Result<(), sqlx::Error> {
    sqlx::query(WAIT_FOR_SCORING).execute(&mut *conn).await?;
    for account_id in accounts(conn, subjects).await? {
        sqlx::query(WAIT_FOR_ANALYSIS).bind(account_id).execute(&mut *conn).await?;
    }
    Ok(())
}

// The days of their comments under media of others: history is computed again without them.
const MARK: &str = r#"
INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
SELECT DISTINCT
    account.account_id, (said.at AT TIME ZONE coalesce(owner.timezone, 'UTC'))::date, $3::timestamptz
FROM instagram.media_comment AS comment
CROSS JOIN LATERAL (
    VALUES (coalesce(comment."timestamp", comment.first_seen_at)), (comment.deleted_at)
) AS said (at)
INNER JOIN instagram.media AS medium ON medium.id = comment.media_id
INNER JOIN instagram.media AS post
    ON post.id = coalesce(medium.original_media_id, medium.parent_id, medium.id)
INNER JOIN pipeline.account ON account.account_id = post.user_id AND account.removed_at IS NULL
LEFT JOIN instagram."user" AS owner ON owner.id = post.user_id
WHERE comment.id = ANY ($1) AND said.at IS NOT NULL AND account.account_id <> ALL ($2)"#;

const ERASE_ROWS: &str = "SELECT pipeline.erase_rows($1, $2, $3)";

/// Deletes every row that names the subjects, and marks whose history changes with that.
pub(super) async fn erase_rows(
    conn: &mut PgConnection,
    request: &Open,
    subjects: &Subjects,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let ids = list(&subjects.ids);
    sqlx::query(MARK).bind(&subjects.comments).bind(&ids).bind(now.to_sqlx()).execute(&mut *conn).await?;
    let erased: Value = sqlx::query_scalar(ERASE_ROWS)
        .bind(ids)
        .bind(&subjects.media)
        .bind(&subjects.comments)
        .fetch_one(&mut *conn)
        .await?;
    count(conn, request, &erased).await
}
