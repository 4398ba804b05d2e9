//! The HTTP server: accepts connections, bounds how many there are and the time and size of headers, ends
//! gracefully.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::linger::Lingering;

/// The largest header of a request. Meta's have about a kilobyte.
const MAX_HEADER_BYTES: usize = 16_384;

/// What a connection may keep in its buffers: a header, or as much of a body as is read at once.
const MAX_BUFFER_BYTES: usize = 65_536;

/// What bounds the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Connections at once.
    pub(crate) connections: usize,
    /// Time for a request's header, and for silence between requests.
    pub(crate) header_timeout: Duration,
    /// Time that running requests have after the signal to stop.
    pub(crate) grace: Duration,
}

/// Serves until `shutdown`, then lets running requests finish. Whoever comes while all places are taken waits
/// for one in the system's queue: connections that send nothing are soon ended.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    shutdown: CancellationToken,
) {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header_timeout)
        .max_header_size(MAX_HEADER_BYTES)
        .max_buf_size(MAX_BUFFER_BYTES)
        // Whoever has said all they have to say, and closes their side, still hears the answer.
        .half_close(true)
        .pipeline_flush(true);
    let builder = Arc::new(builder);
    let places = Arc::new(Semaphore::new(bounds.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let service = TowerToHyperService::new(
        router.map_request(|request: hyper::Request<Incoming>| request.map(Body::new)),
    );
    let graceful = GracefulShutdown::new();
    loop {
        let accept = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (stream, place) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept => accepted,
        };
        match stream {
            Ok((stream, _)) => {
                let connection = connection(&builder, &graceful, stream, service.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of file descriptors, mostly: existing connections go on, and soon there is room again.
                tracing::error!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(bounds.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still running at the end of the grace period and were cut off");
    }
}

fn connection<S>(
    builder: &http1::Builder,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    service: S,
) -> impl Future<Output = ()> + Send + use<S>
where
    S: hyper::service::Service<
            hyper::Request<Incoming>,
            Response = hyper::Response<Body>,
            Error = std::convert::Infallible,
        > + Send
        + 'static,
    S::Future: Send,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "a connection keeps its delay");
    }
    let connection = graceful.watch(builder.serve_connection(TokioIo::new(Lingering::new(stream)), service));
    async move {
        // Whoever hangs up early, or sends no HTTP, ends only their own connection.
        if let Err(error) = connection.await {
            tracing::debug!(error = %error, "a connection ended early");
        }
    }
}
