//! The queue of Graph reads: asking, claiming, ending, waiting.

mod again;
mod blocked;
mod plan;
mod urgency;
mod wanted;

use std::time::Duration;

use cekbrand_devkit::servers::{TestDatabase, TestServers};
use cekbrand_workers::reads::{self, Kind};
use cekbrand_workers::tasks::{
    self, Blocked, Busy, Count, Finish, LastAnswer, NewTask, Park, ParkReason, Picking, Standing, Stop, Task,
    TaskKey, TaskLane,
};
use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

/// A queue of its own.
struct Queue {
    database: TestDatabase,
}

/// `(state, reason, due in seconds)` of a task.
type State = (String, Option<String>, i64);

impl Queue {
    async fn new() -> Self {
        Self { database: TestServers::shared().unwrap().database().await.unwrap() }
    }

    fn pool(&self) -> PgPool {
        self.database.pool()
    }

    async fn conn(&self) -> PoolConnection<Postgres> {
        self.pool().acquire().await.unwrap()
    }

    async fn want(&self, wishes: &[NewTask], now: i64) {
        tasks::enqueue(&mut *self.conn().await, wishes, at(now)).await.unwrap();
    }

    async fn claim(&self, now: i64) -> Vec<Task> {
        self.claim_as(&picking(), now).await
    }

    async fn claim_as(&self, picking: &Picking<'_>, now: i64) -> Vec<Task> {
        tasks::claim(&mut *self.conn().await, picking, at(now)).await.unwrap()
    }

    async fn finish(&self, task: &Task, now: i64) -> bool {
        let fresh_for = reads::of(task.key.kind).about().freshness;
        let fresh_until = at(now).checked_add(fresh_for).unwrap();
        let finish = Finish { answer: LastAnswer::Answered, note: None, fresh_until, again_at: None };
        tasks::finish(&mut *self.conn().await, task.lease, &finish, at(now)).await.unwrap()
    }

    async fn park(&self, task: &Task, reason: ParkReason, until: i64) -> bool {
        let answer = Some(LastAnswer::Refused);
        let park = Park { reason, until: at(until), answer, note: Some("why".to_owned()) };
        tasks::park(&mut *self.conn().await, task.lease, &park, at(0)).await.unwrap()
    }

    async fn state(&self, kind: Kind, target: &str) -> State {
        let sql = "
            SELECT state, reason, (EXTRACT(EPOCH FROM due_at) - 1763700000)::bigint
            FROM pipeline.enrichment_task WHERE kind = $1 AND target_id = $2";
        sqlx::query_as(sql).bind(kind.as_str()).bind(target).fetch_one(&self.pool()).await.unwrap()
    }

    async fn quota(&self, account: &str, percent: Option<i32>, blocked_until: Option<i64>) {
        let sql = "
            INSERT INTO pipeline.account_quota
                (app_id, account_id, usage_percent, blocked_until, block_reason, observed_at, updated_at)
            VALUES ('app', $1, $2, to_timestamp($3), 'throttled', to_timestamp($4), to_timestamp($4))";
        sqlx::query(sql)
            .bind(account)
            .bind(percent)
            .bind(blocked_until.map(seconds))
            .bind(seconds(0))
            .execute(&self.pool())
            .await
            .unwrap();
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_763_700_000 + second).unwrap()
}

fn seconds(second: i64) -> f64 {
    at(second).as_second() as f64
}

fn picking() -> Picking<'static> {
    Picking {
        app_id: "app",
        accounts: 10,
        tasks: 10,
        per_account: 4,
        busy: Vec::new(),
        usage_since: at(-900),
        pause_percent: 90,
        lease: Duration::from_mins(1),
    }
}

fn blocked(usage_since: i64) -> Blocked<'static> {
    Blocked { app_id: "app", usage_since: at(usage_since), pause_percent: 90, limit: 100 }
}

fn wish(kind: Kind, target: &str, account: &str, lane: TaskLane) -> NewTask {
    NewTask { key: TaskKey::new(kind, target, account), lane, deadline: None }
}

fn media(target: &str, account: &str) -> NewTask {
    wish(reads::kind::MEDIA, target, account, TaskLane::NewComments)
}

fn parked(reason: &str, until: i64) -> State {
    ("parked".to_owned(), Some(reason.to_owned()), until)
}

fn targets(tasks: &[Task]) -> Vec<&str> {
    let mut targets: Vec<_> = tasks.iter().map(|task| task.key.target_id.as_str()).collect();
    targets.sort_unstable();
    targets
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_never_hold_the_same_task() {
    let queue = Queue::new().await;
    let wishes: Vec<_> =
        (0..40).map(|number| media(&number.to_string(), &format!("a{}", number % 10))).collect();
    queue.want(&wishes, 0).await;
    let (left, right) = tokio::join!(queue.claim(1), queue.claim(1));
    let mut rest = Vec::new();
    loop {
        let claimed = queue.claim(1).await;
        if claimed.is_empty() {
            break;
        }
        rest.extend(claimed);
    }
    let mut all: Vec<_> = left.iter().chain(&right).chain(&rest).map(|task| task.lease.task).collect();
    assert_eq!(all.len(), 40);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ran_out_is_worth_nothing() {
    let queue = Queue::new().await;
    queue.want(&[media("m", "a")], 0).await;
    let first = queue.claim(0).await;
    assert!(tasks::extend(&mut *queue.conn().await, first[0].lease, at(70)).await.unwrap());
    assert!(queue.claim(69).await.is_empty(), "the lease was extended");
    let second = queue.claim(70).await;
    assert_eq!((second.len(), second[0].attempts), (1, 2));
    assert!(!queue.finish(&first[0], 71).await);
    assert!(!queue.park(&first[0], ParkReason::Backoff, 80).await);
    assert!(!tasks::extend(&mut *queue.conn().await, first[0].lease, at(99)).await.unwrap());
    assert!(queue.finish(&second[0], 71).await);
    assert!(!queue.finish(&second[0], 72).await, "a task ends once");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_failures_of_its_own_count_as_tries() {
    let queue = Queue::new().await;
    queue.want(&[media("m", "a")], 0).await;
    for (reason, tries) in [
        (ParkReason::Backoff, 1),
        (ParkReason::Throttled, 2),
        (ParkReason::NoToken, 2),
        (ParkReason::Backoff, 2),
        (ParkReason::GaveUp, 3),
        (ParkReason::Backoff, 1),
    ] {
        let claimed = queue.claim(0).await;
        assert_eq!(claimed[0].attempts, tries, "{reason:?}");
        assert!(queue.park(&claimed[0], reason, 0).await);
    }
    let claimed = queue.claim(0).await;
    assert_eq!(claimed[0].last_answer, Some(LastAnswer::Refused));
    let why = "SELECT last_error FROM pipeline.enrichment_task";
    assert_eq!(sqlx::query_scalar::<_, String>(why).fetch_one(&queue.pool()).await.unwrap(), "why");
}
