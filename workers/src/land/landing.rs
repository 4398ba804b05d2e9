//! The lanes of a worker as loops, each with a thread of its own.

use cekbrand_schema::{Lane, SharedClock};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::lane::LaneRunner;
use super::{Halt, batch, lane, position};
use crate::settings::LandSettings;
use crate::supervise::{AtEnd, Loop};

/// Every lane, ready to run. `shutdown` ends them. The end of one means that a person has to look.
///
/// # Errors
///
/// [`Halt::Consumer`] where a consumer cannot be built.
pub fn lanes(
    settings: &LandSettings,
    pool: &PgPool,
    clock: &SharedClock,
    shutdown: &CancellationToken,
) -> Result<Vec<Loop>, Halt> {
    batch::describe();
    lane::describe();
    position::describe();
    let lane = |lane: Lane| {
        let runner = LaneRunner::new(lane, settings.clone(), pool.clone(), clock.clone(), shutdown.clone())?;
        let pulse = runner.pulse();
        let mut runner = Some(runner);
        Ok(Loop::beating(name(lane), AtEnd::Halt, pulse, move || {
            let runner = runner.take();
            Box::pin(async move {
                match runner {
                    Some(runner) => on_a_thread(lane, runner).await,
                    None => Ok(()),
                }
            })
        }))
    };
    Lane::ALL.into_iter().map(lane).collect()
}

fn name(lane: Lane) -> &'static str {
    match lane {
        Lane::StoryInsights => "lane story-insights",
        Lane::Comments => "lane comments",
        Lane::Other => "lane other",
        Lane::Control => "lane control",
        Lane::DeadLetter => "lane dead-letter",
    }
}

/// Runs a lane on a thread and waits for its end, however it ends.
async fn on_a_thread(lane: Lane, runner: LaneRunner) -> Result<(), Halt> {
    let (done, ended) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name(format!("land-{lane}")).spawn(move || {
        // The receiver waits for as long as the lane runs; if it is gone, so is whoever wanted to know.
        let _nobody_listens = done.send(runner.run());
    });
    let broken = |reason: String| Halt::Loop { name: name(lane), reason };
    thread.map_err(|error| broken(error.to_string()))?;
    ended.await.unwrap_or_else(|_| Err(broken("its thread panicked".to_owned())))
}
