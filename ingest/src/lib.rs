//! Webhook receiver: a signed delivery in, acknowledged Kafka records out.
//!
//! ```text
//!  POST ─▶ signature header ─▶ body ─▶ admission ─▶ signature ─▶ records ─▶ publish ─▶ 200
//!             401          408/413/503     503          401         │          503
//!                                                                   └ no JSON: dead-letter topic, as bytes
//! ```
//!
//! - `server` accepts connections. [`routes`]: the HTTP surface; [`problem`]: every status that is not 200.
//! - [`receiver`]: what is done with a request. [`body`]: reading within limits. [`admission`]: how much may
//!   be in flight.
//! - [`signature`]: HMAC over the raw bytes; only it makes a `SignedBody`.
//! - [`signed_request`]: deauthorisation and data deletion, which come as a signed form.
//! - [`record`]: what a delivery becomes. [`publish`]: making it durable. [`progress`]: readiness.
//! - [`settings`], [`stats`].
//!
//! Invariants: 200 means that every change of the delivery was acknowledged by all in-sync replicas or, where
//! there is a spool, is on this machine's disk; a signed delivery is never lost, whatever it contains; the
//! signature is checked over the bytes as they came; whoever has signed nothing can take from others only
//! what they send themselves, and only for a few seconds.

pub mod admission;
pub mod body;
mod linger;
pub mod problem;
pub mod progress;
pub mod publish;
pub mod receiver;
pub mod record;
pub mod routes;
mod server;
pub mod settings;
pub mod signature;
pub mod signed_request;
pub mod stats;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use cekbrand_schema::SharedClock;
use cekbrand_schema::health::Readiness;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::publish::kafka::KafkaPublisher;
use crate::publish::spool::{SpoolError, SpoolPublisher};
use crate::publish::{Publisher, Unflushed};
use crate::receiver::Receiver;
pub use crate::settings::Settings;
pub use crate::signature::LabelledSecret;

/// How often the publisher is looked after.
const CHECK_EVERY: Duration = Duration::from_secs(2);

/// Why the receiver could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("{0} cannot be listened on: choose another address with CEKBRAND__INGEST__LISTEN")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The Kafka client refuses its settings.
    #[error("the kafka producer cannot be built: check CEKBRAND__KAFKA__*")]
    Producer(#[source] rdkafka::error::KafkaError),
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// The receiver stopped, but not every record was acknowledged. None of them was answered 200, so Meta sends
/// them again.
#[derive(Debug, thiserror::Error)]
#[error(
    "records were still unacknowledged at the end of the grace period; their deliveries were not answered 200"
)]
pub struct RunError(#[source] Unflushed);

/// The receiver, listening.
pub struct Ingest {
    listener: TcpListener,
    local_addr: SocketAddr,
    router: Router,
    publisher: Arc<dyn Publisher>,
    settings: Settings,
}

impl Ingest {
    /// Listens, and connects to Kafka in the background.
    ///
    /// # Errors
    ///
    /// [`StartError`] where the address is taken, the Kafka settings contradict themselves, or the spool
    /// cannot be used.
    pub async fn bind(settings: Settings, clock: SharedClock) -> Result<Self, StartError> {
        let timeout = settings.produce_timeout;
        let timeout = settings.spool.as_ref().map_or(timeout, |spool| spool.after.min(timeout));
        let kafka =
            KafkaPublisher::new(&settings.kafka, settings.topics.clone(), timeout, Arc::clone(&clock));
        let kafka = Arc::new(kafka.map_err(StartError::Producer)?);
        let publisher: Arc<dyn Publisher> = match &settings.spool {
            Some(spool) => Arc::new(SpoolPublisher::open(kafka, spool)?),
            None => kafka,
        };
        Self::before(publisher, settings, clock).await
    }

    /// Listens, before any publisher.
    ///
    /// # Errors
    ///
    /// [`StartError::Listen`] where the address is taken.
    pub async fn before(
        publisher: Arc<dyn Publisher>,
        settings: Settings,
        clock: SharedClock,
    ) -> Result<Self, StartError> {
        let router = router(&settings, Arc::clone(&publisher), clock);
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| StartError::Listen(listen, error))?;
        let local_addr = listener.local_addr().map_err(|error| StartError::Listen(listen, error))?;
        Ok(Self { listener, local_addr, router, publisher, settings })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Whether records are taken.
    pub fn readiness(&self) -> Readiness {
        let publisher = Arc::clone(&self.publisher);
        Arc::new(move || publisher.ready())
    }

    /// What an operator should know although records are taken.
    pub fn remark(&self) -> impl Fn() -> Option<String> + Send + Sync + 'static {
        let publisher = Arc::clone(&self.publisher);
        move || publisher.remark()
    }

    /// Serves until `shutdown`, then finishes running requests and flushes the publisher.
    ///
    /// # Errors
    ///
    /// [`RunError`] where records were left unacknowledged.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), RunError> {
        let bounds = server::Bounds {
            connections: self.settings.max_connections,
            header_timeout: self.settings.header_timeout,
            grace: self.settings.shutdown_grace,
        };
        let produce_timeout = self.settings.produce_timeout;
        let caretaker = tokio::spawn(look_after(Arc::clone(&self.publisher), shutdown.child_token()));
        tracing::info!(http.listen = %self.local_addr, "the receiver is listening");
        server::serve(self.listener, self.router, bounds, shutdown).await;
        caretaker.abort();
        let publisher = self.publisher;
        let flushed = tokio::task::spawn_blocking(move || publisher.flush(produce_timeout)).await;
        tracing::info!("the receiver has stopped");
        let flushed = flushed.unwrap_or_else(|error| {
            tracing::error!(error = %error, "flushing broke off; what was not acknowledged was not answered 200");
            Ok(())
        });
        flushed.map_err(RunError)
    }
}

/// The routes over any publisher.
pub fn router(settings: &Settings, publisher: Arc<dyn Publisher>, clock: SharedClock) -> Router {
    routes::router(Arc::new(Receiver::new(settings, publisher, clock)))
}

/// Keeps readiness true to the facts and the publisher alive.
async fn look_after(publisher: Arc<dyn Publisher>, shutdown: CancellationToken) {
    let mut interval = tokio::time::interval(CHECK_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(interval.tick()).await.is_some() {
        let publisher = Arc::clone(&publisher);
        let check = move || publisher.check(Duration::from_secs(5));
        if let Err(error) = tokio::task::spawn_blocking(check).await {
            tracing::error!(error = %error, "the check of the publisher broke off");
        }
    }
}
