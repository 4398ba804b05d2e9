//! Metrics that the API refused for several media of one kind, or for several accounts: then it is the metric
//! and not the object, until a day has passed or somebody gets an answer. One refusal says nothing about
//! other objects.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::reads::Subject;

/// So many objects make it the metric's fault.
const ENOUGH: usize = 3;
/// For how long a refusal counts.
const COUNTS_FOR: Duration = Duration::from_hours(24);

/// What this process was refused, by what was asked and metric. Each process finds out by itself.
#[derive(Debug, Default)]
pub struct Refusals {
    known: Mutex<BTreeMap<(Subject, &'static str), Evidence>>,
}

#[derive(Debug, Default)]
struct Evidence {
    objects: BTreeSet<String>,
    until: Timestamp,
}

impl Refusals {
    /// An object was refused a metric.
    pub fn note(&self, subject: Subject, metric: &'static str, id: &str, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let evidence = known.entry((subject, metric)).or_default();
        if evidence.until <= now {
            evidence.objects.clear();
        }
        if evidence.objects.len() < ENOUGH {
            evidence.objects.insert(id.to_owned());
            evidence.until = now.checked_add(COUNTS_FOR).unwrap_or(Timestamp::MAX);
        }
    }

    /// An object was answered: the metrics are not to blame.
    pub fn answered(&self, subject: Subject, metrics: &[&'static str]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for metric in metrics {
            known.remove(&(subject, *metric));
        }
    }

    /// The metrics that are not worth asking for.
    pub fn of(&self, subject: Subject, now: Timestamp) -> Vec<&'static str> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let believed = known.iter().filter(|((of, _), evidence)| {
            *of == subject && evidence.objects.len() >= ENOUGH && evidence.until > now
        });
        believed.map(|((_, metric), _)| *metric).collect()
    }
}

#[cfg(test)]
mod tests {
    use cekbrand_schema::ProductType;

    use super::*;

    const FEED: Subject = Subject::Media(ProductType::Feed);

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn refused(media: &[&str]) -> Refusals {
        let refusals = Refusals::default();
        for medium in media {
            refusals.note(FEED, "views", medium, at(0));
        }
        refusals
    }

    #[test]
    fn several_media_make_it_the_metrics_fault_and_one_however_often_does_not() {
        assert!(refused(&["1", "2", "2", "1"]).of(FEED, at(1)).is_empty());
        let refusals = refused(&["1", "2", "3"]);
        assert_eq!(refusals.of(FEED, at(1)), ["views"]);
        assert!(refusals.of(Subject::Media(ProductType::Story), at(1)).is_empty());
    }

    #[test]
    fn accounts_and_media_say_nothing_about_each_other() {
        let refusals = refused(&["1", "2", "3"]);
        assert!(refusals.of(Subject::Account, at(1)).is_empty());
    }

    #[test]
    fn an_answer_or_a_day_ends_it() {
        let refusals = refused(&["1", "2", "3"]);
        refusals.answered(FEED, &["views"]);
        assert!(refusals.of(FEED, at(1)).is_empty());
        let refusals = refused(&["1", "2", "3"]);
        refusals.note(FEED, "views", "4", at(23));
        assert_eq!(refusals.of(FEED, at(23)), ["views"]);
        assert!(refusals.of(FEED, at(24)).is_empty(), "what is not asked cannot prolong it");
        refusals.note(FEED, "views", "5", at(25));
        assert!(refusals.of(FEED, at(25)).is_empty(), "it starts anew");
    }
}
