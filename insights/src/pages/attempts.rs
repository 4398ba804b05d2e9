//! How often one address may try to sign in, so that nobody guesses keys.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use cekbrand_schema::SharedClock;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// Tries at once; then one for each [`FREED_EVERY`].
const TRIES: NonZeroU32 = NonZeroU32::new(10).unwrap();
const FREED_EVERY: Duration = Duration::from_secs(12);
/// Beyond so many addresses, those that have their tries back are forgotten.
const MANY_ADDRESSES: usize = 10_000;

/// Attempts by address.
pub(crate) struct Attempts {
    limiter: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, Ticks, NoOpMiddleware<Nanos>>,
}

impl Attempts {
    /// Nobody has tried yet.
    pub(crate) fn new(clock: SharedClock) -> Self {
        let quota = Quota::with_period(FREED_EVERY).unwrap_or(Quota::per_minute(TRIES)).allow_burst(TRIES);
        Self { limiter: RateLimiter::new(quota, HashMapStateStore::default(), Ticks(clock)) }
    }

    /// Whether this address may try; it counts as a try.
    pub(crate) fn take(&self, address: IpAddr) -> bool {
        if self.limiter.len() > MANY_ADDRESSES {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&network(address)).is_ok()
    }
}

impl std::fmt::Debug for Attempts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempts").field("addresses", &self.limiter.len()).finish()
    }
}

/// Whoever has one IPv6 address mostly has all of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            v6.to_ipv4_mapped().map_or(IpAddr::from([a, b, c, d, 0, 0, 0, 0]), IpAddr::V4)
        }
    }
}

/// The service's clock in the limiter's unit.
#[derive(Debug, Clone)]
struct Ticks(SharedClock);

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let since_epoch = self.0.now().as_nanosecond();
        Nanos::new(u64::try_from(since_epoch).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cekbrand_schema::ManualClock;

    use super::*;

    #[test]
    fn an_address_that_tries_too_often_waits_and_no_other_does() {
        let clock = ManualClock::new("2026-11-25T12:00:00Z".parse().unwrap());
        let attempts = Attempts::new(Arc::new(clock.clone()));
        let [guesser, other]: [IpAddr; 2] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        assert_eq!((0..20).filter(|_| attempts.take(guesser)).count(), 10);
        assert!(attempts.take(other));
        clock.advance(FREED_EVERY);
        assert!(attempts.take(guesser) && !attempts.take(guesser));
    }

    #[test]
    fn neighbours_in_one_network_are_one() {
        let clock = ManualClock::new("2026-11-25T12:00:00Z".parse().unwrap());
        let attempts = Attempts::new(Arc::new(clock));
        let address = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        assert_eq!((0..20).filter(|last| attempts.take(address(*last))).count(), 10);
        let mapped: IpAddr = "::ffff:10.0.0.1".parse().unwrap();
        assert_eq!(network(mapped), IpAddr::from([10, 0, 0, 1]));
    }
}
