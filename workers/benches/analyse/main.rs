//! What a new day of a large account costs, beside a plain aggregate that reads that day's rows once, in one
//! run on one server.
//!
//! `CEKBRAND_BENCH_COMMENTS=10000,100000,1000000 cargo bench -p cekbrand-workers --bench analyse`
//! prints a line for each size; without the variable it is 10,000 comments. `CEKBRAND_BENCH_ACCOUNTS=1000` then
//! measures so many accounts that all have a new day, with one worker and with two (see [`crowd`]).

#![allow(clippy::unwrap_used, reason = "a measurement fails by panicking")]

mod crowd;

use std::sync::Arc;
use std::time::{Duration, Instant};

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_schema::ManualClock;
use cekbrand_sentiment::MODEL_VERSION;
use cekbrand_workers::analyse::marks::{self, Mark};
use cekbrand_workers::analyse::rebuild::Range;
use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;

const ACCOUNT: &str = "1";
/// The last day of the account's past.
const PAST: Date = date(2026, 6, 20);
/// Days that come in and are measured.
const DAYS: i8 = 15;

const BRAND: &str = include_str!("account.sql");
const DAY: &str = include_str!("day.sql");

#[tokio::main]
async fn main() {
    let sizes = std::env::var("CEKBRAND_BENCH_COMMENTS").unwrap_or_else(|_| "10000".to_owned());
    println!("{:>10} {:>14} {:>14} {:>8}", "comments", "new day", "plain", "ratio");
    for comments in sizes.split(',').map(|size| size.trim().parse::<i64>().unwrap()) {
        let (_database, pool, analyser, clock) = account(comments).await;
        let (mut days, mut plain) = (Vec::new(), Vec::new());
        for day in PAST.tomorrow().unwrap().series(1.day()).take(usize::try_from(DAYS).unwrap()) {
            // Noon in Jakarta of a day whose rows are there already: that it is the present one is new.
            let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::get("Asia/Jakarta").unwrap()).unwrap();
            clock.set(noon.timestamp());
            let mut conn = pool.acquire().await.unwrap();
            let mark = Mark { account_id: ACCOUNT.to_owned(), instant: noon.timestamp() };
            marks::mark(&mut conn, &[mark].into(), noon.timestamp()).await.unwrap();
            let started = Instant::now();
            assert_eq!(analyser.tick().await.unwrap(), 1);
            days.push(started.elapsed());
            let started = Instant::now();
            sqlx::query(DAY).bind(day.to_sqlx()).fetch_one(&mut *conn).await.unwrap();
            plain.push(started.elapsed());
        }
        let (day, plain) = (median(days), median(plain));
        let ratio = day.as_secs_f64() / plain.as_secs_f64();
        println!("{comments:>10} {day:>14.1?} {plain:>14.1?} {ratio:>8.1}");
    }
    let accounts = std::env::var("CEKBRAND_BENCH_ACCOUNTS").unwrap_or_else(|_| "20".to_owned());
    crowd::measure(accounts.parse().unwrap()).await;
}

/// The account with its past computed.
async fn account(comments: i64) -> (TestDatabase, PgPool, Analyser, ManualClock) {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    let mut conn = pool.acquire().await.unwrap();
    sqlx::raw_sql("SET jit = off").execute(&mut *conn).await.unwrap();
    sqlx::query(BRAND).bind(comments).bind(MODEL_VERSION).execute(&mut *conn).await.unwrap();
    // The comments are scored.
    sqlx::raw_sql("TRUNCATE pipeline.changed_comment; ANALYZE").execute(&mut *conn).await.unwrap();
    drop(conn);
    let noon = PAST.at(12, 0, 0, 0).to_zoned(TimeZone::get("Asia/Jakarta").unwrap()).unwrap();
    let clock = ManualClock::new(noon.timestamp());
    let analyser = Analyser::new(pool.clone(), Arc::new(clock.clone()), AnalyseSettings::default());
    analyser.rebuild(ACCOUNT, Range::default(), |_| ()).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE").execute(&pool).await.unwrap();
    (database, pool, analyser, clock)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
