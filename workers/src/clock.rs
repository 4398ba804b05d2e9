//! One time for all workers: the database's. Leases, waits and freshness are compared between workers, so
//! that a worker whose own clock is wrong would take others' work, read twice, or call a token expired that
//! is not.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cekbrand_schema::clock::Sleep;
use cekbrand_schema::{Clock, SharedClock};
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;

const DATABASE_TIME: &str = "SELECT clock_timestamp()";

/// A smaller difference is as likely the time that the question took.
const NOTICED: Duration = Duration::from_millis(50);
/// A larger difference is worth an operator's look.
const WARNED: Duration = Duration::from_secs(5);

/// The machine's clock, set right by the database's.
#[derive(Debug)]
pub struct DatabaseClock {
    own: SharedClock,
    /// Microseconds by which the database is ahead.
    ahead: AtomicI64,
}

impl DatabaseClock {
    /// A clock that agrees with the machine's until it is set.
    pub fn new(own: SharedClock) -> Self {
        Self { own, ahead: AtomicI64::new(0) }
    }

    /// Sets the clock by the database's.
    ///
    /// # Errors
    /// Whatever keeps the database from telling the time; the clock goes on as it was set before.
    pub async fn set(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut conn = pool.acquire().await?;
        let asked = self.own.now();
        let told: jiff_sqlx::Timestamp = sqlx::query_scalar(DATABASE_TIME).fetch_one(&mut *conn).await?;
        let took = self.own.now().duration_since(asked);
        let ahead = told.to_jiff().duration_since(asked) - took / 2;
        let held = SignedDuration::from_micros(self.ahead.load(Ordering::Relaxed));
        if (ahead - held).unsigned_abs() > NOTICED {
            self.ahead.store(i64::try_from(ahead.as_micros()).unwrap_or(0), Ordering::Relaxed);
            if ahead.unsigned_abs() > WARNED {
                let seconds = -ahead.as_secs();
                tracing::warn!(
                    seconds,
                    "this machine's clock is ahead of the database's; the database's is used"
                );
            }
        }
        Ok(())
    }

    fn ahead(&self) -> SignedDuration {
        SignedDuration::from_micros(self.ahead.load(Ordering::Relaxed))
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        self.own.now().saturating_add(self.ahead()).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        self.own.sleep_until(deadline.saturating_sub(self.ahead()).unwrap_or(deadline))
    }
}
