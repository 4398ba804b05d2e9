//! Subjects that were erased do not come back: not with records that Kafka or a spool still holds, not with a
//! read, not with replay.
//!
//! The lock orders them: what is written was checked against everything that was being erased, or was written
//! before and is erased with the rest.
//!
//! - [`mention`]: how a text that names them is known. What is asked about them: records by `land`, rows by
//!   [`crate::rows`], answers by `enrich`. Who is put on the list, [`crate::erase`] says.

pub mod mention;

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use metrics::{counter, describe_counter};
use sqlx::PgConnection;

const SUPPRESSED: &str = "cekbrand_worker_suppressed_total";

const LOCK: &str = "SELECT pg_advisory_xact_lock_shared(hashtextextended('cekbrand.erase', 0))";

const IS_ANY: &str = "SELECT EXISTS (SELECT FROM pipeline.suppression)";

const WHICH: &str = "
SELECT DISTINCT given.place
FROM UNNEST($1::bigint[], $2::text[], $3::timestamptz[]) AS given (place, subject, received_at)
JOIN pipeline.suppression AS held ON held.subject_id = pipeline.subject_hash(given.subject)
WHERE held.lifted_at IS NULL OR given.received_at < held.lifted_at";

/// Something that may be about erased subjects.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Ids, and names as [`mention::name`] writes them.
    pub subjects: BTreeSet<String>,
    /// When it was received.
    pub received_at: Timestamp,
}

pub(crate) fn describe() {
    describe_counter!(
        SUPPRESSED,
        "Records and rows that were left out because they are about subjects that were erased"
    );
}

/// Whether anything at all is suppressed. Erasing waits for the transaction that asked.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn is_any(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query(LOCK).execute(&mut *conn).await?;
    // A statement of its own: what was committed while the lock was waited for must be seen.
    sqlx::query_scalar(IS_ANY).fetch_one(conn).await
}

/// The places, in their order, of the candidates that are about erased subjects.
///
/// # Errors
/// Whatever keeps the statement from running.
pub async fn which(conn: &mut PgConnection, candidates: &[Candidate]) -> Result<HashSet<usize>, sqlx::Error> {
    let (mut places, mut names, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for (place, candidate) in candidates.iter().enumerate() {
        for subject in &candidate.subjects {
            places.push(i64::try_from(place).unwrap_or(i64::MAX));
            names.push(subject.replace('\0', "\u{fffd}"));
            times.push(candidate.received_at.to_sqlx());
        }
    }
    let found: Vec<i64> =
        sqlx::query_scalar(WHICH).bind(places).bind(names).bind(times).fetch_all(conn).await?;
    counter!(SUPPRESSED).increment(found.len() as u64);
    Ok(found.into_iter().filter_map(|place| usize::try_from(place).ok()).collect())
}

/// Whether an answer names an erased subject, so that it is not to be recorded.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn mentions_erased(
    conn: &mut PgConnection,
    body: &str,
    received_at: Timestamp,
) -> Result<bool, sqlx::Error> {
    if !is_any(conn).await? {
        return Ok(false);
    }
    let candidate = Candidate { subjects: mention::mentioned(body), received_at };
    Ok(!which(conn, &[candidate]).await?.is_empty())
}
