//! The loops of a process in one list: each with its name, its sign of life, and what its end means.
//! Supervision, readiness and shutdown are made from the list, so that a loop cannot be forgotten in one of
//! them.

pub mod pulse;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use cekbrand_schema::SharedClock;
use cekbrand_schema::health::Readiness;
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::land::Halt;
pub use pulse::Pulse;

/// How long a loop that ended waits before it is started anew; longer each time, up to a minute.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A loop under way. It ends well once its token is cancelled.
pub type Running = Pin<Box<dyn Future<Output = Result<(), Halt>> + Send>>;

/// What the end of a loop means that nobody asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// It is started anew, and counted.
    Restart,
    /// The process ends: a person has to look.
    Halt,
}

/// One loop of a process.
pub struct Loop {
    name: &'static str,
    at_end: AtEnd,
    pulse: Arc<Pulse>,
    start: Box<dyn FnMut() -> Running + Send>,
}

impl Loop {
    /// A loop whose sign of life is each step that its future makes: it has none while it waits for something
    /// that does not come.
    pub fn new(
        name: &'static str,
        at_end: AtEnd,
        pulse: Pulse,
        mut start: impl FnMut() -> Running + Send + 'static,
    ) -> Self {
        let pulse = Arc::new(pulse);
        let beats = Arc::clone(&pulse);
        let start = Box::new(move || {
            let stepping = Stepping { pulse: Arc::clone(&beats), future: start() };
            Box::pin(stepping) as Running
        });
        Self { name, at_end, pulse, start }
    }

    /// A loop that gives its signs of life itself.
    pub fn beating(
        name: &'static str,
        at_end: AtEnd,
        pulse: Arc<Pulse>,
        start: impl FnMut() -> Running + Send + 'static,
    ) -> Self {
        Self { name, at_end, pulse, start: Box::new(start) }
    }
}

/// All loops of a process.
pub struct Loops {
    list: Vec<Loop>,
    clock: SharedClock,
    stop: CancellationToken,
}

impl Loops {
    /// A list. Cancelling `stop` must end every loop of it.
    pub fn new(list: Vec<Loop>, clock: SharedClock, stop: CancellationToken) -> Self {
        Self { list, clock, stop }
    }

    /// One more.
    pub fn push(&mut self, each: Loop) {
        self.list.push(each);
    }

    /// Whether every loop moves and none is in trouble; one sentence about each that does not or is.
    pub fn readiness(&self) -> Readiness {
        let pulses: Vec<_> = self.list.iter().map(|each| (each.name, Arc::clone(&each.pulse))).collect();
        Arc::new(move || {
            let wrong: Vec<String> = pulses
                .iter()
                .filter_map(|(name, pulse)| Some(format!("{name}: {}", pulse.wrong()?)))
                .collect();
            if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
        })
    }

    /// Runs all of them until they are stopped. One that halts stops the others.
    ///
    /// # Errors
    ///
    /// The first [`Halt`].
    pub async fn run(self) -> Result<(), Halt> {
        metrics::describe_counter!(
            "cekbrand_worker_loop_restarts_total",
            "Loops that ended unasked and were started anew"
        );
        let Self { list, clock, stop } = self;
        let mut running = JoinSet::new();
        for each in list {
            let (clock, stop) = (Arc::clone(&clock), stop.clone());
            running.spawn(async move { watch(each, clock, stop).await });
        }
        let mut first = Ok(());
        while let Some(ended) = running.join_next().await {
            let halt = match ended {
                Ok(Ok(())) => continue,
                Ok(Err(halt)) => halt,
                Err(error) => Halt::Loop { name: "the supervision", reason: error.to_string() },
            };
            tracing::error!(error = %halt, "a loop has halted, and with it the worker");
            stop.cancel();
            first = first.and(Err(halt));
        }
        first
    }
}

/// Runs one loop, and does what its end means.
async fn watch(mut each: Loop, clock: SharedClock, stop: CancellationToken) -> Result<(), Halt> {
    let mut restarts = 0;
    loop {
        let running = (each.start)();
        let ended = AssertUnwindSafe(running).catch_unwind().await;
        let reason = match ended {
            Ok(Ok(())) if stop.is_cancelled() => return Ok(()),
            Ok(Err(halt)) => return Err(halt),
            Ok(Ok(())) => "it ended although nobody asked it to".to_owned(),
            Err(panic) => format!("it panicked: {}", said(&*panic)),
        };
        if each.at_end == AtEnd::Halt {
            return Err(Halt::Loop { name: each.name, reason });
        }
        if stop.is_cancelled() {
            tracing::error!(worker.loop = each.name, reason, "a loop broke off while it was ending");
            return Ok(());
        }
        tracing::error!(worker.loop = each.name, reason, "a loop has ended and is started anew");
        metrics::counter!("cekbrand_worker_loop_restarts_total", "loop" => each.name).increment(1);
        each.pulse.trouble(reason);
        let pause = FIRST_PAUSE * (1 << restarts.min(6));
        restarts += 1;
        if stop.run_until_cancelled(clock.sleep(pause.min(Duration::from_mins(1)))).await.is_none() {
            return Ok(());
        }
        each.pulse.well();
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

/// Gives a sign of life with each step of a future.
struct Stepping {
    pulse: Arc<Pulse>,
    future: Running,
}

impl Future for Stepping {
    type Output = Result<(), Halt>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.pulse.beat();
        self.future.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests;
