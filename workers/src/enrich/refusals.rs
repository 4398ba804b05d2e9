//! Metrics that the API refused for several media of one kind: then it is the metric and not the medium,
//! until a day has passed or somebody gets an answer. One refusal says nothing about other media.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cekbrand_schema::ProductType;
use jiff::Timestamp;

/// So many media make it the metric's fault.
const ENOUGH: usize = 3;
/// For how long a refusal counts.
const COUNTS_FOR: Duration = Duration::from_hours(24);

/// What this process was refused, by kind of medium and metric. Each process finds out by itself.
#[derive(Debug, Default)]
pub struct Refusals {
    known: Mutex<BTreeMap<(ProductType, &'static str), Evidence>>,
}

#[derive(Debug, Default)]
struct Evidence {
    media: BTreeSet<String>,
    until: Timestamp,
}

impl Refusals {
    /// A medium was refused a metric.
    pub fn note(&self, product: ProductType, metric: &'static str, media_id: &str, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let evidence = known.entry((product, metric)).or_default();
        if evidence.until <= now {
            evidence.media.clear();
        }
        if evidence.media.len() < ENOUGH {
            evidence.media.insert(media_id.to_owned());
            evidence.until = now.checked_add(COUNTS_FOR).unwrap_or(Timestamp::MAX);
        }
    }

    /// A medium was answered: the metrics are not to blame.
    pub fn answered(&self, product: ProductType, metrics: &[&'static str]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for metric in metrics {
            known.remove(&(product, *metric));
        }
    }

    /// The metrics that are not worth asking for.
    pub fn of(&self, product: ProductType, now: Timestamp) -> Vec<&'static str> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let believed = known.iter().filter(|((of, _), evidence)| {
            *of == product && evidence.media.len() >= ENOUGH && evidence.until > now
        });
        believed.map(|((_, metric), _)| *metric).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3600).unwrap()
    }

    fn refused(media: &[&str]) -> Refusals {
        let refusals = Refusals::default();
        for medium in media {
            refusals.note(ProductType::Feed, "views", medium, at(0));
        }
        refusals
    }

    #[test]
    fn several_media_make_it_the_metrics_fault_and_one_however_often_does_not() {
        assert!(refused(&["1", "2", "2", "1"]).of(ProductType::Feed, at(1)).is_empty());
        let refusals = refused(&["1", "2", "3"]);
        assert_eq!(refusals.of(ProductType::Feed, at(1)), ["views"]);
        assert!(refusals.of(ProductType::Story, at(1)).is_empty());
    }

    #[test]
    fn an_answer_or_a_day_ends_it() {
        let refusals = refused(&["1", "2", "3"]);
        refusals.answered(ProductType::Feed, &["views"]);
        assert!(refusals.of(ProductType::Feed, at(1)).is_empty());
        let refusals = refused(&["1", "2", "3"]);
        refusals.note(ProductType::Feed, "views", "4", at(23));
        assert_eq!(refusals.of(ProductType::Feed, at(23)), ["views"]);
        assert!(refusals.of(ProductType::Feed, at(24)).is_empty(), "what is not asked cannot prolong it");
        refusals.note(ProductType::Feed, "views", "5", at(25));
        assert!(refusals.of(ProductType::Feed, at(25)).is_empty(), "it starts anew");
    }
}
