//! Read side: what is known, over HTTP, for programs that hold an API key and for people with a browser.
//!
//! ```text
//!  GET ─▶ request id ─▶ no token in the query ─▶ API key ─▶ its rate ─▶ handler ─▶ query ─▶ JSON, CSV
//!                            400                   401        429       400 404     503        304
//! ```
//!
//! In reading order:
//! - [`settings`]; [`api`]: what handlers share. [`routes`]: the HTTP surface as a table, and what every
//!   request passes. `openapi`: what describes it. `server` accepts connections.
//! - [`problem`]: every answer that is not 200.
//! - [`access`]: API keys, checked; [`keys`]: API keys, made; `scope`: the accounts that a key sees;
//!   [`limit`]: how often one key may ask.
//! - What is asked: `params`, `range`, `paging` with `cursor`, `body`. What is answered: `figure`, `number`,
//!   `iso`; `reply` writes it as JSON or, by `table`, as CSV.
//! - `accounts`: accounts day by day and in tables. [`media`]: what is known of a medium, and which figures
//!   there can be. `people`: what people add.
//! - [`pipeline`]: the books, the tasks, and what is stuck.
//! - [`deletion`]: how far a request to delete is, for whoever has its code.
//! - `pages`: the same for people, as pages in a browser, who sign in with a key.
//! - [`observe`]: request ids, spans, metrics. [`progress`]: readiness.
//! - `query`: all SQL.
//!
//! One word in each layer: the role is `serve` (the command, its settings, its metrics and spans); what it
//! serves is the API (state, routes, problems, keys); this crate holds it. An insight is one figure of a
//! medium with what is known of it, as Meta uses the word.
//!
//! Invariants: nothing is read before the key is checked, except `/healthz`, the description, a deletion's
//! state, and what a link's own token opens; no answer and no log line holds a key, a token or a query
//! string, but the one answer that makes a link; a key sees its accounts, and to it there are no others; an
//! absent figure is `null` with its reason, never 0; no request makes a call to Meta. What is written is when
//! a key was last used, and what people add: never a row that Meta's figures stand in.

pub mod access;
mod accounts;
pub mod api;
mod body;
mod cursor;
pub mod deletion;
mod figure;
mod iso;
pub mod keys;
pub mod limit;
pub mod media;
mod number;
pub mod observe;
mod openapi;
mod pages;
mod paging;
mod params;
mod peer;
mod people;
pub mod pipeline;
pub mod problem;
pub mod progress;
mod query;
mod range;
mod reply;
pub mod routes;
mod scope;
mod server;
pub mod settings;
mod table;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use cekbrand_schema::SharedClock;
use cekbrand_schema::health::Readiness;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
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
        let api = Api::new(pool.clone(), Arc::clone(&clock), settings.requests_per_second)
            .with_telling(settings.telling.clone());
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
