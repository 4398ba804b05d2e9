//! Read side: what is known, over HTTP, for programs that hold an API key.
//!
//! ```text
//!  GET ─▶ request id ─▶ no token in the query ─▶ API key ─▶ its rate ─▶ handler ─▶ query ─▶ JSON
//!                            400                   401        429       400 404     503
//! ```
//!
//! In reading order:
//! - [`settings`]; [`api`]: what handlers share. [`routes`]: the HTTP surface as a table, and what every
//!   request passes. `server` accepts connections.
//! - [`problem`]: every answer that is not 200.
//! - [`access`]: API keys, checked; [`keys`]: API keys, made; [`limit`]: how often one key may ask.
//! - [`media`]: what is known of a medium, and which figures there can be.
//! - [`pipeline`]: the books, the tasks, and what is stuck.
//! - [`observe`]: request ids, spans, metrics. [`progress`]: readiness.
//! - `query`: all SQL.
//!
//! One word in each layer: the role is `serve` (the command, its settings, its metrics and spans); what it
//! serves is the API (state, routes, problems, keys); this crate holds it. An insight is one figure of a
//! medium with what is known of it, as Meta uses the word.
//!
//! Invariants: nothing is read before the key is checked, except `/healthz`; no answer and no log line holds
//! a key, a token or a query string; an absent figure is `null` with its reason, never 0; no request makes a
//! call to Meta. The one thing written is when a key was last used.

pub mod access;
pub mod api;
mod iso;
pub mod keys;
pub mod limit;
pub mod media;
mod number;
pub mod observe;
pub mod pipeline;
pub mod problem;
pub mod progress;
mod query;
pub mod routes;
mod server;
pub mod settings;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use cekbrand_schema::SharedClock;
use cekbrand_schema::health::Readiness;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::limit::RateLimit;
use crate::progress::Progress;
pub use crate::settings::Settings;

/// Why the API could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("{0} cannot be listened on: choose another address with CEKBRAND__SERVE__LISTEN")]
    Listen(SocketAddr, #[source] std::io::Error),
}

/// The API, listening.
pub struct Insights {
    listener: TcpListener,
    local_addr: SocketAddr,
    router: Router,
    pool: PgPool,
    progress: Arc<Progress>,
    settings: Settings,
}

impl Insights {
    /// Listens. The database is not asked yet: until it answers, [`Insights::readiness`] says so.
    ///
    /// # Errors
    ///
    /// [`StartError`] where the address is taken.
    pub async fn bind(settings: Settings, pool: PgPool, clock: SharedClock) -> Result<Self, StartError> {
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| StartError::Listen(listen, error))?;
        let local_addr = listener.local_addr().map_err(|error| StartError::Listen(listen, error))?;
        observe::describe();
        let api = Api {
            pool: pool.clone(),
            clock: Arc::clone(&clock),
            limit: Arc::new(RateLimit::new(settings.requests_per_second)),
        };
        Ok(Self {
            listener,
            local_addr,
            router: routes::router(api, settings.request_timeout),
            pool,
            progress: Arc::new(Progress::new(clock)),
            settings,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Whether the database has answered within the last 10 s.
    pub fn readiness(&self) -> Readiness {
        let progress = Arc::clone(&self.progress);
        Arc::new(move || progress.ready())
    }

    /// Serves until `shutdown`, then lets running requests finish.
    pub async fn run(self, shutdown: CancellationToken) {
        let watch = progress::watch(self.pool, self.progress);
        let watcher = tokio::spawn(shutdown.clone().run_until_cancelled_owned(watch));
        tracing::info!(http.listen = %self.local_addr, "the API is listening");
        server::serve(
            self.listener,
            self.router,
            self.settings.header_timeout,
            self.settings.shutdown_grace,
            shutdown,
        )
        .await;
        watcher.abort();
        tracing::info!("the API has stopped");
    }
}
