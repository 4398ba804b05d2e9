//! The Graph API of an invented Instagram over real HTTP, as strict as Meta's.
//!
//! ```text
//!  request ─▶ token, proof, faults, usage ──answer──▶ reading ▶ nodes, edges, insights ──server──▶ response
//!                                                                        └──▶ calls (the log)
//! ```
//!
//! Everything that can go wrong at Meta can be switched on: see [`Fault`] and the methods of [`Simulator`];
//! other processes use `/__control`. Answers are functions of the seed and the clock, so two reads at one
//! instant agree.

mod answer;
mod calls;
mod codes;
mod config;
mod control;
mod dialog;
mod edge;
mod error;
mod fault;
mod fields;
mod media_insights;
mod oauth;
mod reading;
mod request;
mod server;
mod state;
mod subscribed;
mod subscriptions;
mod token;
mod usage;
mod user_figures;
mod user_insights;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use cekbrand_schema::SharedClock;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use calls::{Call, CallKind};
pub use config::SimulatorConfig;
pub use fault::{Effect, Fault};
pub use fields::{Field, FieldsError, parse as parse_fields};
pub use token::{SECRET_MARK, TOKEN_MARK};
pub use usage::UsageLimits;

pub(crate) use token::hmac_hex;

use crate::world::{Account, Comment, Medium, World, WorldConfig};
use state::State;

/// A running simulator; it takes no more connections once it is dropped.
pub struct Simulator {
    state: Arc<State>,
    server: JoinHandle<()>,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("base_url", &self.state.base_url).finish_non_exhaustive()
    }
}

impl Simulator {
    /// Starts a simulator of a world of its own: twelve accounts whose history ends now.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(seed: u64, config: SimulatorConfig, clock: SharedClock) -> anyhow::Result<Self> {
        let world = World::new(WorldConfig::new(seed, clock.now()));
        Self::start_in(Arc::new(world), config, clock).await
    }

    /// Starts a simulator of a given world, which a generator may share.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start_in(
        world: Arc<World>,
        config: SimulatorConfig,
        clock: SharedClock,
    ) -> anyhow::Result<Self> {
        let listen = config.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("the simulator cannot listen on {listen}"))?;
        let base_url =
            format!("http://{}", listener.local_addr().context("the simulator's address is unknown")?);
        let state = Arc::new(State::new(config, world, clock, base_url));
        let router = server::router(Arc::clone(&state));
        // Small answers must not wait for each other.
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps its delay");
            }
        });
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the simulator stopped");
            }
        });
        Ok(Self { state, server })
    }

    /// `http://127.0.0.1:<port>`; paths with a version follow.
    pub fn base_url(&self) -> &str {
        &self.state.base_url
    }

    /// The same for tokens of Instagram Login, where an account's `id` is known to the app alone.
    pub fn instagram_base_url(&self) -> String {
        format!("{}/{}", self.state.base_url, request::INSTAGRAM)
    }

    /// The id of an account that Instagram Login tells the app.
    pub fn app_scoped_id(&self, account: &Account) -> String {
        request::app_scoped_id(account)
    }

    /// The world behind it.
    pub fn world(&self) -> &Arc<World> {
        &self.state.world
    }

    /// The id of the application.
    pub fn app_id(&self) -> &str {
        &self.state.config.app_id
    }

    /// The app secret; it begins with [`SECRET_MARK`].
    pub fn app_secret(&self) -> SecretString {
        SecretString::from(self.state.tokens().secret())
    }

    /// The latest token of a watched account; it begins with [`TOKEN_MARK`]. Nothing for other accounts.
    pub fn token(&self, account: &Account) -> Option<SecretString> {
        self.state.tokens().current(account.index).map(SecretString::from)
    }

    /// Every token ever issued and the app secret, for a test that looks where they must not be.
    pub fn secrets(&self) -> Vec<String> {
        self.state.tokens().all_secrets()
    }

    /// The simulator's time.
    pub fn now(&self) -> Timestamp {
        self.state.now()
    }

    /// Moves the simulator's clock against the one it was given; proofs go by the given one.
    pub fn set_clock_offset(&self, offset: SignedDuration) {
        self.state.set_offset(offset);
    }

    /// Switches a fault on and gives its number.
    pub fn add_fault(&self, fault: Fault) -> u64 {
        self.state.faults.add(fault)
    }

    /// Switches a fault off; false if there is none of this number.
    pub fn remove_fault(&self, number: u64) -> bool {
        self.state.faults.remove(number)
    }

    /// Switches all faults off.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// Refuses an account's calls with 80002 for some minutes of the simulator's time; 0 frees it.
    pub fn block(&self, account: &Account, minutes: u32) {
        block(&self.state, account.id.as_str(), minutes);
    }

    /// Shows a percentage in an account's usage headers, whatever it used; `None` ends it.
    pub fn show_usage(&self, account: &Account, percent: Option<u64>) {
        self.state.usage().show(account.id.as_str(), percent);
    }

    /// Kills all tokens of an account: they are refused with 190 and this subcode.
    pub fn kill_token(&self, account: &Account, subcode: i64) {
        kill_token(&self.state, account, subcode);
    }

    /// Gives an account a new token.
    pub fn issue_token(&self, account: &Account) -> SecretString {
        let now = self.state.now();
        SecretString::from(self.state.tokens().issue(account.index, now))
    }

    /// Takes a permission away from all tokens of an account, or gives it back.
    pub fn set_permission(&self, account: &Account, permission: &str, granted: bool) {
        let key = (account.index, permission.to_owned());
        let mut taken = self.state.taken_scopes();
        if granted {
            taken.remove(&key)
        } else {
            taken.insert(key)
        };
    }

    /// Ends the webhook subscriptions of an account, or those of the app by its id.
    pub fn unsubscribe(&self, subject: &str) {
        self.state.subscribed().end(subject);
    }

    /// Deletes a medium or a comment: from now on it is 100/33.
    pub fn delete(&self, id: &str) {
        self.state.deleted().insert(id.to_owned());
    }

    /// Somebody comments on a medium.
    pub fn comment(&self, medium: &Medium) -> Comment {
        self.state.world.add_comment(medium)
    }

    /// All calls since the last [`Simulator::clear_calls`], in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.since(0)
    }

    /// What the calls cost, by kind: `ids=` counts each id.
    pub fn costs(&self) -> BTreeMap<CallKind, u64> {
        self.state.calls.costs()
    }

    /// What all calls cost together.
    pub fn total_cost(&self) -> u64 {
        self.costs().values().sum()
    }

    /// Forgets the calls so far; their ids are not given again.
    pub fn clear_calls(&self) {
        self.state.calls.clear();
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn block(state: &State, account: &str, minutes: u32) {
    let until = state.now().checked_add(SignedDuration::from_mins(minutes.into())).ok();
    state.usage().block(account, until.filter(|_| minutes > 0));
}

fn kill_token(state: &State, account: &Account, subcode: i64) {
    state.tokens().kill(account.index, subcode);
}

#[cfg(test)]
mod client;
#[cfg(test)]
mod tests;
