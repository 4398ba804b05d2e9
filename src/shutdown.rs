//! Ending a role: the first signal asks it to finish, the grace period is the longest it may take.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Time on top of the grace period for what a role does after its own.
const MARGIN: Duration = Duration::from_secs(3);

/// A token that SIGTERM or SIGINT cancels.
pub(crate) fn on_signal() -> Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: finishing"),
            _ = interrupt.recv() => tracing::info!("SIGINT: finishing"),
        }
        cancelled.cancel();
    });
    Ok(token)
}

/// Waits for a role to end. Once it was asked to, it has the grace period and a little more.
pub(crate) async fn within_grace<E: Display>(
    role: impl Future<Output = Result<(), E>>,
    shutdown: &CancellationToken,
    grace: Duration,
) -> Result<()> {
    let too_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace + MARGIN).await;
    };
    tokio::select! {
        ended = role => ended.map_err(|error| anyhow!("{error:#}")),
        () = too_late => bail!("the grace period of {} s is over and work is still going on", grace.as_secs()),
    }
}
