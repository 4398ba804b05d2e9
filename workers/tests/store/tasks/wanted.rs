//! What is wanted, and how fresh it is.

use super::*;

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
