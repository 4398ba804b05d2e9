//! What a lane tells of its batches: metrics, and a copy of its offsets for Kafka.

use cekbrand_schema::Lane;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use super::LaneRunner;
use crate::land::batch::Outcome;
use crate::land::position;

const LAG: &str = "cekbrand_worker_lag_records";

/// Shows how many records of this worker's partitions are still to be read. What the client does not know yet
/// (below zero) counts for nothing.
pub(super) fn lag(lane: Lane, of_partitions: impl Iterator<Item = i64>) {
    let records: i64 = of_partitions.filter(|lag| *lag > 0).sum();
    metrics::gauge!(LAG, "lane" => lane.as_str()).set(records as f64);
}

impl LaneRunner {
    pub(super) fn count(&self, outcome: &Outcome) {
        let lane = self.lander.lane.as_str();
        let tally = outcome.tally;
        let counts = [
            ("landed", tally.landed),
            ("duplicate", tally.duplicates),
            ("dead_lettered", tally.dead_lettered),
            ("continued", tally.continued),
        ];
        for (name, count) in counts {
            metrics::counter!("cekbrand_worker_changes_total", "lane" => lane, "outcome" => name)
                .increment(count);
        }
        for (partition, expired) in &outcome.expired {
            position::count_expired(&self.place(*partition, None), *expired);
        }
        tracing::debug!(
            lane,
            changes.landed = tally.landed,
            changes.all = tally.total(),
            "a batch has landed"
        );
    }

    /// Kafka gets a copy of the offsets, for tools that show lag. Nothing of ours reads it, so a failure is
    /// only worth a word.
    pub(super) fn copy_offsets(&self, outcome: &Outcome) {
        let mut copy = TopicPartitionList::new();
        for (partition, next) in &outcome.next {
            let added = copy.add_partition_offset(&self.lander.topic, *partition, Offset::Offset(*next));
            if let Err(error) = added {
                tracing::debug!(error = %error, "an offset could not be copied to kafka");
            }
        }
        if let Err(error) = self.consumer.commit(&copy, CommitMode::Async) {
            tracing::debug!(error = %error, "the offsets could not be copied to kafka");
        }
    }
}

pub(in crate::land) fn describe() {
    metrics::describe_counter!(
        "cekbrand_worker_changes_total",
        "What became of the records of a lane: landed, duplicate, dead_lettered, continued"
    );
    metrics::describe_gauge!(
        LAG,
        "Records in Kafka that a worker's partitions have not been read up to, by lane; the sum over workers is the lag"
    );
    metrics::describe_histogram!(
        "cekbrand_worker_land_seconds",
        metrics::Unit::Seconds,
        "From a gathered batch to its commit, tries included"
    );
    metrics::describe_counter!(
        "cekbrand_worker_lane_leaves_total",
        "How often a lane left its group because the database did not let it go on"
    );
}
