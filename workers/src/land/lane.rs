//! One lane: a consumer on a thread of its own, whose positions come from PostgreSQL.
//!
//! A plain `BaseConsumer`, polled by hand: the rebalance callback may then wait for the database, which a stream consumer's may not.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cekbrand_schema::{Lane, SharedClock};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::batch::{Lander, Outcome};
use super::decode::Incoming;
use super::limit::DeadLetterLimit;
use super::position::{self, Place, TakeError, Watermarks};
use super::{Halt, Positions};
use crate::settings::LandSettings;

/// How long one poll waits when there is nothing: what a rebalance or the end of the process may be late by.
const IDLE_POLL: Duration = Duration::from_millis(100);

/// The bytes of a batch, so that a flood of large changes fits into a statement and into memory. At most one record more.
const BATCH_BYTES: usize = 32 << 20;

/// How long Kafka may take to say where a partition begins and ends.
const WATERMARK_TIMEOUT: Duration = Duration::from_secs(10);

/// A lane, ready to run.
pub struct LaneRunner {
    consumer: BaseConsumer<Ownership>,
    lander: Lander,
    limit: DeadLetterLimit,
    settings: LandSettings,
    runtime: Handle,
    shutdown: CancellationToken,
    heartbeat: Arc<Heartbeat>,
}

/// When a lane's loop last went round, for readiness.
#[derive(Debug)]
pub struct Heartbeat {
    clock: SharedClock,
    last: AtomicI64,
}

impl Heartbeat {
    /// Counts from now on.
    pub fn new(clock: SharedClock) -> Self {
        let last = AtomicI64::new(clock.now().as_millisecond());
        Self { clock, last }
    }

    /// The loop goes round.
    pub fn beat(&self) {
        self.last.store(self.clock.now().as_millisecond(), Ordering::Relaxed);
    }

    /// How long ago it last did.
    pub fn age(&self) -> Duration {
        let age = self.clock.now().as_millisecond() - self.last.load(Ordering::Relaxed);
        Duration::from_millis(age.try_into().unwrap_or(0))
    }
}

impl LaneRunner {
    /// Builds the consumer and subscribes.
    ///
    /// # Errors
    ///
    /// [`Halt::Consumer`] where the client refuses its settings.
    pub fn new(
        lane: Lane,
        settings: LandSettings,
        pool: PgPool,
        clock: SharedClock,
        shutdown: CancellationToken,
    ) -> Result<Self, Halt> {
        let refused = |source| Halt::Consumer { lane, source };
        let (group, topic) = (settings.topics.group(lane), settings.topics.topic(lane).to_owned());
        let lander = Lander { lane, group, topic, pool, clock: Arc::clone(&clock) };
        let ownership = Ownership {
            lander: lander.clone(),
            runtime: Handle::current(),
            shutdown: shutdown.clone(),
            state: Mutex::default(),
        };
        let consumer: BaseConsumer<Ownership> =
            client_config(&settings, &lander).create_with_context(ownership).map_err(refused)?;
        consumer.subscribe(&[&lander.topic]).map_err(refused)?;
        let limit = DeadLetterLimit::new(settings.dead_letter_percent, settings.dead_letter_run);
        let heartbeat = Arc::new(Heartbeat::new(clock));
        Ok(Self { consumer, lander, limit, settings, runtime: Handle::current(), shutdown, heartbeat })
    }

    /// The lane's sign of life.
    pub fn heartbeat(&self) -> Arc<Heartbeat> {
        Arc::clone(&self.heartbeat)
    }

    /// Lands until told to stop. Blocks: run it on a thread of its own.
    ///
    /// # Errors
    ///
    /// [`Halt`] where a person has to look.
    pub fn run(mut self) -> Result<(), Halt> {
        while !self.shutdown.is_cancelled() {
            self.heartbeat.beat();
            let records = self.gather();
            self.consumer.context().halt()?;
            if !records.is_empty() {
                self.land(&records)?;
            }
        }
        // Leaves the group, so that others take over at once instead of after the session's time-out.
        self.consumer.unsubscribe();
        Ok(())
    }

    /// Polls until a batch is full or has waited long enough. Rebalances happen in here, between batches.
    fn gather(&self) -> Vec<Incoming> {
        let mut records = Vec::new();
        let mut bytes = 0;
        let mut deadline: Option<Instant> = None;
        while records.len() < self.settings.batch_changes && bytes < BATCH_BYTES {
            let wait = deadline.map_or(IDLE_POLL, |at| at.saturating_duration_since(Instant::now()));
            match self.consumer.poll(wait) {
                Some(Ok(message)) => {
                    let record = Incoming::read(self.lander.lane, &message);
                    bytes += record.bytes.len();
                    records.push(record);
                    deadline.get_or_insert_with(|| Instant::now() + self.settings.batch_wait);
                }
                Some(Err(error)) => self.consumer.context().handle(&self.consumer, &error),
                None => break,
            }
        }
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    fn land(&mut self, records: &[Incoming]) -> Result<(), Halt> {
        let started = Instant::now();
        let owned = self.consumer.context().positions();
        let landing = self.shutdown.run_until_cancelled(self.lander.land(records, &owned));
        let Some(outcome) = self.runtime.block_on(landing) else { return Ok(()) };
        let lane = self.lander.lane.as_str();
        metrics::histogram!("cekbrand_worker_land_seconds", "lane" => lane)
            .record(started.elapsed().as_secs_f64());
        self.count(&outcome);
        self.consumer.context().forget(&outcome.lost);
        self.copy_offsets(&outcome);
        self.limit.good(outcome.tally.landed + outcome.tally.duplicates);
        for reason in outcome.dead {
            let lane = self.lander.lane;
            if lane == Lane::DeadLetter {
                // What arrives here is dead already; it says nothing about this worker.
                continue;
            }
            tracing::error!(lane = %lane, error = reason, "a record could not be landed and was dead-lettered");
            self.limit.dead().map_err(|e| Halt::TooManyDeadLetters {
                lane,
                dead: e.dead,
                of: e.of,
                reason,
            })?;
        }
        Ok(())
    }

    fn count(&self, outcome: &Outcome) {
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
        tracing::debug!(
            lane,
            changes.landed = tally.landed,
            changes.all = tally.total(),
            "a batch has landed"
        );
    }

    /// Kafka gets a copy of the offsets, for tools that show lag. Nothing of ours reads it, so a failure is only worth a word.
    fn copy_offsets(&self, outcome: &Outcome) {
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

fn client_config(settings: &LandSettings, lander: &Lander) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in settings.kafka.properties() {
        config.set(name, value);
    }
    config
        .set("client.id", "cekbrand-worker")
        .set("group.id", &lander.group)
        .set("group.protocol", &settings.kafka.group_protocol)
        .set("enable.auto.commit", "false")
        // Where to start is PostgreSQL's to say; if that offset is gone, nobody may guess another.
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("fetch.wait.max.ms", "50")
        .set("queued.max.messages.kbytes", "16384");
    if settings.kafka.group_protocol == "classic" {
        config.set("partition.assignment.strategy", "cooperative-sticky").set("session.timeout.ms", "10000");
        config.set("heartbeat.interval.ms", "1000");
    }
    config
}

/// The consumer's context: which partitions are ours, by PostgreSQL's word.
struct Ownership {
    lander: Lander,
    runtime: Handle,
    shutdown: CancellationToken,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    positions: Positions,
    halt: Option<Halt>,
}

impl Ownership {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn positions(&self) -> Positions {
        self.state().positions.clone()
    }

    fn forget(&self, partitions: &[i32]) {
        let mut state = self.state();
        for partition in partitions {
            tracing::warn!(lane = %self.lander.lane, kafka.partition = partition, "the partition belongs to another worker now");
            state.positions.remove(partition);
        }
    }

    fn halt(&self) -> Result<(), Halt> {
        self.state().halt.take().map_or(Ok(()), Err)
    }

    /// An error of the consumer. An offset that Kafka no longer has is looked up anew; the rest mends itself.
    fn handle(&self, consumer: &BaseConsumer<Self>, error: &KafkaError) {
        let out_of_range = matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange)
        );
        if !out_of_range {
            tracing::warn!(lane = %self.lander.lane, error = %error, "the consumer reports trouble");
            return;
        }
        tracing::error!(lane = %self.lander.lane, error = %error, "an offset is gone; the positions are taken anew");
        let retaken = consumer.assignment().and_then(|assigned| {
            consumer.incremental_unassign(&assigned)?;
            self.assign(consumer, &assigned)
        });
        if let Err(error) = retaken {
            tracing::error!(lane = %self.lander.lane, error = %error, "the partitions could not be taken anew");
        }
    }

    /// Takes partitions and starts them where PostgreSQL says. Blocks until the database has answered or the worker stops.
    fn assign(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) -> KafkaResult<()> {
        let mut taken = TopicPartitionList::new();
        for element in partitions.elements() {
            let partition = element.partition();
            let Some(position) = self.take(consumer, partition) else { continue };
            taken.add_partition_offset(&self.lander.topic, partition, Offset::Offset(position.next))?;
            self.state().positions.insert(partition, position);
        }
        tracing::info!(lane = %self.lander.lane, kafka.partitions = taken.count(), "partitions were taken");
        consumer.incremental_assign(&taken)
    }

    fn take(&self, consumer: &BaseConsumer<Self>, partition: i32) -> Option<super::Position> {
        let Lander { lane, group, topic, pool, clock } = &self.lander;
        let place = Place { lane: *lane, group, topic, partition };
        while !self.shutdown.is_cancelled() {
            let error = match consumer.fetch_watermarks(topic, partition, WATERMARK_TIMEOUT) {
                Ok((low, high)) => {
                    let take = position::take(pool, place, Watermarks { low, high }, clock.now());
                    match self.runtime.block_on(self.shutdown.run_until_cancelled(take))? {
                        Ok(position) => return Some(position),
                        Err(TakeError::Halt(halt)) => {
                            self.state().halt.get_or_insert(halt);
                            return None;
                        }
                        Err(TakeError::Database(error)) => error.to_string(),
                    }
                }
                Err(error) => error.to_string(),
            };
            tracing::warn!(lane = %lane, kafka.partition = partition, error, "a partition could not be taken and is tried again");
            std::thread::sleep(Duration::from_secs(1));
        }
        None
    }
}

impl ClientContext for Ownership {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(lane = %self.lander.lane, error = %error, kafka.reason = reason, "the consumer reports trouble");
    }
}

impl ConsumerContext for Ownership {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let done = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.assign(consumer, partitions)
        } else {
            let mut state = self.state();
            for element in partitions.elements() {
                state.positions.remove(&element.partition());
            }
            drop(state);
            consumer.incremental_unassign(partitions)
        };
        if let Err(error) = done {
            tracing::error!(lane = %self.lander.lane, error = %error, "a rebalance failed");
        }
    }
}
