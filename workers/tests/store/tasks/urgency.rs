//! How urgent a read is: as its latest wish says, and as much as the app's budget has room for.

use cekbrand_workers::reads;
use cekbrand_workers::tasks::{NewTask, Task, TaskLane};

use super::{Queue, at, media, targets, wish};

fn of(claimed: &[Task], account: &str) -> usize {
    claimed.iter().filter(|task| task.key.account_id == account).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn near_its_limit_the_app_slows_every_account() {
    for (account, percent, calls) in [("", 74, 3), ("", 75, 1), ("a", 75, 1), ("b", 75, 3)] {
        let queue = Queue::new().await;
        queue.want(&[media("1", "a"), media("2", "a"), media("3", "a")], 0).await;
        queue.quota(account, Some(percent), None).await;
        assert_eq!(of(&queue.claim(10).await, "a"), calls, "{account} at {percent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn close_to_its_limit_the_app_leaves_only_urgent_work_of_every_account() {
    let queue = Queue::new().await;
    let wishes = [("daily", TaskLane::Daily), ("new", TaskLane::NewComments)]
        .map(|(target, lane)| wish(reads::kind::MEDIA, target, "a", lane));
    queue.want(&wishes, 0).await;
    queue.quota("", Some(90), None).await;
    let urgent = queue.claim(10).await;
    assert_eq!(targets(&urgent), ["new"]);
    assert!(queue.finish(&urgent[0], 10).await);
    assert!(queue.claim(10).await.is_empty());
}

/// A read that was urgent once is not so for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_done_takes_the_lane_and_the_deadline_of_its_next_wish() {
    let queue = Queue::new().await;
    let wanted = |lane, deadline: Option<i64>| NewTask {
        deadline: deadline.map(at),
        ..wish(reads::kind::MEDIA, "m", "a", lane)
    };
    queue.want(&[wanted(TaskLane::Live, Some(500))], 0).await;
    queue.want(&[wanted(TaskLane::Daily, Some(900))], 0).await;
    let claimed = queue.claim(0).await;
    assert_eq!((claimed[0].lane, claimed[0].deadline), (TaskLane::Live, Some(at(500))), "the stricter wish");
    assert!(queue.finish(&claimed[0], 1).await);
    // A medium is fresh for an hour.
    queue.want(&[wanted(TaskLane::Daily, Some(9000))], 4000).await;
    let claimed = queue.claim(4000).await;
    assert_eq!((claimed[0].lane, claimed[0].deadline), (TaskLane::Daily, Some(at(9000))));
    assert!(queue.finish(&claimed[0], 4001).await);
    queue.want(&[wanted(TaskLane::Backfill, None)], 9000).await;
    let claimed = queue.claim(9000).await;
    assert_eq!((claimed[0].lane, claimed[0].deadline), (TaskLane::Backfill, None));
}

/// An account's most urgent lane is served first, but not if all of its reads wait for another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_waits_does_not_hold_up_what_it_waits_for() {
    let queue = Queue::new().await;
    let figures = wish(reads::kind::MEDIA_INSIGHTS, "m", "a", TaskLane::Live);
    queue.want(&[figures, wish(reads::kind::MEDIA, "m", "a", TaskLane::Daily)], 0).await;
    let claimed = queue.claim(10).await;
    let kinds: Vec<_> = claimed.iter().map(|task| task.key.kind).collect();
    assert_eq!(kinds, [reads::kind::MEDIA]);
}
