//! What the clock wants again, and what is asked for only if it is idle.

use cekbrand_workers::reads;
use cekbrand_workers::tasks::{self, Finish, LastAnswer, Task, TaskLane};

use super::{Queue, at, media, parked, wish};

impl Queue {
    /// Ends a try; fresh for a hundred seconds, and due again then if at all.
    async fn finish_until(&self, task: &Task, now: i64, again: Option<i64>) {
        let (fresh_until, again_at) = (at(now + 100), again.map(at));
        let finish = Finish { answer: LastAnswer::Answered, note: None, fresh_until, again_at };
        assert!(tasks::finish(&mut *self.conn().await, task.lease, &finish, at(now)).await.unwrap());
    }

    async fn lane(&self) -> i16 {
        let sql = "SELECT lane FROM pipeline.enrichment_task";
        sqlx::query_scalar(sql).fetch_one(&self.pool()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_clock_wants_again_waits_until_then_and_comes_forward_when_somebody_wants_it() {
    let queue = Queue::new().await;
    queue.want(&[media("m", "a")], 0).await;
    let claimed = queue.claim(0).await;
    queue.finish_until(&claimed[0], 0, Some(1000)).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, parked("fresh", 1000));
    assert_eq!(queue.lane().await, TaskLane::Daily.number(), "the clock is in no hurry");
    assert!(queue.claim(999).await.is_empty());

    queue.want(&[media("m", "a")], 50).await;
    assert_eq!(
        queue.state(reads::kind::MEDIA, "m").await,
        parked("fresh", 100),
        "as soon as it is not fresh"
    );
    let claimed = queue.claim(100).await;
    queue.finish_until(&claimed[0], 100, Some(1000)).await;
    queue.want(&[media("m", "a")], 300).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, ("waiting".to_owned(), None, 300));

    let claimed = queue.claim(300).await;
    queue.want(&[media("m", "a")], 301).await;
    queue.finish_until(&claimed[0], 302, Some(1000)).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, parked("fresh", 402), "wanted while it ran");
    let claimed = queue.claim(1000).await;
    queue.finish_until(&claimed[0], 1000, None).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await.0, "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storys_next_time_is_as_urgent_as_this_one() {
    let queue = Queue::new().await;
    queue.want(&[wish(reads::kind::MEDIA_INSIGHTS, "m", "a", TaskLane::Live)], 0).await;
    let claimed = queue.claim(0).await;
    queue.finish_until(&claimed[0], 0, Some(1000)).await;
    assert_eq!(queue.lane().await, TaskLane::Live.number());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_or_fresh_is_left_as_it_is_where_only_idle_reads_are_wanted() {
    let queue = Queue::new().await;
    let want_if_idle = async |now: i64| {
        let urgent = wish(reads::kind::MEDIA, "m", "a", TaskLane::Live);
        tasks::enqueue_idle(&mut *queue.conn().await, &[urgent], at(now)).await.unwrap();
    };
    queue.want(&[media("m", "a")], 5).await;
    want_if_idle(3).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, ("waiting".to_owned(), None, 5));
    let claimed = queue.claim(5).await;
    queue.finish_until(&claimed[0], 5, None).await;
    want_if_idle(6).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await.0, "done", "it is fresh");
    want_if_idle(105).await;
    assert_eq!(queue.state(reads::kind::MEDIA, "m").await, ("waiting".to_owned(), None, 105));
}
