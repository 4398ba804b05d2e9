//! What an operator sees of the spool.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use cekbrand_ingest::publish::memory::MemoryPublisher;
use cekbrand_ingest::publish::spool::SpoolPublisher;
use cekbrand_ingest::publish::{PublishError, Publisher};
use cekbrand_ingest::record::Record;
use cekbrand_schema::Lane;
use cekbrand_schema::identity::identify_body;

use super::{observe, spool_settings};
use crate::receiver::Receiver;
use crate::{one_comment, settings};

#[test]
fn what_is_spooled_and_what_may_come_twice_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let (metrics, _) = observe(async |_| {
        let kafka = Arc::new(MemoryPublisher::default());
        kafka.fail_with(Some(PublishError::TimedOut));
        let spool = SpoolPublisher::open(kafka, &spool_settings(directory.path())).unwrap();
        let receiver = Receiver::before(Arc::new(spool), &settings());
        for id in ["1", "2", "3"] {
            assert_eq!(receiver.deliver(one_comment(id, "halo").as_bytes()).await.status, StatusCode::OK);
        }
    });
    let spooled = metrics.count("cekbrand_ingest_spooled_records_total{}");
    let repeated = metrics.count("cekbrand_ingest_spool_repeated_records_total{}");
    assert_eq!(spooled, 3);
    assert!(repeated >= 1, "kafka may have taken the first although it did not say so");
    assert_eq!(metrics.count("cekbrand_ingest_deliveries_total{outcome=accepted}"), 3);
    assert!(metrics.gauge("cekbrand_ingest_spool_records") >= 3.0);
    assert!(metrics.gauge("cekbrand_ingest_spool_bytes") > 0.0);
}

/// Everything that lies in `directory` is published to a Kafka that takes it.
async fn drain(directory: &Path) -> Vec<String> {
    let kafka = Arc::new(MemoryPublisher::default());
    let spool = SpoolPublisher::open(Arc::clone(&kafka) as _, &spool_settings(directory)).unwrap();
    drained(&spool).await;
    kafka.records().into_iter().map(|record| record.key).collect()
}

async fn drained(spool: &SpoolPublisher) {
    let mut waiting = spool.waiting();
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while *waiting.borrow_and_update() > 0 {
        assert!(tokio::time::Instant::now() < deadline, "{} records still wait", *waiting.borrow());
        spool.check(Duration::ZERO);
        // Whether it changed or not: the loop looks again.
        let _changed = tokio::time::timeout(Duration::from_millis(20), waiting.changed()).await;
    }
}

fn comment(key: &str) -> Record {
    let (lane, value) = (Lane::Comments, key.as_bytes().to_vec());
    Record {
        lane,
        key: key.to_owned(),
        event_id: identify_body(key.as_bytes()),
        value,
        dead: None,
        trace: None,
    }
}

#[test]
fn a_lane_that_goes_away_is_told_and_each_time_that_it_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let (metrics, log) = observe(async |_| {
        let kafka = Arc::new(MemoryPublisher::default());
        kafka.fail_with(Some(PublishError::TimedOut));
        let spool = SpoolPublisher::open(Arc::clone(&kafka) as _, &spool_settings(directory.path())).unwrap();
        for key in ["1", "2", "3"] {
            spool.publish(vec![comment(key)]).await.unwrap();
        }
        kafka.fail_with(None);
        drained(&spool).await;
        assert_eq!(kafka.records().len(), 3);
    });
    let lines = log.lines.lock().unwrap();
    let told = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    let away = told("does not take this lane's records");
    // Where the drain has found nothing just then, the first record may be told apart from the others.
    assert!((1..=2).contains(&away), "{lines:#?}");
    assert_eq!(told("takes this lane's records again"), away, "{lines:#?}");
    for (name, count) in [("spooled_records", 3), ("spool_drained_records", 3)] {
        assert_eq!(metrics.count(&format!("cekbrand_ingest_{name}_total{{}}")), count, "{name}");
    }
    assert!(metrics.gauge("cekbrand_ingest_spool_records").abs() < 0.5, "nothing waits");
}

/// A disk may lie: what cannot be read is counted, by what it was, and costs nothing else.
#[test]
fn a_record_of_the_spool_that_is_damaged_is_counted_as_lost_and_a_torn_tail_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let (metrics, log) = observe(async |_| {
        let kafka = Arc::new(MemoryPublisher::default());
        kafka.fail_with(Some(PublishError::TimedOut));
        let spool = SpoolPublisher::open(kafka, &spool_settings(directory.path())).unwrap();
        for key in ["1", "2", "3", "4"] {
            spool.publish(vec![comment(key)]).await.unwrap();
        }
        let segment = Path::new("comments").join("00000000000000000001.spool");
        let mut bytes = std::fs::read(directory.path().join(&segment)).unwrap();
        // The last byte of the second record's value, and the end of the fourth.
        let frame = (bytes.len() - 16) / 4;
        bytes[16 + 2 * frame - 1] ^= 1;
        bytes.truncate(bytes.len() - 3);
        let left = tempfile::tempdir().unwrap();
        std::fs::create_dir(left.path().join("comments")).unwrap();
        std::fs::write(left.path().join(&segment), bytes).unwrap();
        assert_eq!(drain(left.path()).await, ["1", "3"]);
    });
    for what in ["record", "tail"] {
        assert_eq!(
            metrics.count(&format!("cekbrand_ingest_spool_damaged_total{{what={what}}}")),
            1,
            "{what}"
        );
    }
    let lines = log.lines.lock().unwrap();
    assert!(
        lines.iter().any(|line| line.starts_with("ERROR") && line.contains("damaged and lost")),
        "{lines:#?}"
    );
}
