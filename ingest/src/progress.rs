//! What Kafka last said: what readiness is made of.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cekbrand_schema::{Lane, SharedClock};

use crate::record::Record;

/// How old the last sign of life may be for the receiver to count as ready.
pub const READY_WITHIN: Duration = Duration::from_secs(10);

/// When Kafka last gave a sign of life, and which lanes it takes nothing for.
#[derive(Debug)]
pub struct Progress {
    clock: SharedClock,
    /// Milliseconds since 1970; 0 for never.
    last: AtomicI64,
    /// One bit for each lane that fails, so that an acknowledgement need not look further.
    failing: AtomicU8,
    failures: Mutex<[Option<Failure>; Lane::ALL.len()]>,
}

/// Why a lane's last record was not published.
#[derive(Debug)]
struct Failure {
    reason: String,
    /// The record, until it is on its way once more.
    record: Option<Record>,
}

impl Progress {
    /// No progress yet.
    pub fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            last: AtomicI64::new(0),
            failing: AtomicU8::new(0),
            failures: Mutex::new([const { None }; Lane::ALL.len()]),
        }
    }

    /// The brokers answered just now.
    pub fn answered(&self) {
        self.last.store(self.clock.now().as_millisecond(), Ordering::Relaxed);
    }

    /// A record was acknowledged just now. Which lane it was of is asked only where one fails.
    pub fn acknowledged(&self, lane: impl FnOnce() -> Option<Lane>) {
        self.answered();
        if self.failing.load(Ordering::Acquire) == 0 {
            return;
        }
        if let Some(lane) = lane() {
            let mut failures = self.failures();
            failures[lane.index()] = None;
            self.remember(&failures[..]);
        }
    }

    /// A record was not published. No probe mends that: only an acknowledgement in the same lane does.
    pub fn failed(&self, reason: String, record: &Record) {
        let mut failures = self.failures();
        let held = &mut failures[record.lane.index()];
        let kept = held.take().and_then(|failure| failure.record);
        *held = Some(Failure { reason, record: Some(kept.unwrap_or_else(|| record.clone())) });
        self.remember(&failures[..]);
    }

    /// A record for each lane that fails, to be published once more: whether Kafka takes it tells whether the
    /// lane has recovered, also when nobody sends anything because the receiver is not ready. None that is
    /// under way comes again.
    pub fn to_retry(&self) -> Vec<Record> {
        self.failures().iter_mut().flatten().filter_map(|failure| failure.record.take()).collect()
    }

    /// Whether the last sign of life is younger than `age`.
    pub fn is_recent(&self, age: Duration) -> bool {
        let since = self.clock.now().as_millisecond() - self.last.load(Ordering::Relaxed);
        u128::try_from(since).is_ok_and(|since| since < age.as_millis())
    }

    /// Whether Kafka is known to take records.
    ///
    /// # Errors
    ///
    /// One sentence saying that it is not.
    pub fn ready(&self) -> Result<(), String> {
        if self.failing.load(Ordering::Acquire) != 0 {
            let failures = self.failures();
            let failing = Lane::ALL.into_iter().zip(failures.iter());
            let told =
                failing.filter_map(|(lane, failure)| Some(format!("{lane} ({})", failure.as_ref()?.reason)));
            let told = told.collect::<Vec<_>>().join(", ");
            return Err(format!("kafka did not take the last record of {told}"));
        }
        if self.is_recent(READY_WITHIN) {
            Ok(())
        } else {
            Err("kafka has acknowledged no record and no probe for 10 seconds".to_owned())
        }
    }

    fn failures(&self) -> MutexGuard<'_, [Option<Failure>; Lane::ALL.len()]> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, failures: &[Option<Failure>]) {
        let bits = failures.iter().rev().fold(0, |bits, failure| bits << 1 | u8::from(failure.is_some()));
        self.failing.store(bits, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;
    use cekbrand_schema::ManualClock;
    use std::sync::Arc;

    fn progress() -> (ManualClock, Progress) {
        let clock = ManualClock::new("2026-11-21T00:00:00Z".parse().unwrap());
        let progress = Progress::new(Arc::new(clock.clone()));
        (clock, progress)
    }

    fn of(lane: Lane) -> Record {
        Record { lane, ..record(lane.as_str()) }
    }

    #[test]
    fn readiness_ends_ten_seconds_after_the_last_sign_of_life() {
        let (clock, progress) = progress();
        assert!(progress.ready().is_err(), "nothing has answered yet");
        progress.answered();
        clock.advance(Duration::from_secs(9));
        assert!(progress.ready().is_ok());
        clock.advance(Duration::from_secs(1));
        assert!(progress.ready().is_err());
    }

    #[test]
    fn a_failure_ends_readiness_until_its_own_lane_is_acknowledged_whatever_a_probe_says() {
        let (_, progress) = progress();
        progress.acknowledged(|| Some(Lane::Comments));
        assert!(progress.ready().is_ok());
        progress.failed("not enough replicas".to_owned(), &of(Lane::StoryInsights));
        progress.answered();
        progress.acknowledged(|| Some(Lane::Comments));
        let reason = progress.ready().unwrap_err();
        assert!(reason.contains("story-insights (not enough replicas)"), "{reason}");
        progress.acknowledged(|| Some(Lane::StoryInsights));
        assert!(progress.ready().is_ok());
    }

    #[test]
    fn each_failing_lane_has_one_record_to_try_again_with_and_not_twice_at_once() {
        let (_, progress) = progress();
        assert!(progress.to_retry().is_empty());
        for lane in [Lane::Comments, Lane::DeadLetter, Lane::Comments] {
            progress.failed("no".to_owned(), &of(lane));
        }
        let lanes = |records: Vec<Record>| records.iter().map(|record| record.lane).collect::<Vec<_>>();
        assert_eq!(lanes(progress.to_retry()), [Lane::Comments, Lane::DeadLetter]);
        assert!(progress.to_retry().is_empty(), "they are under way");
        assert!(progress.ready().is_err());
        progress.failed("no".to_owned(), &of(Lane::Comments));
        assert_eq!(lanes(progress.to_retry()), [Lane::Comments]);
    }
}
