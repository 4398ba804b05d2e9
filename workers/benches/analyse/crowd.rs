//! Many accounts with a new day, and workers that share them: how many a second, and whether a worker ever waits
//! for a lock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::ManualClock;
use cekbrand_sentiment::MODEL_VERSION;
use cekbrand_workers::analyse::{AnalyseSettings, Analyser};
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff_sqlx::ToSqlx;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const CROWD: &str = include_str!("crowd.sql");
const MARK: &str = r#"
    INSERT INTO pipeline.dirty_mark (account_id, day, marked_at)
    SELECT id, $1, $2 FROM instagram."user""#;
const WAITING: &str = "
    SELECT lock.locktype || ' ' || lock.mode
    FROM pg_locks AS lock
    INNER JOIN pg_stat_activity AS session ON session.pid = lock.pid AND session.datname = current_database()
    WHERE NOT lock.granted";
/// How often locks are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Prints a line for one worker and for two.
pub(crate) async fn measure(accounts: i32) {
    println!(
        "{:>10} {:>8} {:>12} {:>10} {:>8} {:>8}",
        "accounts", "workers", "elapsed", "accounts/s", "looks", "waits"
    );
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    sqlx::query(CROWD).bind(accounts).bind(MODEL_VERSION).execute(&pool).await.unwrap();
    sqlx::raw_sql("TRUNCATE pipeline.changed_comment; ANALYZE").execute(&pool).await.unwrap();
    // The past first; then a new day each time.
    new_day(&pool, 20, 2).await;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&pool).await.unwrap();
    for (day, workers) in [(21, 1), (22, 2)] {
        let New { elapsed, looks, waits } = new_day(&pool, day, workers).await;
        let rate = f64::from(accounts) / elapsed.as_secs_f64();
        println!(
            "{accounts:>10} {workers:>8} {elapsed:>12.1?} {rate:>10.1} {looks:>8} {:>8} {waits:?}",
            waits.len()
        );
    }
}

struct New {
    elapsed: Duration,
    /// How often locks were looked at, and what was waited for then.
    looks: usize,
    waits: Vec<String>,
}

/// A day of June of which every account has a mark, until none is left.
async fn new_day(pool: &PgPool, day: i8, workers: usize) -> New {
    let day = date(2026, 6, day);
    let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::get("Asia/Jakarta").unwrap()).unwrap().timestamp();
    let clock = ManualClock::new(noon);
    sqlx::query(MARK).bind(day.to_sqlx()).bind(noon.to_sqlx()).execute(pool).await.unwrap();
    let done = CancellationToken::new();
    let looking = tokio::spawn(look(pool.clone(), done.clone()));
    let started = Instant::now();
    let mut working = JoinSet::new();
    for _ in 0..workers {
        let analyser = Analyser::new(pool.clone(), Arc::new(clock.clone()), AnalyseSettings::default());
        working.spawn(work(pool.clone(), analyser));
    }
    working.join_all().await;
    let elapsed = started.elapsed();
    done.cancel();
    let (looks, waits) = looking.await.unwrap();
    New { elapsed, looks, waits }
}

async fn work(pool: PgPool, analyser: Analyser) {
    let left = "SELECT EXISTS (SELECT FROM pipeline.dirty_mark)";
    while sqlx::query_scalar::<_, bool>(left).fetch_one(&pool).await.unwrap() {
        analyser.tick().await.unwrap();
    }
}

async fn look(pool: PgPool, done: CancellationToken) -> (usize, Vec<String>) {
    let (mut looks, mut waits) = (0, Vec::new());
    while !done.is_cancelled() {
        let seen: Vec<String> = sqlx::query_scalar(WAITING).fetch_all(&pool).await.unwrap();
        waits.extend(seen);
        looks += 1;
        tokio::time::sleep(LOOK_EVERY).await;
    }
    (looks, waits)
}
