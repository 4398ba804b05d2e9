//! Accounts and apps that may not be called.

use super::*;

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
