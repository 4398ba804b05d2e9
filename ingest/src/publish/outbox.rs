//! Between the deliveries and the Kafka client: what arrives together is handed over together.
//!
//! A record that finds the client's thread asleep wakes it, and wakes others again when Kafka answers. Under
//! a flood of small deliveries, waking threads was the largest part of their cost. So the first parcel waits
//! some turns of the event loop, and whoever comes by then goes along. A turn has no length of its own: when
//! nothing is going on, all of them pass in microseconds, and under load in the time that the work at hand
//! takes.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::PublishError;
use super::countdown::Countdown;
use crate::record::Record;

/// Turns of the event loop that a parcel waits for others. Measured with 256 connections on two cores:
/// without any, a delivery costs a sixth more; with more of them, no less.
const TURNS: usize = 8;

/// Parcels in a group, and records handed over before other tasks get their turn.
const AT_ONCE: usize = 1024;

/// The records of one delivery on their way to the client, to be taken one by one.
pub(super) struct Parcel {
    records: std::vec::IntoIter<Record>,
    countdown: Arc<Countdown>,
}

impl Parcel {
    pub(super) fn new(records: Vec<Record>, countdown: Arc<Countdown>) -> Self {
        Self { records: records.into_iter(), countdown }
    }

    pub(super) fn countdown(&self) -> &Arc<Countdown> {
        &self.countdown
    }
}

/// Whoever takes a record answers for its being counted off.
impl Iterator for Parcel {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        self.records.next()
    }
}

/// Records that nobody took go back to their delivery, so that it does not wait for ever.
impl Drop for Parcel {
    fn drop(&mut self) {
        let left: Vec<Record> = self.records.by_ref().collect();
        if !left.is_empty() {
            let error = PublishError::Refused("it was not handed to the client".to_owned());
            self.countdown.failed(error, left);
        }
    }
}

/// Opens an outbox. What is put into it reaches `hand_over` until the last sender is gone. It has no limit of
/// its own: requests have one, and none has more than one parcel in here.
pub(super) fn open(hand_over: impl FnMut(&mut Parcel) + Send + 'static) -> UnboundedSender<Parcel> {
    let (sender, receiver) = unbounded_channel();
    tokio::spawn(forward(receiver, hand_over));
    sender
}

async fn forward(mut inbox: UnboundedReceiver<Parcel>, mut hand_over: impl FnMut(&mut Parcel)) {
    let mut group = Vec::new();
    while inbox.recv_many(&mut group, AT_ONCE).await > 0 {
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        while group.len() < AT_ONCE
            && let Ok(parcel) = inbox.try_recv()
        {
            group.push(parcel);
        }
        let mut handed_over = 0;
        for mut parcel in group.drain(..) {
            handed_over += parcel.records.len();
            hand_over(&mut parcel);
            if handed_over >= AT_ONCE {
                tokio::task::yield_now().await;
                handed_over = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;
    use std::time::Duration;
    use tokio::sync::mpsc;

    /// What comes at once, where it comes at all.
    async fn soon<T>(of: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(30), of).await.expect("it never comes")
    }

    fn parcel(key: &str) -> (Parcel, Arc<Countdown>) {
        let countdown = Arc::new(Countdown::new(1));
        (Parcel::new(vec![record(key)], Arc::clone(&countdown)), countdown)
    }

    #[tokio::test]
    async fn every_parcel_is_handed_over_once_and_in_order() {
        let (seen, mut keys) = mpsc::unbounded_channel();
        let outbox = open(move |parcel| {
            for record in &mut *parcel {
                seen.send(record.key).unwrap();
            }
            parcel.countdown().published();
        });
        let many = 3 * AT_ONCE;
        for number in 0..many {
            let (parcel, countdown) = parcel(&number.to_string());
            outbox.send(parcel).unwrap_or_else(|_| panic!("the outbox is open"));
            if number % 100 == 0 {
                assert!(soon(countdown.finished()).await.is_ok());
            }
        }
        drop(outbox);
        for number in 0..many {
            assert_eq!(soon(keys.recv()).await, Some(number.to_string()));
        }
        assert_eq!(soon(keys.recv()).await, None, "the outbox ends with its last sender");
    }

    #[tokio::test]
    async fn a_parcel_that_nobody_takes_goes_back_to_its_delivery() {
        let (sender, receiver) = unbounded_channel();
        drop(receiver);
        let (parcel, countdown) = parcel("lost");
        drop(sender.send(parcel));
        let unpublished = soon(countdown.finished()).await.unwrap_err();
        assert!(matches!(unpublished.error, PublishError::Refused(_)));
        assert_eq!(unpublished.records.len(), 1);
        assert_eq!(unpublished.records[0].key, "lost");
    }
}
