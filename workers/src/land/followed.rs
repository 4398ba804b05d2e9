//! Where traces are on: a batch has a span in the trace of each delivery that it holds changes of, and the
//! reads that those make wanted go on from there.

use std::collections::{BTreeMap, HashMap};

use cekbrand_schema::trace::{self, TraceParent};
use jiff::Timestamp;
use sqlx::PgPool;
use tracing::Span;

use super::decode::{Content, Incoming};
use super::made::Made;
use crate::traced::{self, Subject};

/// The spans of a batch in the traces of its deliveries. They end when this is dropped.
#[derive(Default)]
pub(super) struct Followed {
    others: Vec<Span>,
}

/// Makes `span` go on with the first delivery's trace, and others like it with those of the others. While
/// traces are off this does nothing.
pub(super) async fn follow(
    pool: &PgPool,
    records: &[Incoming],
    span: &Span,
    another: impl Fn() -> Span,
    now: Timestamp,
) -> Followed {
    if !trace::is_on() {
        return Followed::default();
    }
    let mut places: HashMap<TraceParent, TraceParent> = HashMap::new();
    let mut followed = Followed::default();
    for parent in records.iter().filter_map(|record| record.trace.as_ref()) {
        if places.contains_key(parent) {
            continue;
        }
        let each = if places.is_empty() { span.clone() } else { another() };
        trace::follow(&each, parent);
        // Reads go on from here; where the span is not recorded, from where it would have.
        places.insert(parent.clone(), trace::place(&each).unwrap_or_else(|| parent.clone()));
        if places.len() > 1 {
            followed.others.push(each);
        }
    }
    traced::note(pool, &wanted(records, &places), now).await;
    followed
}

/// Which trace each read goes on with that the records may make wanted.
fn wanted(
    records: &[Incoming],
    places: &HashMap<TraceParent, TraceParent>,
) -> BTreeMap<Subject, TraceParent> {
    let mut wanted = BTreeMap::new();
    for record in records {
        let place = record.trace.as_ref().and_then(|parent| places.get(parent));
        let (Some(place), Content::Change(change)) = (place, &record.content) else { continue };
        let mut made = Made::default();
        made.add(change);
        let account_id = change.account_id.as_str().to_owned();
        let targets = made.tasks.into_keys().map(|key| key.target_id).chain([String::new()]);
        for target_id in targets {
            wanted.insert(Subject { account_id: account_id.clone(), target_id }, place.clone());
        }
    }
    wanted
}
