//! A process that is killed leaves the files as they are: a copy of them is what the next one finds.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cekbrand_ingest::publish::spool::SpoolPublisher;
use cekbrand_ingest::publish::{Published, Publisher, Unflushed};
use cekbrand_ingest::record::Record;
use tempfile::{TempDir, tempdir};

use super::{Kafka, comment, drained, in_directory, open};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What a spool in this directory publishes when Kafka takes everything.
async fn published_from(directory: &Path) -> Vec<String> {
    let kafka = Arc::new(Kafka::default());
    drained(&open(&kafka, directory)).await;
    kafka.keys()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_spooling_everything_that_was_answered_is_published_after_the_restart() {
    let (directory, kafka) = (tempdir().unwrap(), Kafka::away());
    let spool = open(&kafka, directory.path());
    for number in 0..30 {
        spool.publish(vec![comment(&number.to_string())]).await.unwrap();
        let left = tempdir().unwrap();
        copy(directory.path(), left.path());
        assert_eq!(published_from(left.path()).await, numbers(0..number + 1), "killed after {number}");
    }
}

/// Copies the spool's directory whenever it publishes, before and after it has taken the records.
struct Witness {
    kafka: Kafka,
    directory: PathBuf,
    copies: Mutex<Vec<(TempDir, usize)>>,
}

impl Witness {
    fn copy(&self) {
        let left = tempdir().unwrap();
        copy(&self.directory, left.path());
        self.copies.lock().unwrap().push((left, self.kafka.keys().len()));
    }
}

impl Publisher for Witness {
    fn publish(&self, records: Vec<Record>) -> Published<'_> {
        Box::pin(async move {
            self.copy();
            let outcome = self.kafka.publish(records).await;
            self.copy();
            outcome
        })
    }

    fn ready(&self) -> Result<(), String> {
        self.kafka.ready()
    }

    fn check(&self, _: Duration) {}

    fn flush(&self, _: Duration) -> Result<(), Unflushed> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_draining_nothing_is_lost_and_only_the_batch_under_way_comes_twice() {
    const RECORDS: usize = 200;
    let filled = tempdir().unwrap();
    let kafka = Kafka::away();
    let spool = open(&kafka, filled.path());
    for number in 0..RECORDS {
        spool.publish(vec![comment(&number.to_string())]).await.unwrap();
    }
    let directory = tempdir().unwrap();
    copy(filled.path(), directory.path());

    let witness = Arc::new(Witness {
        kafka: Kafka::default(),
        directory: directory.path().to_owned(),
        copies: Mutex::default(),
    });
    let settings = in_directory(directory.path());
    drained(&SpoolPublisher::open(Arc::clone(&witness) as _, &settings).unwrap()).await;
    assert_eq!(witness.kafka.keys(), numbers(0..RECORDS));
    let copies = std::mem::take(&mut *witness.copies.lock().unwrap());
    assert!(copies.len() > 10, "batches begin small");
    let mut before_batch = 0;
    for (index, (left, taken)) in copies.iter().enumerate() {
        if index % 2 == 0 {
            before_batch = *taken;
        }
        let again = published_from(left.path()).await;
        assert_eq!(again, numbers(before_batch..RECORDS), "killed with {taken} taken");
    }
}
