//! Records of Kafka between given offsets, on a thread of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use cekbrand_schema::Lane;
use jiff::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use tokio::sync::mpsc::{self, Sender};

use super::{AHEAD, Portion, Portions};
use crate::land::decode::{Arrived, Content, Incoming};
use crate::replay::range::{Share, consumer};
use crate::replay::{PORTION, ReplayError, Replayer, Run};

const POLL: Duration = Duration::from_millis(100);

/// For how many polls in a row Kafka may say nothing before that is an error: a minute.
const SILENT_POLLS: u32 = 600;

/// Reads what is left of a run's shares.
pub(in crate::replay) fn read(replayer: &Replayer, run: &Run) -> Result<Portions, ReplayError> {
    let (sender, portions) = mpsc::channel(AHEAD);
    let left: BTreeMap<i32, Share> = run
        .shares
        .iter()
        .map(|(partition, share)| (*partition, *share))
        .filter(|(_, share)| share.left() > 0)
        .collect();
    if left.is_empty() {
        return Ok(portions);
    }
    let consumer = consumer(replayer)?;
    let mut list = TopicPartitionList::new();
    for (partition, share) in &left {
        list.add_partition_offset(replayer.topic(run.order.lane), *partition, Offset::Offset(share.next))?;
    }
    consumer.assign(&list)?;
    let reader = Reader {
        consumer,
        lane: run.order.lane,
        topic: run.order.topic.clone(),
        account: run.order.account.clone(),
        left,
        held: Vec::new(),
        silent: 0,
    };
    tokio::task::spawn_blocking(move || reader.run(&sender));
    Ok(portions)
}

struct Reader {
    consumer: BaseConsumer,
    lane: Lane,
    topic: String,
    account: Option<String>,
    left: BTreeMap<i32, Share>,
    /// Read and not handed on.
    held: Vec<Held>,
    silent: u32,
}

/// A record, and the change in it if it is of concern.
struct Held {
    partition: i32,
    offset: i64,
    received_at: Option<Timestamp>,
    change: Option<Box<Arrived>>,
}

impl Reader {
    /// Reads until everything is handed on, or nobody wants it any more.
    fn run(mut self, sender: &Sender<Result<Portion, ReplayError>>) {
        loop {
            let portion = self.gather();
            let is_last = portion.as_ref().map_or(true, |portion| portion.records == 0);
            let is_end = portion.as_ref().is_ok_and(|portion| portion.records == 0);
            if is_end || sender.blocking_send(portion).is_err() || is_last {
                return;
            }
        }
    }

    /// The next portion; an empty one at the end.
    fn gather(&mut self) -> Result<Portion, ReplayError> {
        let mut wanted = PORTION;
        loop {
            while !self.left.is_empty() && self.held.len() < wanted {
                self.poll()?;
            }
            let portion = self.cut();
            if portion.records > 0 || self.left.is_empty() {
                return Ok(portion);
            }
            // All of it is one delivery: the rest of it has to come along.
            wanted += PORTION;
        }
    }

    fn poll(&mut self) -> Result<(), ReplayError> {
        let message = match self.consumer.poll(POLL) {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(self.trouble(error)),
            None => {
                self.silent += 1;
                if self.silent > SILENT_POLLS {
                    return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut).into());
                }
                return Ok(());
            }
        };
        self.silent = 0;
        let (partition, next) = (message.partition(), message.offset() + 1);
        let Some(share) = self.left.get_mut(&partition) else { return Ok(()) };
        share.next = next.min(share.until);
        let is_done = next >= share.until;
        if message.offset() < share.until {
            let held = hold(self.lane, self.account.as_deref(), &message);
            self.held.push(held);
        }
        drop(message);
        if is_done {
            self.left.remove(&partition);
            let mut list = TopicPartitionList::new();
            list.add_partition(&self.topic, partition);
            self.consumer.pause(&list)?;
        }
        Ok(())
    }

    fn trouble(&self, error: KafkaError) -> ReplayError {
        let is_gone = matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)
        );
        let partition = self.left.keys().next().copied().unwrap_or_default();
        if is_gone { ReplayError::Expired { partition } } else { error.into() }
    }

    /// Takes what is held but for the last delivery of each partition that goes on.
    fn cut(&mut self) -> Portion {
        let mut last: BTreeMap<i32, Option<Timestamp>> = BTreeMap::new();
        for held in &self.held {
            last.insert(held.partition, held.received_at);
        }
        let mut open: BTreeMap<i32, bool> = BTreeMap::new();
        let mut portion = Portion::default();
        let mut later = Vec::new();
        // From the end, so that only the tail of a partition is held back.
        for held in self.held.drain(..).rev() {
            let goes_on = self.left.contains_key(&held.partition);
            let is_tail = open.entry(held.partition).or_insert(goes_on);
            *is_tail = *is_tail
                && held.received_at.is_some()
                && Some(&held.received_at) == last.get(&held.partition);
            if *is_tail {
                later.push(held);
                continue;
            }
            portion.records += 1;
            portion.reached.entry(held.partition).or_insert(held.offset + 1);
            portion.changes.extend(held.change.map(|change| *change));
        }
        later.reverse();
        self.held = later;
        portion.changes.reverse();
        portion
    }
}

fn hold(lane: Lane, account: Option<&str>, message: &BorrowedMessage<'_>) -> Held {
    let incoming = Incoming::read(lane, message);
    let (partition, offset) = (incoming.partition, incoming.offset);
    let Content::Change(change) = incoming.content else {
        return Held { partition, offset, received_at: None, change: None };
    };
    let concerns = account.is_none_or(|account| change.account_id.as_str() == account);
    Held { partition, offset, received_at: Some(change.received_at), change: concerns.then_some(change) }
}
