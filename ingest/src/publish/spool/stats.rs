//! What an operator sees of the spool.

use cekbrand_schema::Lane;
use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};

use super::reader::{Damage, DamagedPlace};

const SPOOLED: &str = "cekbrand_ingest_spooled_records_total";
const DRAINED: &str = "cekbrand_ingest_spool_drained_records_total";
const REPEATED: &str = "cekbrand_ingest_spool_repeated_records_total";
const DAMAGED: &str = "cekbrand_ingest_spool_damaged_total";
const WAITING: &str = "cekbrand_ingest_spool_records";
const BYTES: &str = "cekbrand_ingest_spool_bytes";

/// Handles of the spool's metrics.
pub(super) struct Stats {
    pub(super) spooled: Counter,
    pub(super) drained: Counter,
    /// See the books in [`super`].
    pub(super) repeated: Counter,
    pub(super) waiting: Gauge,
    pub(super) bytes: Gauge,
    damaged_records: Counter,
    damaged_tails: Counter,
}

impl Stats {
    pub(super) fn new() -> Self {
        describe_counter!(SPOOLED, "Records that were written to the spool because Kafka did not take them");
        describe_counter!(DRAINED, "Records of the spool that Kafka acknowledged");
        describe_counter!(
            REPEATED,
            "Records published from the spool that Kafka may have had before; each is a duplicate at most"
        );
        describe_counter!(
            DAMAGED,
            "Places of the spool that cannot be read: a record, or a tail that was cut off while it was written"
        );
        describe_gauge!(WAITING, "Records in the spool that Kafka has not acknowledged");
        describe_gauge!(BYTES, "What the spool takes on disk");
        Self {
            spooled: counter!(SPOOLED),
            drained: counter!(DRAINED),
            repeated: counter!(REPEATED),
            waiting: gauge!(WAITING),
            bytes: gauge!(BYTES),
            damaged_records: counter!(DAMAGED, "what" => "record"),
            damaged_tails: counter!(DAMAGED, "what" => "tail"),
        }
    }

    /// A place could not be read.
    pub(super) fn damaged(&self, lane: Lane, damaged: &DamagedPlace) {
        let (segment, offset) = (damaged.place.segment, damaged.place.offset);
        match damaged.damage {
            Damage::Record => {
                self.damaged_records.increment(1);
                tracing::error!(
                    lane = %lane,
                    spool.segment = segment,
                    spool.offset = offset,
                    "a record of the spool is damaged and lost: check the disk"
                );
            }
            Damage::Tail => {
                self.damaged_tails.increment(1);
                tracing::warn!(
                    lane = %lane,
                    spool.segment = segment,
                    spool.offset = offset,
                    "a segment of the spool ends with what is no record: a write that was cut off before \
                     it was answered, or a damaged last record"
                );
            }
        }
    }
}
