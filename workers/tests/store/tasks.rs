//! The queue of Graph reads: asking, claiming, ending, waiting.

mod again;
mod plan;

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
async fn what_many_want_is_read_once_and_again_when_it_is_no_longer_fresh() {
    let queue = Queue::new().await;
    queue.want(&[media("m", "a"), media("m", "a")], 0).await;
    queue.want(&[media("m", "a")], 5).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, ("waiting".to_owned(), None, 0));
    let claimed = queue.claim(10).await;
    assert_eq!((targets(&claimed), claimed[0].attempts), (vec!["m"], 1));
    assert!(queue.finish(&claimed[0], 12).await);
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await.0, "done");

    queue.want(&[media("m", "a")], 20).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, parked("fresh", 3612));
    queue.want(&[media("m", "a")], 30).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, parked("fresh", 3612));
    assert!(queue.claim(3611).await.is_empty());
    let again = queue.claim(3612).await;
    assert!(queue.finish(&again[0], 3613).await);
    queue.want(&[media("m", "a")], 9000).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, ("waiting".to_owned(), None, 9000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_is_fresh_for_a_day() {
    let queue = Queue::new().await;
    let profile = wish(reads::kind::USER, "a", "a", TaskLane::Daily);
    queue.want(std::slice::from_ref(&profile), 0).await;
    let claimed = queue.claim(0).await;
    assert!(queue.finish(&claimed[0], 0).await);
    queue.want(&[profile], 1).await;
    assert_eq!(queue.state(reads::kind::USER, "a").await, parked("fresh", 86_400));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wanted_while_it_runs_is_read_again() {
    let queue = Queue::new().await;
    queue.want(&[media("m", "a"), media("n", "a")], 0).await;
    let claimed = queue.claim(10).await;
    // In the same instant, and even by a clock that is behind: it was wanted after the claim.
    queue.want(&[media("m", "a")], 10).await;
    queue.want(&[media("n", "a")], 3).await;
    for task in &claimed {
        assert!(queue.finish(task, 12).await);
    }
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, parked("fresh", 3612));
    assert_eq!(queue.state(reads::kind::MEDIA, "n").await, parked("fresh", 3612));
}

#[tokio::test(flavor = "multi_thread")]
async fn wanting_more_urgently_moves_a_task_to_the_front() {
    let queue = Queue::new().await;
    let lanes = [TaskLane::Backfill, TaskLane::Daily, TaskLane::NewComments, TaskLane::Live];
    for (place, lane) in lanes.into_iter().enumerate() {
        queue.want(&[wish(reads::kind::MEDIA, &place.to_string(), "a", lane)], 0).await;
    }
    queue.want(&[wish(reads::kind::MEDIA, "0", "a", TaskLane::Live)], 1).await;
    assert_eq!(targets(&queue.claim(1).await), ["0", "3"]);
    assert_eq!(targets(&queue.claim(1).await), ["2"]);
    assert_eq!(targets(&queue.claim(1).await), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_wait_for_their_medium() {
    let queue = Queue::new().await;
    let figures = wish(reads::kind::MEDIA_INSIGHTS, "m", "a", TaskLane::NewComments);
    queue.want(&[figures, media("m", "a"), media("n", "a")], 0).await;
    let first = queue.claim(1).await;
    assert!(first.iter().all(|task| task.key.kind == reads::kind::MEDIA), "{first:?}");
    assert!(queue.claim(1).await.is_empty(), "the medium is being read");
    for task in &first {
        assert!(queue.finish(task, 2).await);
    }
    let second = queue.claim(3).await;
    assert_eq!(second.iter().map(|task| task.key.kind).collect::<Vec<_>>(), [reads::kind::MEDIA_INSIGHTS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_gets_only_its_share() {
    let queue = Queue::new().await;
    let many: Vec<_> = (0..9).map(|number| media(&format!("a{number}"), "a")).collect();
    queue.want(&many, 0).await;
    queue.want(&[media("b", "b")], 5).await;
    let busy = Picking { busy: vec![Busy { account_id: "a".to_owned(), calls: 1 }], ..picking() };
    let claimed = queue.claim_as(&busy, 10).await;
    assert_eq!(claimed.iter().filter(|task| task.key.account_id == "a").count(), 3);
    assert_eq!(claimed.iter().filter(|task| task.key.account_id == "b").count(), 1);
    let full = Picking { busy: vec![Busy { account_id: "a".to_owned(), calls: 4 }], ..picking() };
    assert!(queue.claim_as(&full, 10).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn blocked_accounts_are_passed_over_and_their_work_says_until_when() {
    let queue = Queue::new().await;
    queue.want(&[media("x", "blocked"), media("y", "free")], 0).await;
    queue.quota("blocked", None, Some(600)).await;
    assert_eq!(targets(&queue.claim(10).await), ["y"]);
    let parked_now = tasks::park_blocked(&mut *queue.conn().await, blocked(-900), at(10)).await.unwrap();
    assert_eq!(parked_now, 1);
    assert_eq!(queue.state(reads::kind::MEDIA, "x").await, parked("throttled", 600));
    assert!(queue.claim(599).await.iter().all(|task| task.key.target_id != "x"));
    assert!(queue.claim(600).await.iter().any(|task| task.key.target_id == "x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_the_app_stops_everybody() {
    let queue = Queue::new().await;
    queue.want(&[media("x", "a"), media("y", "b")], 0).await;
    queue.quota("", None, Some(600)).await;
    assert!(queue.claim(10).await.is_empty());
    let parked_now = tasks::park_blocked(&mut *queue.conn().await, blocked(-900), at(10)).await.unwrap();
    assert_eq!(parked_now, 2);
    assert_eq!(queue.claim(601).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn close_to_the_limit_only_urgent_work_is_done_until_the_usage_is_old() {
    let queue = Queue::new().await;
    queue
        .want(
            &[
                wish(reads::kind::MEDIA, "daily", "a", TaskLane::Daily),
                wish(reads::kind::MEDIA, "new", "a", TaskLane::NewComments),
            ],
            0,
        )
        .await;
    queue.quota("a", Some(93), None).await;
    let urgent = queue.claim(10).await;
    assert_eq!(targets(&urgent), ["new"]);
    assert!(queue.finish(&urgent[0], 10).await);
    assert!(queue.claim(10).await.is_empty());
    let parked_now = tasks::park_blocked(&mut *queue.conn().await, blocked(-890), at(10)).await.unwrap();
    assert_eq!(parked_now, 1);
    assert_eq!(queue.state(reads::kind::MEDIA, "daily").await, parked("throttled", 900));
    let later = Picking { usage_since: at(0), ..picking() };
    assert_eq!(targets(&queue.claim_as(&later, 900).await), ["daily"]);
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

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_frees_what_waited_for_it() {
    let queue = Queue::new().await;
    queue.want(&[media("1", "a"), media("2", "a"), media("3", "a"), media("4", "b")], 0).await;
    let mut conn = queue.conn().await;
    let claimed = queue.claim(0).await;
    let one = claimed.iter().find(|task| task.key.target_id == "1").unwrap();
    let two = claimed.iter().find(|task| task.key.target_id == "2").unwrap();
    assert!(queue.park(one, ParkReason::TokenDead, 9000).await);
    assert!(queue.park(two, ParkReason::Backoff, 9000).await);
    assert_eq!(tasks::unpark(&mut conn, "a", at(5)).await.unwrap(), 1);
    assert_eq!(queue.state(reads::kind::MEDIA, "1").await, ("waiting".to_owned(), None, 5));
    assert_eq!(queue.state(reads::kind::MEDIA, "2").await, parked("backoff", 9000));
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_an_account_or_a_kind_parks_what_is_due() {
    let queue = Queue::new().await;
    let comment = wish(reads::kind::COMMENT, "c", "a", TaskLane::NewComments);
    queue.want(&[media("m", "a"), comment, media("n", "b")], 0).await;
    let mut conn = queue.conn().await;
    let kind = Some(reads::kind::COMMENT);
    let stop = Stop { account_id: "a", kind, reason: ParkReason::Permission, until: at(3600) };
    let stopped = tasks::park_account(&mut conn, stop, at(1)).await.unwrap();
    assert_eq!(stopped, 1);
    assert_eq!(queue.state(reads::kind::COMMENT, "c").await, parked("permission", 3600));
    let stop = Stop { account_id: "a", kind: None, reason: ParkReason::NoToken, until: at(7200) };
    assert_eq!(tasks::park_account(&mut conn, stop, at(1)).await.unwrap(), 1);
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, parked("no_token", 7200));
    assert_eq!(queue.state(reads::kind::MEDIA, "n").await.0, "waiting");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dependent_task_sees_how_the_other_stands() {
    let queue = Queue::new().await;
    let mut conn = queue.conn().await;
    let pool = queue.pool();
    let standing = async || {
        let mut conn = pool.acquire().await.unwrap();
        tasks::standing(&mut conn, &TaskKey::new(reads::kind::MEDIA, "m", "a")).await.unwrap()
    };
    assert_eq!(standing().await, Standing::Unknown);
    queue.want(&[media("m", "a")], 0).await;
    assert_eq!(standing().await, Standing::Pending);
    let claimed = queue.claim(0).await;
    assert_eq!(standing().await, Standing::Pending);
    assert!(queue.park(&claimed[0], ParkReason::Backoff, 7).await);
    assert_eq!(standing().await, Standing::Parked(ParkReason::Backoff, at(7)));
    assert_eq!(
        tasks::counts(&mut conn).await.unwrap(),
        [Count { state: "parked".to_owned(), reason: Some("backoff".to_owned()), number: 1 }]
    );
    let claimed = queue.claim(7).await;
    assert!(queue.finish(&claimed[0], 8).await);
    assert_eq!(standing().await, Standing::Done);
    assert!(tasks::counts(&mut conn).await.unwrap().is_empty());
}
