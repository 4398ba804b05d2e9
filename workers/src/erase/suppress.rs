//! Subjects that were erased do not come back: not with records that Kafka or a spool still holds, not with a
//! read, not with replay.
//!
//! The lock orders them: what is written was checked against everything that was being erased, or was written
//! before and is erased with the rest.

use std::collections::{BTreeSet, HashSet};

use cekbrand_schema::topic::SIGNED_REQUEST;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use metrics::{counter, describe_counter};
use sqlx::PgConnection;

use super::subjects;
use crate::land::decode::{Content, Incoming};

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
    /// Ids, and names as [`subjects::name`] writes them.
    pub subjects: BTreeSet<String>,
    /// When it was received.
    pub received_at: Timestamp,
}

pub(super) fn describe() {
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

/// The records, by partition and offset, that are about erased subjects.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn records(
    conn: &mut PgConnection,
    records: &[&Incoming],
    now: Timestamp,
) -> Result<HashSet<(i32, i64)>, sqlx::Error> {
    if !is_any(conn).await? {
        return Ok(HashSet::new());
    }
    let candidates: Vec<Candidate> = records.iter().map(|record| candidate(record, now)).collect();
    let found = which(conn, &candidates).await?;
    Ok(found.into_iter().map(|place| (records[place].partition, records[place].offset)).collect())
}

fn candidate(record: &Incoming, now: Timestamp) -> Candidate {
    match &record.content {
        // A duty to forget is taken however often it comes.
        Content::Change(change) if change.object == SIGNED_REQUEST => {
            Candidate { subjects: BTreeSet::new(), received_at: change.received_at }
        }
        Content::Change(change) => {
            let mut found = subjects::mentioned(&change.raw);
            found.extend(change.extra.iter().flat_map(|extra| subjects::mentioned(extra)));
            found.insert(change.account_id.as_str().to_owned());
            found.extend(change.subject_id.clone());
            Candidate { subjects: found, received_at: change.received_at }
        }
        Content::DeadPart(part) => Candidate {
            subjects: subjects::long_numbers(&record.bytes),
            received_at: part.received_at.unwrap_or(now),
        },
        Content::Undecodable { .. } => {
            Candidate { subjects: subjects::long_numbers(&record.bytes), received_at: now }
        }
    }
}
