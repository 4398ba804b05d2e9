//! PostgreSQL: it answers, its schema is this program's, and its clock is ours.

use std::sync::Arc;

use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::clock::DatabaseClock;
use cekbrand_workers::database::Use;
use sqlx::PgPool;

use super::finding::Finding;
use crate::command::migrate;
use crate::config::Config;

/// Clocks that differ by more make logs and time-outs hard to understand.
const TOLERATED_SECONDS: i64 = 5;

/// Looks at the database; gives it where it can be used.
pub(super) async fn check(config: &Config, findings: &mut Vec<Finding>) -> Option<PgPool> {
    if config.text("database.url").is_none() {
        let what = "no database is configured";
        findings.push(Finding::wrong("database", what, "set CEKBRAND__DATABASE__URL"));
        return None;
    }
    let pool = match config.pool(2, Use::Write).await {
        Ok(pool) => pool,
        Err(error) => {
            let mend =
                "start PostgreSQL, or mend the address, the user or the password in CEKBRAND__DATABASE__URL";
            findings.push(Finding::wrong("database", format!("{error:#}"), mend));
            return None;
        }
    };
    findings.push(Finding::fine("database", "PostgreSQL answers and takes writes"));
    findings.push(clock(&pool).await);
    let migrated = migrations(&pool).await;
    let is_usable = !migrated.is_wrong();
    findings.push(migrated);
    is_usable.then_some(pool)
}

async fn clock(pool: &PgPool) -> Finding {
    let theirs = DatabaseClock::new(Arc::new(SystemClock));
    if let Err(error) = theirs.set(pool).await {
        return Finding::unknown("clock", format!("PostgreSQL does not tell the time: {error}"));
    }
    let seconds = theirs.now().duration_since(SystemClock.now()).as_secs();
    if seconds.abs() <= TOLERATED_SECONDS {
        return Finding::fine("clock", "this machine's clock is PostgreSQL's");
    }
    let side = if seconds > 0 { "behind" } else { "ahead of" };
    Finding::wrong(
        "clock",
        format!("this machine's clock is {} s {side} PostgreSQL's", seconds.abs()),
        "set both by NTP: workers go by PostgreSQL's, the receiver by its own",
    )
}

async fn migrations(pool: &PgPool) -> Finding {
    match migrate::pending(pool).await {
        Ok(pending) if pending.is_empty() => Finding::fine("migrations", "the schema is this program's"),
        Ok(pending) => Finding::wrong(
            "migrations",
            format!("the schema lacks {}: {}", pending.len(), pending.join(", ")),
            "run `cekbrand migrate`",
        ),
        Err(error) => Finding::wrong(
            "migrations",
            format!("{error:#}"),
            "use the program that fits the database, or another database",
        ),
    }
}
