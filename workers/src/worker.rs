//! The worker process: one thread for each lane, and beside them the loops that read, compute and schedule.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_graph::GraphApi;
use cekbrand_schema::health::Readiness;
use cekbrand_schema::{Lane, SharedClock};
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::analyse::Analyser;
use crate::analyse::sentiment::Scorer;
use crate::enrich::Enricher;
use crate::land::Halt;
use crate::land::lane::{Heartbeat, LaneRunner};
use crate::schedule::Scheduler;
use crate::settings::{LandSettings, Parts, Settings};

/// A loop that stands still for this long makes the worker unready. A batch may be long, and a rebalance takes seconds.
const STUCK_AFTER: Duration = Duration::from_mins(1);

/// A worker, ready to run.
pub struct Worker {
    parts: Parts,
    landing: Option<Landing>,
    enricher: Enricher,
    analyser: Analyser,
    scorer: Scorer,
    scheduler: Scheduler,
    stop: CancellationToken,
}

impl Worker {
    /// Subscribes to every lane, if landing is among the parts.
    ///
    /// # Errors
    ///
    /// [`Halt::Consumer`] where a consumer cannot be built.
    pub fn new(
        settings: Settings,
        pool: &PgPool,
        api: Arc<dyn GraphApi>,
        clock: &SharedClock,
    ) -> Result<Self, Halt> {
        let Settings { parts, land, enrich, analyse, token_keys, app_id } = settings;
        #[cfg(feature = "failpoints")]
        arm_fail_points();
        let stop = CancellationToken::new();
        let landing = parts.land.then(|| Landing::subscribe(&land, pool, clock, stop.clone())).transpose()?;
        let enricher = Enricher::new(pool.clone(), api, token_keys, app_id, Arc::clone(clock), enrich);
        let scorer = Scorer::new(pool.clone(), Arc::clone(clock), analyse.idle);
        let analyser = Analyser::new(pool.clone(), Arc::clone(clock), analyse);
        let scheduler = Scheduler::new(pool.clone(), Arc::clone(clock));
        Ok(Self { parts, landing, enricher, analyser, scorer, scheduler, stop })
    }

    /// Whether every lane's loop goes round.
    pub fn readiness(&self) -> Readiness {
        self.landing.as_ref().map_or_else(|| Arc::new(|| Ok(())) as Readiness, Landing::readiness)
    }

    /// Works until `shutdown`, or until a lane halts.
    ///
    /// # Errors
    ///
    /// The [`Halt`] for which a person has to look.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Halt> {
        let Self { parts, landing, enricher, analyser, scorer, scheduler, stop } = self;
        let mut loops = JoinSet::new();
        if parts.enrich {
            let stop = stop.clone();
            loops.spawn(async move { enricher.run(stop).await });
        }
        if parts.analyse {
            let (stop, stop_scoring) = (stop.clone(), stop.clone());
            loops.spawn(async move { analyser.run(stop).await });
            loops.spawn(scorer.run(stop_scoring));
        }
        if parts.schedule {
            let stop = stop.clone();
            loops.spawn(async move { scheduler.run(stop).await });
        }
        let landing = async {
            if let Some(landing) = landing {
                return landing.run().await;
            }
            stop.cancelled().await;
            Ok(())
        };
        tokio::pin!(landing);
        let landed = tokio::select! {
            landed = &mut landing => landed,
            () = shutdown.cancelled() => {
                stop.cancel();
                landing.await
            }
        };
        stop.cancel();
        while let Some(ended) = loops.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = %error, "a loop of the worker broke off");
            }
        }
        landed
    }
}

/// Takes fail points from the environment variable `FAILPOINTS`, once for the process.
#[cfg(feature = "failpoints")]
fn arm_fail_points() {
    static ARMED: std::sync::Once = std::sync::Once::new();
    // Dropping the scenario would disarm them again.
    ARMED.call_once(|| std::mem::forget(fail::FailScenario::setup()));
}

/// The landing half of a worker: every lane with its thread.
pub struct Landing {
    runners: Vec<(Lane, LaneRunner)>,
    heartbeats: Vec<(Lane, Arc<Heartbeat>)>,
    shutdown: CancellationToken,
}

impl Landing {
    /// Subscribes to every lane. `shutdown` ends them.
    ///
    /// # Errors
    ///
    /// [`Halt::Consumer`] where a consumer cannot be built.
    pub fn subscribe(
        settings: &LandSettings,
        pool: &PgPool,
        clock: &SharedClock,
        shutdown: CancellationToken,
    ) -> Result<Self, Halt> {
        let runner = |lane| {
            let (settings, clock) = (settings.clone(), Arc::clone(clock));
            Ok((lane, LaneRunner::new(lane, settings, pool.clone(), clock, shutdown.clone())?))
        };
        let runners = Lane::ALL.into_iter().map(runner).collect::<Result<Vec<_>, Halt>>()?;
        let heartbeats = runners.iter().map(|(lane, runner)| (*lane, runner.heartbeat())).collect();
        Ok(Self { runners, heartbeats, shutdown })
    }

    /// Whether every lane's loop goes round.
    pub fn readiness(&self) -> Readiness {
        let heartbeats = self.heartbeats.clone();
        Arc::new(move || match heartbeats.iter().find(|(_, heartbeat)| heartbeat.age() > STUCK_AFTER) {
            Some((lane, heartbeat)) => {
                Err(format!("lane {lane} has stood still for {} s", heartbeat.age().as_secs()))
            }
            None => Ok(()),
        })
    }

    /// Lands until told to stop. One lane that halts stops all: a person has to look.
    ///
    /// # Errors
    ///
    /// The [`Halt`] of the first lane that had one.
    pub async fn run(self) -> Result<(), Halt> {
        let mut lanes = JoinSet::new();
        for (lane, runner) in self.runners {
            let (done, ended) = tokio::sync::oneshot::channel();
            let thread = std::thread::Builder::new().name(format!("land-{lane}")).spawn(move || {
                // The receiver waits for as long as the lane runs; if it is gone, so is whoever wanted to know.
                let _nobody_listens = done.send(runner.run());
            });
            if let Err(error) = thread {
                self.shutdown.cancel();
                return Err(Halt::Thread { lane, reason: error.to_string() });
            }
            lanes.spawn(async move {
                ended.await.unwrap_or_else(|_| Err(Halt::Thread { lane, reason: "it panicked".to_owned() }))
            });
        }
        let mut first = Ok(());
        while let Some(ended) = lanes.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(halt)) => {
                    tracing::error!(error = %halt, "a lane has stopped, and with it the worker");
                    self.shutdown.cancel();
                    first = first.and(Err(halt));
                }
                Err(error) => {
                    tracing::error!(error = %error, "a lane is no longer watched, so the worker stops");
                    self.shutdown.cancel();
                }
            }
        }
        first
    }
}
