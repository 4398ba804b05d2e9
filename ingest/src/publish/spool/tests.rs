//! A log whose files are cut off or changed at every place that they have.

use std::path::Path;

use cekbrand_schema::Lane;

use super::log::{Batch, Log};
use super::reader::Damage;
use super::{SpoolError, segment, stored};
use crate::record::Record;
use crate::record::tests::record;

const LANE: Lane = Lane::Comments;

fn open(directory: &Path) -> Log {
    Log::open(directory, LANE, 1 << 20).unwrap()
}

fn written(keys: &[&str]) -> Vec<Vec<u8>> {
    keys.iter().map(|key| stored::write(&record(key)).unwrap()).collect()
}

/// What a log still has to publish, one batch, and what of it was damaged.
fn rest(log: &mut Log) -> (Vec<String>, Vec<Damage>) {
    let batch = log.next_batch(100, 1 << 20).unwrap().unwrap_or_default();
    log.finish(&batch).unwrap();
    (keys(&batch), batch.damaged.iter().map(|place| place.damage).collect())
}

fn keys(batch: &Batch) -> Vec<String> {
    batch.records.iter().map(|record| record.key.clone()).collect()
}

/// A log of three records as a process that was killed leaves it: the bytes of its only segment.
fn segment_of_three() -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).append(&written(&["a", "b", "c"])).unwrap();
    std::fs::read(segment::path(directory.path(), 1)).unwrap()
}

/// A log whose only segment is these bytes.
fn log_of(bytes: &[u8]) -> (tempfile::TempDir, Log) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(segment::path(directory.path(), 1), bytes).unwrap();
    let log = open(directory.path());
    (directory, log)
}

#[test]
fn a_tail_torn_at_any_byte_costs_no_other_record_and_the_log_goes_on() {
    let bytes = segment_of_three();
    let frame = (bytes.len() - 16) / 3;
    for length in bytes.len() - frame..bytes.len() {
        let (_directory, mut log) = log_of(&bytes[..length]);
        log.append(&written(&["d"])).unwrap();
        let (keys, damaged) = rest(&mut log);
        assert_eq!(keys, ["a", "b", "d"], "cut at {length}");
        let is_torn = length > bytes.len() - frame;
        assert_eq!(damaged, if is_torn { vec![Damage::Tail] } else { vec![] }, "cut at {length}");
        assert_eq!(log.bytes(), 0, "what is drained takes no room");
    }
}

#[test]
fn a_flipped_bit_at_any_place_costs_the_record_that_it_hits_and_is_reported() {
    let bytes = segment_of_three();
    let frame = (bytes.len() - 16) / 3;
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1 << (place % 8);
        let (_directory, mut log) = log_of(&changed);
        let (keys, damaged) = rest(&mut log);
        let mut left = vec!["a", "b", "c"];
        if place >= 16 {
            left.remove((place - 16) / frame);
        }
        assert_eq!(keys, left, "byte {place}");
        assert_eq!(damaged.len(), usize::from(place >= 16), "byte {place}");
    }
}

#[test]
fn a_position_that_cannot_be_read_costs_nothing_but_repetition() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = open(directory.path());
    log.append(&written(&["a", "b", "c"])).unwrap();
    let first = log.next_batch(1, 1 << 20).unwrap().unwrap();
    log.finish(&first).unwrap();
    let second = log.next_batch(1, 1 << 20).unwrap().unwrap();
    assert_eq!((keys(&first), keys(&second)), (vec!["a".to_owned()], vec!["b".to_owned()]));
    drop(log);

    // Killed while the second was under way: the first does not come again, the second may have been taken.
    let next = open(directory.path()).next_batch(100, 1 << 20).unwrap().unwrap();
    assert_eq!((keys(&next), next.repeated), (vec!["b".to_owned(), "c".to_owned()], 1));

    let path = directory.path().join("position");
    let position = std::fs::read(&path).unwrap();
    for place in 0..position.len() {
        let mut changed = position.clone();
        changed[place] ^= 1 << (place % 8);
        std::fs::write(&path, changed).unwrap();
        let all = open(directory.path()).next_batch(100, 1 << 20).unwrap().unwrap();
        assert_eq!((keys(&all).join(""), all.repeated), ("abc".to_owned(), 3), "byte {place}");
        std::fs::write(&path, &position).unwrap();
    }
}

#[test]
fn a_segment_of_another_version_is_refused_with_what_to_do() {
    let mut bytes = segment_of_three();
    bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let proof = crc32fast::hash(&bytes[..12]);
    bytes[12..16].copy_from_slice(&proof.to_le_bytes());
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(segment::path(directory.path(), 1), &bytes).unwrap();
    let refused = Log::open(directory.path(), LANE, 1 << 20).unwrap_err();
    assert!(matches!(refused, SpoolError::Version { .. }));
    let sentence = refused.to_string();
    assert!(sentence.contains("another version") && sentence.contains("drain it"), "{sentence}");
    assert_eq!(std::fs::read(segment::path(directory.path(), 1)).unwrap(), bytes, "nothing was changed");
}

#[test]
fn records_are_read_in_order_over_many_segments_and_batches() {
    let directory = tempfile::tempdir().unwrap();
    let mut log = Log::open(directory.path(), LANE, 1000).unwrap();
    let sent: Vec<String> = (0..100).map(|number| format!("{number:03}")).collect();
    for keys in sent.chunks(3) {
        log.append(&written(&keys.iter().map(String::as_str).collect::<Vec<_>>())).unwrap();
    }
    assert!(segment::list(directory.path()).unwrap().len() > 5);
    drop(log);
    let mut log = Log::open(directory.path(), LANE, 1000).unwrap();
    assert_eq!(log.waiting(), 100);
    let mut read = Vec::new();
    while let Some(batch) = log.next_batch(7, 1 << 20).unwrap() {
        read.extend(keys(&batch));
        log.finish(&batch).unwrap();
    }
    assert_eq!(read, sent);
    assert_eq!((log.waiting(), log.bytes()), (0, 0));
    assert!(segment::list(directory.path()).unwrap().is_empty());
}

#[test]
fn the_largest_record_is_read_again_and_so_is_what_follows_when_it_is_damaged() {
    let large = |key: &str| Record { value: vec![7; 900_000], ..record(key) };
    let records: Vec<_> =
        ["a", "b", "c", "d", "e", "f", "g"].map(|key| stored::write(&large(key)).unwrap()).into();
    let directory = tempfile::tempdir().unwrap();
    open(directory.path()).append(&records).unwrap();
    let path = segment::path(directory.path(), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    // In the length of the second record's header.
    bytes[16 + records[0].len() + 32 + 6] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let batch = open(directory.path()).next_batch(100, 100 << 20).unwrap().unwrap();
    assert_eq!(keys(&batch).join(""), "acdefg");
    assert_eq!(batch.damaged.len(), 1);
}
