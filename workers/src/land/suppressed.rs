//! Records that are about erased subjects: a topic or a spool may hold them for days.

use std::collections::{BTreeSet, HashSet};

use cekbrand_schema::topic::SIGNED_REQUEST;
use jiff::Timestamp;
use sqlx::PgConnection;

use super::decode::{Content, Incoming};
use crate::suppress::{Candidate, is_any, mention, which};

/// The places, in their order, of the records that are about erased subjects.
///
/// # Errors
/// Whatever keeps the statements from running.
pub(super) async fn records(
    conn: &mut PgConnection,
    records: &[&Incoming],
    now: Timestamp,
) -> Result<HashSet<usize>, sqlx::Error> {
    if !is_any(conn).await? {
        return Ok(HashSet::new());
    }
    let candidates: Vec<Candidate> = records.iter().map(|record| candidate(record, now)).collect();
    which(conn, &candidates).await
}

fn candidate(record: &Incoming, now: Timestamp) -> Candidate {
    match &record.content {
        // A duty to forget is taken however often it comes.
        Content::Change(change) if change.object == SIGNED_REQUEST => {
            Candidate { subjects: BTreeSet::new(), received_at: change.received_at }
        }
        Content::Change(change) => {
            let mut found = mention::mentioned(&change.raw);
            found.extend(change.extra.iter().flat_map(|extra| mention::mentioned(extra)));
            found.insert(change.account_id.as_str().to_owned());
            found.extend(change.subject_id.clone());
            Candidate { subjects: found, received_at: change.received_at }
        }
        Content::DeadPart(part) => Candidate {
            subjects: mention::long_numbers(&record.bytes),
            received_at: part.received_at.unwrap_or(now),
        },
        Content::Undecodable { .. } => {
            Candidate { subjects: mention::long_numbers(&record.bytes), received_at: now }
        }
    }
}
