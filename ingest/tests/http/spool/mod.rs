//! The spool around a publisher that takes what it is told to take.

mod crash;
mod kafka_away;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use cekbrand_ingest::publish::memory::MemoryPublisher;
use cekbrand_ingest::publish::spool::{SpoolError, SpoolPublisher, SpoolSettings};
use cekbrand_ingest::publish::{PublishError, Published, Publisher, Unflushed, Unpublished};
use cekbrand_ingest::record::Record;
use cekbrand_schema::Lane;
use cekbrand_schema::identity::identify_body;
use tempfile::tempdir;
use tokio::sync::Notify;

use crate::receiver::Receiver;
use crate::{one_comment, settings};

/// Kafka as the tests want it: lanes that it refuses, and answers that it holds back.
#[derive(Default)]
struct Kafka {
    taken: MemoryPublisher,
    refused: Mutex<Vec<Lane>>,
    /// Where set, a publish answers only after a notification.
    held_back: Mutex<Option<Arc<Notify>>>,
}

impl Kafka {
    fn away() -> Arc<Self> {
        let kafka = Self::default();
        kafka.refuse(&Lane::ALL);
        Arc::new(kafka)
    }

    fn refuse(&self, lanes: &[Lane]) {
        *self.refused.lock().unwrap() = lanes.to_vec();
    }

    fn keys(&self) -> Vec<String> {
        self.taken.records().into_iter().map(|record| record.key).collect()
    }
}

impl Publisher for Kafka {
    fn publish(&self, records: Vec<Record>) -> Published<'_> {
        let refused = self.refused.lock().unwrap().clone();
        let held_back = self.held_back.lock().unwrap().clone();
        Box::pin(async move {
            if let Some(notify) = held_back {
                notify.notified().await;
            }
            let (back, taken): (Vec<_>, Vec<_>) =
                records.into_iter().partition(|record| refused.contains(&record.lane));
            self.taken.publish(taken).await?;
            if back.is_empty() {
                Ok(())
            } else {
                Err(Unpublished { error: PublishError::TimedOut, records: back })
            }
        })
    }

    fn ready(&self) -> Result<(), String> {
        if self.refused.lock().unwrap().is_empty() { Ok(()) } else { Err("kafka is away".to_owned()) }
    }

    fn check(&self, _: Duration) {}

    fn flush(&self, _: Duration) -> Result<(), Unflushed> {
        Ok(())
    }
}

fn in_directory(directory: &Path) -> SpoolSettings {
    let after = Duration::from_secs(1);
    SpoolSettings { directory: directory.to_owned(), max_bytes: 16 << 20, after }
}

fn open(kafka: &Arc<Kafka>, directory: &Path) -> Arc<SpoolPublisher> {
    Arc::new(SpoolPublisher::open(Arc::clone(kafka) as _, &in_directory(directory)).unwrap())
}

fn record(lane: Lane, key: &str) -> Record {
    let event_id = identify_body(key.as_bytes());
    Record { lane, key: key.to_owned(), event_id, value: key.as_bytes().to_vec(), dead: None, trace: None }
}

fn comment(key: &str) -> Record {
    record(Lane::Comments, key)
}

/// Looks after the spool as the receiver does, until nothing waits in it.
async fn drained(spool: &SpoolPublisher) {
    until(spool, |waiting| waiting == 0).await;
}

async fn until(spool: &SpoolPublisher, enough: impl Fn(usize) -> bool) {
    let mut waiting = spool.waiting();
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while !enough(*waiting.borrow_and_update()) {
        assert!(tokio::time::Instant::now() < deadline, "{} records still wait", *waiting.borrow());
        spool.check(Duration::ZERO);
        // Whether it changed or not: the loop looks again.
        let _changed = tokio::time::timeout(Duration::from_millis(20), waiting.changed()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_kafka_is_away_deliveries_are_answered_200_and_published_in_order_when_it_is_back() {
    let (directory, kafka) = (tempdir().unwrap(), Kafka::away());
    let spool = open(&kafka, directory.path());
    let receiver = Receiver::before(Arc::clone(&spool) as _, &settings());
    for number in 0..50 {
        let body = one_comment(&number.to_string(), "halo");
        assert_eq!(receiver.deliver(body.as_bytes()).await.status, StatusCode::OK);
    }
    assert!(kafka.keys().is_empty());
    assert_eq!(spool.ready(), Ok(()), "what is sent to it is durable");
    let remark = spool.remark().unwrap();
    assert!(remark.contains("kafka is away") && remark.contains("50 records wait"), "{remark}");

    kafka.refuse(&[]);
    drained(&spool).await;
    let taken = kafka.taken.records();
    let ids: Vec<_> = taken.iter().map(|record| record.event_id).collect();
    let sent = Receiver::new(&settings());
    for number in 0..50 {
        sent.deliver(one_comment(&number.to_string(), "halo").as_bytes()).await;
    }
    let expected: Vec<_> = sent.publisher.records().iter().map(|record| record.event_id).collect();
    assert_eq!(ids, expected, "each once, in order");
    assert_eq!(spool.remark(), None);
    assert_eq!(
        std::fs::read_dir(directory.path().join("comments")).unwrap().count(),
        1,
        "the position alone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_kafka_refuses_holds_up_no_other() {
    let (directory, kafka) = (tempdir().unwrap(), Kafka::away());
    let spool = open(&kafka, directory.path());
    let both = vec![record(Lane::Control, "control"), record(Lane::StoryInsights, "story")];
    spool.publish(both).await.unwrap();
    kafka.refuse(&[Lane::Control]);
    until(&spool, |waiting| waiting == 1).await;
    assert_eq!(kafka.keys(), ["story"]);
    spool.publish(vec![record(Lane::StoryInsights, "live")]).await.unwrap();
    assert_eq!(kafka.keys(), ["story", "live"], "its records go to kafka again");
    kafka.refuse(&[]);
    drained(&spool).await;
    assert_eq!(kafka.keys(), ["story", "live", "control"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_is_503_loses_nothing_and_takes_more_when_it_is_drained() {
    let (directory, kafka) = (tempdir().unwrap(), Kafka::away());
    let small = SpoolSettings { max_bytes: 20_000, ..in_directory(directory.path()) };
    let spool = Arc::new(SpoolPublisher::open(Arc::clone(&kafka) as _, &small).unwrap());
    let receiver = Receiver::before(Arc::clone(&spool) as _, &settings());
    let mut accepted = 0;
    let refused = loop {
        let answer = receiver.deliver(one_comment(&accepted.to_string(), "halo").as_bytes()).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 1000, "the spool has no limit");
    };
    assert_eq!((refused.status, refused.retry_after), (StatusCode::SERVICE_UNAVAILABLE, true));
    assert!(accepted > 10);
    let reason = spool.ready().unwrap_err();
    assert!(reason.contains("kafka is away") && reason.contains("the spool is full"), "{reason}");

    kafka.refuse(&[]);
    drained(&spool).await;
    assert_eq!(kafka.keys().len(), accepted, "every delivery that was answered 200, and no other");
    assert_eq!(spool.ready(), Ok(()));
    kafka.refuse(&Lane::ALL);
    let again = receiver.deliver(one_comment("again", "halo").as_bytes()).await;
    assert_eq!(again.status, StatusCode::OK);
}

/// Answers come in rounds: everybody who waits gets one. Live traffic sends one record a round.
#[tokio::test(flavor = "multi_thread")]
async fn draining_keeps_up_with_live_traffic_and_does_not_hold_it_up() {
    const ROUNDS: usize = 40;
    let (directory, kafka) = (tempdir().unwrap(), Kafka::away());
    let spool = open(&kafka, directory.path());
    for number in 0..1000 {
        spool.publish(vec![comment(&format!("spooled-{number}"))]).await.unwrap();
    }
    kafka.refuse(&[]);
    until(&spool, |waiting| waiting < 1000).await;
    let answers = Arc::new(Notify::new());
    *kafka.held_back.lock().unwrap() = Some(Arc::clone(&answers));
    for round in 0..ROUNDS {
        let live = spool.publish(vec![comment(&format!("live-{round}"))]);
        tokio::pin!(live);
        let mut passed = false;
        while !passed {
            answers.notify_waiters();
            passed = tokio::time::timeout(Duration::from_millis(1), &mut live).await.is_ok();
        }
    }
    let keys = kafka.keys();
    let live = keys.iter().filter(|key| key.starts_with("live")).count();
    let drained = keys.len() - live;
    assert_eq!(live, ROUNDS, "each live record went to kafka, past those that wait");
    assert!(drained * 2 >= live, "{drained} drained beside {live}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_used_is_refused_with_one_sentence() {
    let (directory, kafka) = (tempdir().unwrap(), Kafka::away());
    let refused = |at: &Path| {
        let refused = SpoolPublisher::open(Arc::clone(&kafka) as _, &in_directory(at)).unwrap_err();
        assert!(refused.to_string().contains("CEKBRAND__INGEST__SPOOL_DIR"), "{refused}");
        refused
    };
    // A place where nobody may make a file, not even root.
    assert!(matches!(refused(Path::new("/proc/self/spool")), SpoolError::Directory { .. }));
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(matches!(refused(&file), SpoolError::Directory { .. }));

    let spool = open(&kafka, directory.path());
    assert!(matches!(refused(directory.path()), SpoolError::InUse(_)), "two would publish the same");
    drop(spool);

    let elsewhere = tempdir().unwrap();
    let unknown = elsewhere.path().join("a-lane-of-tomorrow");
    std::fs::create_dir(&unknown).unwrap();
    std::fs::write(unknown.join("00000000000000000001.spool"), "").unwrap();
    let opened = SpoolPublisher::open(Arc::clone(&kafka) as _, &in_directory(elsewhere.path()));
    assert!(matches!(opened.unwrap_err(), SpoolError::Version { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_is_503_and_the_spool_goes_on_when_it_works_again() {
    let (directory, kafka) = (tempdir().unwrap(), Kafka::away());
    let spool = open(&kafka, directory.path());
    let (lane, elsewhere) = (directory.path().join("comments"), directory.path().join("moved"));
    std::fs::rename(&lane, &elsewhere).unwrap();
    let back = spool.publish(vec![comment("1")]).await.unwrap_err();
    assert!(matches!(back.error, PublishError::SpoolFailed(_)));
    assert_eq!(back.records, [comment("1")], "what it could not keep comes back");
    assert!(spool.ready().unwrap_err().contains("the spool cannot be used"));
    std::fs::rename(&elsewhere, &lane).unwrap();
    spool.publish(vec![comment("2")]).await.unwrap();
    assert_eq!(spool.ready(), Ok(()));
    kafka.refuse(&[]);
    drained(&spool).await;
    assert_eq!(kafka.keys(), ["2"]);
}
