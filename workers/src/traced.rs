//! Where traces are on: a Graph read, and the analytics of an account, go on with the trace of the delivery
//! that wanted them. Where they are off, nothing here asks the database anything.
//!
//! A failure costs a trace and nothing else, so that it is only worth a word.

use std::collections::BTreeMap;

use cekbrand_schema::trace::{self, TraceParent};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use sqlx::{PgConnection, PgPool};
use tracing::Span;

/// For how long reads go on with a delivery's trace; a read that comes later has another cause.
const FOLLOWED_FOR: SignedDuration = SignedDuration::from_mins(10);

// In the order of the key, so that two workers cannot wait for each other.
const NOTE: &str = "
INSERT INTO pipeline.trace AS t (subject, traceparent, seen_at)
SELECT sha256(convert_to(account || '/' || target, 'UTF8')), traceparent, $4
FROM UNNEST($1::text[], $2::text[], $3::text[]) AS given (account, target, traceparent)
ORDER BY 1
ON CONFLICT (subject) DO UPDATE SET traceparent = excluded.traceparent, seen_at = excluded.seen_at";

const FORGET: &str = "
DELETE FROM pipeline.trace
WHERE seen_at < $1";

const FIND: &str = "
SELECT traceparent
FROM pipeline.trace
WHERE subject = sha256(convert_to($1 || '/' || $2, 'UTF8')) AND seen_at >= $3";

/// What an account's reads of a target are known by; an empty target stands for its analytics.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    pub(crate) account_id: String,
    pub(crate) target_id: String,
}

/// Notes which trace the reads go on with that a batch makes wanted.
pub(crate) async fn note(pool: &PgPool, traces: &BTreeMap<Subject, TraceParent>, now: Timestamp) {
    if traces.is_empty() {
        return;
    }
    let noted = async {
        let mut conn = pool.acquire().await?;
        sqlx::query(FORGET).bind(since(now).to_sqlx()).execute(&mut *conn).await?;
        sqlx::query(NOTE)
            .bind(traces.keys().map(|subject| subject.account_id.as_str()).collect::<Vec<_>>())
            .bind(traces.keys().map(|subject| subject.target_id.as_str()).collect::<Vec<_>>())
            .bind(traces.values().map(TraceParent::as_str).collect::<Vec<_>>())
            .bind(now.to_sqlx())
            .execute(&mut *conn)
            .await
    };
    if let Err(error) = noted.await {
        tracing::debug!(%error, "traces could not be noted");
    }
}

/// Makes a span go on with the trace of the delivery that wanted it, if there is one.
pub(crate) async fn follow(
    conn: &mut PgConnection,
    span: &Span,
    account_id: &str,
    target_id: &str,
    now: Timestamp,
) {
    if !trace::is_on() {
        return;
    }
    let query = sqlx::query_scalar(FIND).bind(account_id).bind(target_id).bind(since(now).to_sqlx());
    let found: Result<Option<String>, sqlx::Error> = query.fetch_optional(conn).await;
    match found {
        Ok(found) => {
            if let Some(parent) = found.as_deref().and_then(TraceParent::read) {
                trace::follow(span, &parent);
            }
        }
        Err(error) => tracing::debug!(%error, "a trace could not be found"),
    }
}

fn since(now: Timestamp) -> Timestamp {
    now.checked_sub(FOLLOWED_FOR).unwrap_or(Timestamp::MIN)
}
