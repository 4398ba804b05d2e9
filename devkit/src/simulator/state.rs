//! What the simulator remembers while it runs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cekbrand_schema::SharedClock;
use jiff::{SignedDuration, Timestamp};

use super::calls::CallLog;
use super::codes::Codes;
use super::config::SimulatorConfig;
use super::fault::Faults;
use super::subscribed::Subscriptions;
use super::token::Tokens;
use super::usage::Usage;
use crate::world::World;

/// Shared by the control methods and the HTTP handlers.
pub(super) struct State {
    pub(super) config: SimulatorConfig,
    pub(super) world: Arc<World>,
    pub(super) base_url: String,
    pub(super) calls: CallLog,
    pub(super) faults: Faults,
    clock: SharedClock,
    offset: Mutex<SignedDuration>,
    tokens: Mutex<Tokens>,
    usage: Mutex<Usage>,
    deleted: Mutex<BTreeSet<String>>,
    subscribed: Mutex<Subscriptions>,
    taken_scopes: Mutex<BTreeSet<(usize, String)>>,
    codes: Mutex<Codes>,
}

impl State {
    pub(super) fn new(
        config: SimulatorConfig,
        world: Arc<World>,
        clock: SharedClock,
        base_url: String,
    ) -> Self {
        let mut tokens = Tokens::new(world.config().seed);
        for account in world.watched() {
            tokens.issue(account.index, clock.now());
        }
        Self {
            usage: Mutex::new(Usage::new(config.limits)),
            tokens: Mutex::new(tokens),
            offset: Mutex::new(SignedDuration::ZERO),
            deleted: Mutex::default(),
            subscribed: Mutex::default(),
            taken_scopes: Mutex::default(),
            codes: Mutex::default(),
            calls: CallLog::default(),
            faults: Faults::default(),
            config,
            world,
            clock,
            base_url,
        }
    }

    /// The simulator's time.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        now.checked_add(*held(&self.offset)).unwrap_or(now)
    }

    /// The time without the offset: proofs are checked against it, since the caller's clock is not moved.
    pub(super) fn real_now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn set_offset(&self, offset: SignedDuration) {
        *held(&self.offset) = offset;
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        held(&self.tokens)
    }

    pub(super) fn usage(&self) -> MutexGuard<'_, Usage> {
        held(&self.usage)
    }

    pub(super) fn deleted(&self) -> MutexGuard<'_, BTreeSet<String>> {
        held(&self.deleted)
    }

    /// Subscribed webhook fields.
    pub(super) fn subscribed(&self) -> MutexGuard<'_, Subscriptions> {
        held(&self.subscribed)
    }

    /// Codes of the login dialogs.
    pub(super) fn codes(&self) -> MutexGuard<'_, Codes> {
        held(&self.codes)
    }

    /// Permissions that were taken away: (place of the account, permission).
    pub(super) fn taken_scopes(&self) -> MutexGuard<'_, BTreeSet<(usize, String)>> {
        held(&self.taken_scopes)
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
