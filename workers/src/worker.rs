//! The worker process: one list of loops - a thread for each lane, and beside them what reads, computes,
//! schedules and asks the database.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_graph::GraphApi;
use cekbrand_schema::health::Readiness;
use cekbrand_schema::{Clock, SharedClock};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::analyse::Analyser;
use crate::analyse::sentiment::Scorer;
use crate::clock::DatabaseClock;
use crate::enrich::Enricher;
use crate::erase::Eraser;
use crate::land::{Halt, landing};
use crate::retention::Retention;
use crate::schedule::Scheduler;
use crate::settings::Settings;
use crate::supervise::{AtEnd, Loop, Loops, Pulse, Running};
use crate::tell::{self, Deliverer, TellSettings, Watch};
use crate::token::upkeep::Upkeep;
use crate::{database, erase, gauges, schedule, suppress};

/// How long a loop may make no step: longer than it sleeps, and than a statement of it may take.
const STUCK_AFTER: Duration = Duration::from_mins(2);
/// The same for analytics, whose statements go over everything that an account has.
const ANALYTICS_STUCK_AFTER: Duration = Duration::from_mins(6);
/// The same for erasing, which goes over everything that was ever recorded.
const ERASURE_STUCK_AFTER: Duration = Duration::from_hours(6);
/// The same for retention, which sleeps for an hour.
const RETENTION_STUCK_AFTER: Duration = Duration::from_mins(75);
/// How often the database is asked whether it takes writes.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// A worker, ready to run.
pub struct Worker {
    loops: Loops,
    stop: CancellationToken,
}

impl Worker {
    /// Makes the list of the loops that are among the parts.
    ///
    /// # Errors
    ///
    /// [`Halt::Consumer`] where a consumer cannot be built.
    pub fn new(
        settings: Settings,
        pool: &PgPool,
        api: Arc<dyn GraphApi>,
        database_clock: &Arc<DatabaseClock>,
    ) -> Result<Self, Halt> {
        let clock: &SharedClock = &(Arc::clone(database_clock) as SharedClock);
        #[cfg(feature = "failpoints")]
        crate::fail_points::arm();
        schedule::describe();
        erase::describe();
        suppress::describe();
        gauges::describe();
        tell::describe();
        let Settings {
            parts,
            land,
            enrich,
            analyse,
            retention,
            archive,
            tell,
            token_keys,
            app_id,
            management,
        } = settings;
        let stop = CancellationToken::new();
        let make = Maker { clock, stop: &stop };
        let mut list = vec![database_loop(pool, database_clock, &stop)];
        if parts.land {
            list.extend(landing::lanes(&land, pool, clock, &stop)?);
        }
        if let Some(management) = management.filter(|_| parts.schedule) {
            let held = Arc::clone(clock);
            let upkeep = Upkeep::new(pool.clone(), management, token_keys.clone(), app_id.clone(), held);
            let run = |upkeep: Upkeep, stop| async move { upkeep.run(stop).await };
            list.push(make.restarted("tokens", STUCK_AFTER, upkeep, run));
        }
        if parts.enrich {
            let enricher = Enricher::new(pool.clone(), api, token_keys, app_id, Arc::clone(clock), enrich);
            let run = |enricher: Enricher, stop| async move { enricher.run(stop).await };
            list.push(make.restarted("enrich", STUCK_AFTER, enricher, run));
        }
        if parts.analyse {
            let scorer = Scorer::new(pool.clone(), Arc::clone(clock), analyse.idle);
            list.push(make.restarted("score", ANALYTICS_STUCK_AFTER, scorer, Scorer::run));
            let analyser = Analyser::new(pool.clone(), Arc::clone(clock), analyse);
            let run = |analyser: Analyser, stop| async move { analyser.run(stop).await };
            list.push(make.restarted("analyse", ANALYTICS_STUCK_AFTER, analyser, run));
        }
        if parts.schedule {
            let held = Arc::clone(clock);
            let show = move |pool, stop| gauges::run(pool, Arc::clone(&held), stop);
            list.push(make.restarted("gauges", STUCK_AFTER, pool.clone(), show));
            let scheduler = Scheduler::new(pool.clone(), Arc::clone(clock));
            let run = |scheduler: Scheduler, stop| async move { scheduler.run(stop).await };
            list.push(make.restarted("schedule", STUCK_AFTER, scheduler, run));
            let eraser = Eraser::new(pool.clone(), Arc::clone(clock));
            let run = |eraser: Eraser, stop| async move { eraser.run(stop).await };
            list.push(make.restarted("erase", ERASURE_STUCK_AFTER, eraser, run));
            let retention = Retention::new(pool.clone(), Arc::clone(clock), retention, stop.clone());
            let retention = retention.with_archive(archive);
            let run = |retention: Retention, _stop| async move { retention.run().await };
            list.push(make.restarted("retention", RETENTION_STUCK_AFTER, retention, run));
            list.extend(telling(&make, pool, tell)?);
        }
        Ok(Self { loops: Loops::new(list, Arc::clone(clock), stop.clone()), stop })
    }

    /// The same with one more loop, which ends when its token is cancelled.
    #[must_use]
    pub fn with(mut self, make: impl FnOnce(CancellationToken) -> Loop) -> Self {
        self.loops.push(make(self.stop.clone()));
        self
    }

    /// Whether every loop moves and the database takes writes; what does not, in one sentence each.
    pub fn readiness(&self) -> Readiness {
        self.loops.readiness()
    }

    /// Works until `shutdown`, or until a loop halts.
    ///
    /// # Errors
    ///
    /// The [`Halt`] for which a person has to look.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Halt> {
        let stop = self.stop;
        let running = self.loops.run();
        tokio::pin!(running);
        tokio::select! {
            ended = &mut running => ended,
            () = shutdown.cancelled() => {
                stop.cancel();
                running.await
            }
        }
    }
}

/// Makes loops that are started anew when they end.
struct Maker<'a> {
    clock: &'a SharedClock,
    stop: &'a CancellationToken,
}

impl Maker<'_> {
    fn restarted<W, F>(
        &self,
        name: &'static str,
        stuck_after: Duration,
        worker: W,
        run: impl Fn(W, CancellationToken) -> F + Send + 'static,
    ) -> Loop
    where
        W: Clone + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        Loop::new(name, AtEnd::Restart, Pulse::new(self.clock, stuck_after), move || {
            let running = run(worker.clone(), stop.clone());
            Box::pin(async move {
                running.await;
                Ok(())
            }) as Running
        })
    }
}

/// What people are told: looking, and where there is something to sign with or a mail server, sending.
fn telling(make: &Maker<'_>, pool: &PgPool, settings: TellSettings) -> Result<Vec<Loop>, Halt> {
    let mut list = Vec::new();
    if settings.secret.is_some() || settings.mail.is_some() {
        let deliverer = Deliverer::new(pool.clone(), Arc::clone(make.clock), &settings)
            .map_err(|error| Halt::Loop { name: "deliver", reason: tell::outside::chain(&error) })?;
        let run = |deliverer: Deliverer, stop| async move { deliverer.run(stop).await };
        list.push(make.restarted("deliver", STUCK_AFTER, deliverer, run));
    }
    let watch = Watch::new(pool.clone(), Arc::clone(make.clock), settings);
    let run = |watch: Watch, stop| async move { watch.run(stop).await };
    list.push(make.restarted("alerts", STUCK_AFTER, watch, run));
    Ok(list)
}

/// Asks the database whether it takes writes, so that readiness says so even where nothing else asks, and
/// what time it is.
fn database_loop(pool: &PgPool, clock: &Arc<DatabaseClock>, stop: &CancellationToken) -> Loop {
    let pulse = Arc::new(Pulse::new(&(Arc::clone(clock) as SharedClock), STUCK_AFTER));
    pulse.trouble("it was not asked yet".to_owned());
    let (pool, clock, stop, beats) = (pool.clone(), Arc::clone(clock), stop.clone(), Arc::clone(&pulse));
    Loop::beating("database", AtEnd::Restart, pulse, move || {
        let (pool, clock, stop, pulse) = (pool.clone(), Arc::clone(&clock), stop.clone(), Arc::clone(&beats));
        Box::pin(async move {
            while !stop.is_cancelled() {
                match database::answers(&pool).await {
                    Ok(()) => {
                        pulse.well();
                        if let Err(error) = clock.set(&pool).await {
                            tracing::warn!(%error, "the database does not tell the time");
                        }
                    }
                    Err(reason) => pulse.trouble(reason),
                }
                pulse.beat();
                // Cut short by the end of the process, which the condition sees.
                let _slept = stop.run_until_cancelled(clock.sleep(ASK_EVERY)).await;
            }
            Ok(())
        })
    })
}
