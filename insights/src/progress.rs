//! Readiness that proves progress: when the database last answered.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cekbrand_schema::SharedClock;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;

use crate::query;

const ASK_EVERY: Duration = Duration::from_secs(2);
const ASK_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_SILENCE: SignedDuration = SignedDuration::from_secs(10);

/// When the database last answered.
#[derive(Debug)]
pub struct Progress {
    clock: SharedClock,
    answered_at: Mutex<Option<Timestamp>>,
}

impl Progress {
    /// No answer so far.
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, answered_at: Mutex::new(None) }
    }

    /// The database has answered.
    pub fn answered(&self) {
        let mut answered_at = self.answered_at.lock().unwrap_or_else(PoisonError::into_inner);
        *answered_at = Some(self.clock.now());
    }

    /// Whether it has answered within the last 10 s.
    ///
    /// # Errors
    ///
    /// One sentence that says since when it has not.
    pub fn ready(&self) -> Result<(), String> {
        match *self.answered_at.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(at) if self.clock.now().duration_since(at) <= MAX_SILENCE => Ok(()),
            Some(at) => Err(format!("the database has not answered since {at}")),
            None => Err("the database has not answered yet".to_owned()),
        }
    }
}

/// Asks the database again and again; ends when dropped.
pub(crate) async fn watch(pool: PgPool, progress: std::sync::Arc<Progress>) {
    let mut answering = true;
    loop {
        let answer = match tokio::time::timeout(ASK_TIMEOUT, query::answers(&pool)).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(sqlx::Error::PoolTimedOut),
        };
        match answer {
            Ok(()) => {
                progress.answered();
                answering = true;
            }
            Err(error) => {
                // Once per outage: readiness repeats it for those who ask.
                if std::mem::take(&mut answering) {
                    tracing::warn!(error = %error, "the database does not answer");
                }
            }
        }
        progress.clock.sleep(ASK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cekbrand_schema::ManualClock;

    use super::*;

    #[test]
    fn readiness_lasts_ten_seconds_from_an_answer() {
        let clock = ManualClock::new("2026-11-21T12:00:00Z".parse().unwrap());
        let progress = Progress::new(Arc::new(clock.clone()));
        assert_eq!(progress.ready(), Err("the database has not answered yet".to_owned()));
        progress.answered();
        clock.advance(Duration::from_secs(10));
        assert_eq!(progress.ready(), Ok(()));
        clock.advance(Duration::from_secs(1));
        assert_eq!(
            progress.ready(),
            Err("the database has not answered since 2026-11-21T12:00:00Z".to_owned())
        );
    }
}
