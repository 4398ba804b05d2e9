//! Starts the tests' containers.

use std::time::Duration;

use ::testcontainers::core::IntoContainerPort;
use ::testcontainers::runners::AsyncRunner;
use ::testcontainers::{GenericImage, ImageExt};
use anyhow::{Context, Result};

use super::docker::{Container, launch};
use super::supervise::Launch;

/// With the time that an image takes to be pulled.
const START_TIMEOUT: Duration = Duration::from_mins(5);

/// Starts a container, which outlives the handle and this process.
///
/// # Errors
/// When the image cannot be had or does not start.
pub(super) fn start(container: Container) -> Result<Launch> {
    let mut request = GenericImage::new(container.image, container.tag)
        .with_mapped_port(container.outside, container.inside.tcp());
    if !container.arguments.is_empty() {
        request = request.with_cmd(container.arguments);
    }
    for (name, value) in container.environment {
        request = request.with_env_var(name, value);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let started = runtime.block_on(async { tokio::time::timeout(START_TIMEOUT, request.start()).await });
    let running = started.context("the image is not there in time")?.context("cannot start a container")?;
    let id = running.id().to_owned();
    std::mem::forget(running);
    Ok(launch(id, container.address))
}
