//! Workers agree on the time, however wrong their own clocks are.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::servers::TestServers;
use cekbrand_schema::{Clock, ManualClock, SystemClock};
use cekbrand_workers::clock::DatabaseClock;
use cekbrand_workers::reads;
use cekbrand_workers::tasks::{self, NewTask, Picking, TaskKey, TaskLane};

fn picking() -> Picking<'static> {
    Picking {
        app_id: "app",
        accounts: 10,
        tasks: 10,
        per_account: 4,
        busy: Vec::new(),
        usage_since: jiff::Timestamp::UNIX_EPOCH,
        pause_percent: 90,
        lease: Duration::from_mins(1),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_clock_is_ahead_takes_nobodys_lease() {
    let database = TestServers::shared().unwrap().database().await.unwrap();
    let pool = database.pool();
    let right = DatabaseClock::new(Arc::new(SystemClock));
    let ten_minutes = jiff::SignedDuration::from_mins(10);
    let ahead = ManualClock::new(SystemClock.now() + ten_minutes);
    let behind = ManualClock::new(SystemClock.now() - ten_minutes);
    let [ahead, behind] = [ahead, behind].map(|own| DatabaseClock::new(Arc::new(own)));
    for clock in [&right, &ahead, &behind] {
        clock.set(&pool).await.unwrap();
        let apart = clock.now().duration_since(SystemClock.now()).abs();
        assert!(apart < jiff::SignedDuration::from_secs(30), "{apart}");
    }
    let mut conn = pool.acquire().await.unwrap();
    let key = TaskKey::new(reads::kind::MEDIA, "m", "a");
    let wish = NewTask { key, lane: TaskLane::NewComments, deadline: None };
    tasks::enqueue(&mut conn, &[wish], right.now()).await.unwrap();
    assert_eq!(tasks::claim(&mut conn, &picking(), right.now()).await.unwrap().len(), 1);
    assert!(tasks::claim(&mut conn, &picking(), ahead.now()).await.unwrap().is_empty());
}
