//! The statements about requests: which are open, what they erased, how they end.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::PgConnection;

use super::request::{Kind, Open};
use super::subjects::{Subjects, list};

const IS_ANY_OPEN: &str = "SELECT EXISTS (SELECT FROM pipeline.deletion_request WHERE finished_at IS NULL)";
const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended('cekbrand.eraser', 0))";
const UNLOCK: &str = "SELECT pg_advisory_unlock(hashtextextended('cekbrand.eraser', 0))";

pub(super) async fn is_any_open(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(IS_ANY_OPEN).fetch_one(conn).await
}

/// Makes this session the one that erases.
pub(super) async fn try_lock(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(TRY_LOCK).fetch_one(conn).await
}

pub(super) async fn unlock(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(UNLOCK).execute(conn).await.map(|_| ())
}

const OPEN: &str = "
SELECT confirmation_code, kind, app_scoped_id FROM pipeline.deletion_request
WHERE finished_at IS NULL ORDER BY requested_at, confirmation_code LIMIT 100";

/// The requests that are not fulfilled, the oldest first.
pub(super) async fn open(conn: &mut PgConnection) -> Result<Vec<Open>, sqlx::Error> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(OPEN).fetch_all(conn).await?;
    let open = |(code, kind, id): (String, String, String)| Some(Open { code, kind: Kind::of(&kind)?, id });
    Ok(rows.into_iter().filter_map(open).collect())
}

const BEGIN: &str = "UPDATE pipeline.deletion_request SET state = 'running' WHERE confirmation_code = $1";

pub(super) async fn begin(conn: &mut PgConnection, request: &Open) -> Result<(), sqlx::Error> {
    sqlx::query(BEGIN).bind(&request.code).execute(conn).await.map(|_| ())
}

const COUNT: &str = "
UPDATE pipeline.deletion_request SET erased = coalesce((
    SELECT jsonb_object_agg(sums.name, sums.n)
    FROM (
        SELECT each.key AS name, sum(each.value::bigint) AS n
        FROM (
            SELECT key, value FROM jsonb_each_text(erased)
            UNION ALL SELECT key, value FROM jsonb_each_text($2::jsonb)
        ) AS each
        GROUP BY each.key
        HAVING sum(each.value::bigint) > 0
    ) AS sums), '{}')
WHERE confirmation_code = $1";

/// Adds rows by table to what a request has erased.
pub(super) async fn count(
    conn: &mut PgConnection,
    request: &Open,
    erased: &Value,
) -> Result<(), sqlx::Error> {
    sqlx::query(COUNT).bind(&request.code).bind(erased).execute(conn).await.map(|_| ())
}

const HAS_ERASED: &str = "SELECT erased <> '{}' FROM pipeline.deletion_request WHERE confirmation_code = $1";

pub(super) async fn has_erased(conn: &mut PgConnection, request: &Open) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(HAS_ERASED).bind(&request.code).fetch_one(conn).await
}

const FINISH: &str = "
UPDATE pipeline.deletion_request SET
    state = CASE WHEN $2 THEN 'done' ELSE 'nothing_held' END, finished_at = GREATEST($3, requested_at)
WHERE confirmation_code = $1";

pub(super) async fn finish(
    conn: &mut PgConnection,
    request: &Open,
    found: bool,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(FINISH).bind(&request.code).bind(found).bind(now.to_sqlx()).execute(conn).await.map(|_| ())
}

const FORGET_REQUESTS: &str = "
UPDATE pipeline.deletion_request SET app_scoped_id = '', account_id = NULL
WHERE finished_at IS NOT NULL AND (app_scoped_id = ANY ($1) OR account_id = ANY ($1))";

const FORGET_DUTIES: &str = "
DELETE FROM pipeline.event WHERE object = 'signed_request' AND account_id = ANY ($1)";

const FORGET_AUDIT: &str = "
UPDATE pipeline.audit SET target = '(erased)', detail = '{}'
WHERE target = ANY ($1) OR detail::text ~ $2";

const FORGET_REPLAYS: &str =
    "UPDATE pipeline.replay_run SET account_id = '(erased)' WHERE account_id = ANY ($1)";

const NOTE: &str = "
INSERT INTO pipeline.audit (at, actor, action, target, detail)
SELECT $2, 'worker', 'erase', confirmation_code, erased FROM pipeline.deletion_request
WHERE confirmation_code = $1";

/// Takes the subjects out of what is kept about duties and commands.
pub(super) async fn forget_requests(
    conn: &mut PgConnection,
    request: &Open,
    subjects: &Subjects,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let ids = list(&subjects.ids);
    for statement in [FORGET_REQUESTS, FORGET_DUTIES, FORGET_REPLAYS] {
        sqlx::query(statement).bind(&ids).execute(&mut *conn).await?;
    }
    sqlx::query(FORGET_AUDIT).bind(&ids).bind(subjects.in_request()).execute(&mut *conn).await?;
    sqlx::query(NOTE).bind(&request.code).bind(now.to_sqlx()).execute(conn).await.map(|_| ())
}
