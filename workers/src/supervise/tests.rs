//! A loop that panics, ends, halts or stands still is seen.

use std::sync::atomic::{AtomicU32, Ordering};

use cekbrand_schema::ManualClock;
use jiff::Timestamp;

use super::*;

const LIMIT: Duration = Duration::from_mins(1);

/// A clock, a stop, and what the list says.
struct Bench {
    hand: ManualClock,
    clock: SharedClock,
    stop: CancellationToken,
}

impl Bench {
    fn new() -> Self {
        let hand = ManualClock::new(Timestamp::UNIX_EPOCH);
        Self { clock: Arc::new(hand.clone()), hand, stop: CancellationToken::new() }
    }

    fn pulse(&self) -> Pulse {
        Pulse::new(&self.clock, LIMIT)
    }

    fn list(&self, list: Vec<Loop>) -> Loops {
        Loops::new(list, Arc::clone(&self.clock), self.stop.clone())
    }

    /// A loop that does nothing until it is stopped.
    fn idle(&self, name: &'static str) -> Loop {
        let stop = self.stop.clone();
        Loop::new(name, AtEnd::Halt, self.pulse(), move || {
            let stop = stop.clone();
            Box::pin(async move {
                stop.cancelled().await;
                Ok(())
            })
        })
    }
}

#[tokio::test]
async fn a_loop_that_stands_still_or_is_in_trouble_makes_the_worker_unready_and_is_named() {
    let bench = Bench::new();
    let troubled = Arc::new(bench.pulse());
    let held = Arc::clone(&troubled);
    let second = Loop::beating("second", AtEnd::Halt, held, || Box::pin(async { Ok(()) }));
    let ready = bench.list(vec![bench.idle("first"), second]).readiness();
    assert_eq!(ready(), Ok(()));
    troubled.trouble("postgresql is away".to_owned());
    assert_eq!(ready(), Err("second: postgresql is away".to_owned()));
    troubled.well();
    assert_eq!(ready(), Ok(()));
    bench.hand.advance(LIMIT + Duration::from_secs(1));
    troubled.beat();
    assert_eq!(ready(), Err("first: it has stood still for 61 s".to_owned()));
}

#[tokio::test]
async fn a_loop_that_panics_or_ends_is_started_anew_and_unready_meanwhile() {
    let bench = Bench::new();
    let starts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&starts);
    let (third, stop) = (Arc::new(tokio::sync::Notify::new()), bench.stop.clone());
    let reached = Arc::clone(&third);
    let list = bench.list(vec![Loop::new("fragile", AtEnd::Restart, bench.pulse(), move || {
        let (start, reached, stop) =
            (counted.fetch_add(1, Ordering::Relaxed), Arc::clone(&reached), stop.clone());
        Box::pin(async move {
            match start {
                0 => panic!("a glass broke"),
                1 => Ok(()),
                _ => {
                    reached.notify_one();
                    stop.cancelled().await;
                    Ok(())
                }
            }
        })
    })]);
    let ready = list.readiness();
    let running = tokio::spawn(list.run());
    for why in ["it panicked: a glass broke", "it ended although nobody asked it to"] {
        while ready() != Err(format!("fragile: {why}")) {
            tokio::task::yield_now().await;
        }
        bench.hand.advance(Duration::from_secs(2));
    }
    third.notified().await;
    assert_eq!((ready(), starts.load(Ordering::Relaxed)), (Ok(()), 3));
    bench.stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_loop_whose_end_halts_ends_the_others_with_its_reason() {
    let bench = Bench::new();
    let fragile = Loop::new("lane", AtEnd::Halt, bench.pulse(), || Box::pin(async { panic!("no more") }));
    let halt = bench.list(vec![bench.idle("other"), fragile]).run().await.unwrap_err();
    assert_eq!(halt.to_string(), "the loop lane has ended: it panicked: no more");
    assert!(bench.stop.is_cancelled());
}

#[tokio::test]
async fn loops_that_are_told_to_end_end_well() {
    let bench = Bench::new();
    let list = bench.list(vec![bench.idle("first"), bench.idle("second")]);
    bench.stop.cancel();
    assert!(list.run().await.is_ok());
}
