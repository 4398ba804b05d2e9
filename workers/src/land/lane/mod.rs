//! One lane: a consumer on a thread of its own, whose positions come from PostgreSQL.
//!
//! It is a member of its group only while the database answers. What Kafka assigns is taken from the loop,
//! never in the callback; a lane that cannot take or land for a while leaves the group, so that others can.

mod claim;
mod client;
mod gather;
mod ownership;
mod report;
mod topic_watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cekbrand_schema::{Lane, SharedClock};
use rdkafka::consumer::{BaseConsumer, Consumer};
use sqlx::PgPool;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use self::ownership::Ownership;
pub(super) use self::report::describe;
use self::topic_watch::TopicWatch;
use super::Halt;
use super::batch::Lander;
use super::books::Place;
use super::decode::Incoming;
use super::limit::DeadLetterLimit;
use crate::database;
use crate::settings::LandSettings;
use crate::supervise::Pulse;

/// How long one poll waits when there is nothing: what a rebalance or the end of the process may be late by.
const IDLE_POLL: Duration = Duration::from_millis(100);

/// A lane that stands still for this long is stuck: longer than one step of it and its polls take.
const STUCK_AFTER: Duration = Duration::from_mins(1);

/// How long a lane may fail to take its partitions before it leaves them to others.
const LEAVE_AFTER: Duration = Duration::from_secs(20);

/// How often a lane outside its group asks whether the database answers.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// A lane, ready to run.
pub struct LaneRunner {
    consumer: BaseConsumer<Ownership>,
    lander: Lander,
    limit: DeadLetterLimit,
    settings: LandSettings,
    runtime: Handle,
    shutdown: CancellationToken,
    pulse: Arc<Pulse>,
    membership: Membership,
    watch: TopicWatch,
    /// When Kafka was last heard: what it assigned then is certain for as long as a session lasts.
    polled: Instant,
    /// Whether every assigned partition had a position when that was last looked at.
    is_whole: bool,
}

/// Whether the lane is a member of its group.
#[derive(Debug, Clone, Copy)]
enum Membership {
    /// It waits for the database, and asks at this instant.
    Outside { ask_at: Instant },
    /// It is, and could not take a partition since this instant.
    Inside { failing_since: Option<Instant> },
}

impl LaneRunner {
    /// Builds the consumer. It joins its group when it runs and the database answers.
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
        let (group, topic) = (settings.topics.group(lane), settings.topics.topic(lane).to_owned());
        let pulse = Arc::new(Pulse::new(&clock, STUCK_AFTER));
        pulse.trouble("it has not joined its group yet".to_owned());
        let (held, stop) = (Arc::clone(&pulse), shutdown.clone());
        let lander = Lander { lane, group, topic, pool, clock, pulse: held, stop };
        let consumer = client::config(&settings, &lander.group)
            .create_with_context(Ownership::new(lane, &lander.topic))
            .map_err(|source| Halt::Consumer { lane, source })?;
        let now = Instant::now();
        Ok(Self {
            consumer,
            limit: DeadLetterLimit::new(settings.dead_letter_percent, settings.dead_letter_run),
            watch: TopicWatch::new(&lander.topic),
            lander,
            settings,
            runtime: Handle::current(),
            shutdown,
            pulse,
            membership: Membership::Outside { ask_at: now },
            polled: now,
            is_whole: true,
        })
    }

    /// The lane's sign of life.
    pub fn pulse(&self) -> Arc<Pulse> {
        Arc::clone(&self.pulse)
    }

    /// Lands until told to stop. Blocks: run it on a thread of its own.
    ///
    /// # Errors
    ///
    /// [`Halt`] where a person has to look.
    pub fn run(mut self) -> Result<(), Halt> {
        while !self.shutdown.is_cancelled() {
            self.pulse.beat();
            if let Membership::Outside { ask_at } = self.membership {
                self.wait_outside(ask_at)?;
                continue;
            }
            self.watch.look(self.consumer.client())?;
            let gathered = self.gather();
            self.claim()?;
            if !gathered.records.is_empty() {
                self.land(&gathered.records)?;
            }
            if gathered.is_offset_gone {
                self.consumer.context().release_all(&self.consumer);
            }
        }
        // Leaves the group, so that others take over at once instead of after the session's time-out.
        self.consumer.unsubscribe();
        Ok(())
    }

    /// Joins the group once the database takes writes. Until then what the callback is told is heard, and
    /// nothing is held.
    fn wait_outside(&mut self, ask_at: Instant) -> Result<(), Halt> {
        // After leaving there may still be a record on its way; it stays in Kafka.
        drop(self.consumer.poll(IDLE_POLL));
        if Instant::now() < ask_at {
            return Ok(());
        }
        let answer = self.shutdown.run_until_cancelled(database::answers(&self.lander.pool));
        match self.runtime.block_on(answer) {
            None => {}
            Some(Ok(())) => {
                let lane = self.lander.lane;
                let subscribed = self.consumer.subscribe(&[&self.lander.topic]);
                subscribed.map_err(|source| Halt::Consumer { lane, source })?;
                self.membership = Membership::Inside { failing_since: None };
                self.pulse.well();
            }
            Some(Err(reason)) => {
                tracing::warn!(lane = %self.lander.lane, reason, "the lane waits outside its group for the database");
                self.pulse.trouble(format!("it waits outside its group: {reason}"));
                self.membership = Membership::Outside { ask_at: Instant::now() + ASK_EVERY };
            }
        }
        Ok(())
    }

    /// Takes the partitions that Kafka has assigned and the books have not given yet. Leaves the group where
    /// the database does not let it for too long.
    fn claim(&mut self) -> Result<(), Halt> {
        if self.is_whole {
            // Taking may last; it says so meanwhile.
            self.count_waiting();
        }
        let claimed = if self.watch.is_answered() {
            self.round()?
        } else {
            ownership::Claimed::unasked(self.consumer.context().waiting())
        };
        if claimed.waiting == 0 {
            if !self.is_whole {
                self.pulse.well();
            }
            self.is_whole = true;
            self.membership = Membership::Inside { failing_since: None };
            return Ok(());
        }
        self.is_whole = false;
        let Some(failed) = claimed.failed else { return Ok(()) };
        let (waiting, reason) = (claimed.waiting, failed.reason);
        self.pulse.trouble(format!("{waiting} assigned partitions have no valid position: {reason}"));
        let Membership::Inside { failing_since } = &mut self.membership else { return Ok(()) };
        let since = *failing_since.get_or_insert_with(Instant::now);
        if failed.is_database && since.elapsed() > LEAVE_AFTER {
            self.leave(&reason);
        }
        Ok(())
    }

    fn land(&mut self, records: &[Incoming]) -> Result<(), Halt> {
        let started = Instant::now();
        let owned = self.consumer.context().positions();
        // Not broken off when the worker stops: the transaction under way is finished, and no other is begun.
        let outcome = self.runtime.block_on(self.lander.land(records, &owned));
        let lane = self.lander.lane;
        metrics::histogram!("cekbrand_worker_land_seconds", "lane" => lane.as_str())
            .record(started.elapsed().as_secs_f64());
        self.count(&outcome);
        self.copy_offsets(&outcome);
        self.consumer.context().lose(&self.consumer, &outcome.lost);
        match &outcome.given_up {
            Some(error) => self.leave(&database::describe(error)),
            None => self.well_if_whole(),
        }
        self.limit.good(outcome.tally.landed + outcome.tally.duplicates);
        for reason in outcome.dead {
            if lane == Lane::DeadLetter {
                // What arrives here is dead already; it says nothing about this worker.
                continue;
            }
            tracing::error!(lane = %lane, error = reason, "a record could not be landed and was dead-lettered");
            let halt =
                |e: super::limit::Exceeded| Halt::TooManyDeadLetters { lane, dead: e.dead, of: e.of, reason };
            self.limit.dead().map_err(halt)?;
        }
        Ok(())
    }

    /// Landing works; whether all is well depends on the partitions that wait.
    fn well_if_whole(&mut self) {
        if self.count_waiting() == 0 {
            self.pulse.well();
        }
    }

    /// How many partitions wait, which is said where there are any.
    fn count_waiting(&mut self) -> usize {
        let waiting = self.consumer.context().waiting();
        if waiting > 0 {
            self.is_whole = false;
            self.pulse.trouble(format!("{waiting} assigned partitions have no valid position yet"));
        }
        waiting
    }

    /// Leaves the group, so that a worker that can goes on with the partitions.
    fn leave(&mut self, reason: &str) {
        if self.shutdown.is_cancelled() {
            return;
        }
        tracing::error!(lane = %self.lander.lane, reason, "the lane leaves its group, so that other workers can go on");
        metrics::counter!("cekbrand_worker_lane_leaves_total", "lane" => self.lander.lane.as_str())
            .increment(1);
        self.consumer.unsubscribe();
        self.pulse.trouble(format!("it has left its group: {reason}"));
        self.membership = Membership::Outside { ask_at: Instant::now() + ASK_EVERY };
    }

    fn place<'a>(&'a self, partition: i32, topic_id: Option<&'a str>) -> Place<'a> {
        let Lander { lane, group, topic, .. } = &self.lander;
        Place { lane: *lane, group, topic, topic_id, partition }
    }
}
