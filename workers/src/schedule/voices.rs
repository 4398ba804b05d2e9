//! Accounts that used to speak and are silent. Who speaks is seen from the events, every few hours; an account
//! without a webhook for three times its usual gap, and for a day at least, becomes an alert, and the next
//! webhook ends it.
//!
//! That everybody is silent is the receiver's matter; an alert of its own tells that.

use cekbrand_schema::SharedClock;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sqlx::{PgConnection, PgPool};

use super::store::voices::{self as store, Silent};
use crate::token::store::alert::{self, Alert, AlertKind};

/// From one look to the next: a silence is a day long at least, and a look reads a day's events.
const EVERY: SignedDuration = SignedDuration::from_hours(3);
/// How far behind the last look events are looked for: those that landed late.
const LATE: SignedDuration = SignedDuration::from_hours(24);
/// How far back a look reads at most, after a pause or at first.
const FURTHEST: SignedDuration = SignedDuration::from_hours(48);

/// Looks, unless that was done lately. Says for how many accounts that have fallen silent there is an alert.
///
/// # Errors
/// Whatever keeps the statements from running.
pub async fn look(pool: &PgPool, clock: &SharedClock) -> Result<Option<usize>, sqlx::Error> {
    let now = clock.now();
    let mut transaction = pool.begin().await?;
    let conn = &mut *transaction;
    // Whoever else is at it waits for this one, and finds that it was done.
    let Some(looked_at) = store::begin(conn, earlier(now, EVERY), now).await? else { return Ok(None) };
    let since = earlier(looked_at, LATE).max(earlier(now, FURTHEST));
    store::hear(conn, since, now).await?;
    let silent = store::silent(conn, now).await?;
    tell(conn, &silent, now).await?;
    transaction.commit().await?;
    Ok(Some(silent.len()))
}

async fn tell(conn: &mut PgConnection, silent: &[Silent], now: Timestamp) -> Result<(), sqlx::Error> {
    for account_id in store::alerted(conn).await? {
        if !silent.iter().any(|each| each.account_id == account_id) {
            alert::resolve(conn, &account_id, &[AlertKind::NoWebhooks], now).await?;
        }
    }
    for each in silent {
        let detail = detail(each);
        let alert = Alert { account_id: &each.account_id, kind: AlertKind::NoWebhooks, detail: &detail };
        alert::raise(conn, alert, now).await?;
    }
    Ok(())
}

/// The same words for as long as the silence lasts.
fn detail(silent: &Silent) -> String {
    let Silent { account_id, usual_hours, .. } = silent;
    let since = silent.last_at().to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    format!(
        "no webhook has come since {since}, and usually one comes every {:.0} hours: see whether the account is still subscribed \
         (`cekbrand subscribe --check {account_id}`), and whether its owner has taken access away",
        usual_hours.max(1.0)
    )
}

fn earlier(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}
