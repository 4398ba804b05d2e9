//! Each change once, whoever lands it and however often it comes.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn each_change_lands_once_within_a_batch_and_across_batches() {
    let bench = Bench::new(Lane::Comments).await;
    let first = [comment((0, 0), "a", "x"), comment((0, 1), "a", "x"), comment((1, 0), "b", "y")];
    assert_eq!(bench.land(&first).await.tally, tally(2, 1, 0, 0));
    let second = [comment((0, 2), "b", "y"), comment((0, 3), "c", "z")];
    assert_eq!(bench.land(&second).await.tally, tally(1, 1, 0, 0));
    assert_eq!((bench.count("event").await, bench.count("media_comment").await), (3, 3));
    assert!(bench.books_close().await);
}

/// Replay tells by it which of equal records landed.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_an_event_knows_when_the_record_that_landed_had_arrived() {
    let bench = Bench::new(Lane::Comments).await;
    let value = r#"{"id":"a","text":"x"}"#;
    let batch = [0, 7].map(|received| record((0, received), ACCOUNT, "comments", value, received));
    assert_eq!(bench.land(&batch).await.tally, tally(1, 1, 0, 0));
    let same = "SELECT bool_and(key.received_at = event.received_at) FROM pipeline.event JOIN pipeline.event_key AS key USING (event_id)";
    assert!(sqlx::query_scalar::<_, bool>(same).fetch_one(&bench.pool()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_value_for_the_same_comment_is_an_update() {
    let bench = Bench::new(Lane::Comments).await;
    bench.land(&[comment((0, 0), "a", "first")]).await;
    bench.land(&[comment((0, 1), "a", "second")]).await;
    assert_eq!(bench.count("event").await, 2);
    assert_eq!(bench.comment("a").await.0.as_deref(), Some("second"));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_at_offsets_that_were_landed_before_are_passed_over() {
    let bench = Bench::new(Lane::Comments).await;
    bench.land(&[comment((0, 0), "a", "x"), comment((0, 1), "b", "x")]).await;
    let outcome = bench.land(&[comment((0, 1), "b", "x"), comment((0, 2), "c", "x")]).await;
    assert_eq!((outcome.tally, outcome.next[&0]), (tally(1, 0, 0, 0), 3));
    assert!(bench.books_close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_a_partition_commits_nothing_of_it() {
    let mut bench = Bench::new(Lane::Comments).await;
    let before = bench.owned.clone();
    bench.take(0).await;
    let batch = [comment((0, 0), "a", "x"), comment((1, 0), "b", "x")];
    let outcome = bench.lander.land(&batch, &before).await;
    assert_eq!((outcome.tally, &outcome.lost[..]), (tally(1, 0, 0, 0), &[0][..]));
    assert_eq!(bench.count("media_comment").await, 1, "only the partition that is still owned");
    assert_eq!(bench.land(&batch[..1]).await.tally, tally(1, 0, 0, 0), "the new owner lands it");
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_partition_waits_for_the_former_owners_open_transaction() {
    let bench = Bench::new(Lane::Comments).await;
    let mut zombie = bench.pool().begin().await.unwrap();
    sqlx::query("UPDATE pipeline.consumer_offset SET next = 7, landed = 7 WHERE partition = 0")
        .execute(&mut *zombie)
        .await
        .unwrap();
    let pool = bench.pool();
    let taking =
        tokio::spawn(async move { take(&pool, 0, Log { low: 0, high: 100, id: None }).await.unwrap() });
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&bench.pool()).await.unwrap() {
        tokio::task::yield_now().await;
    }
    assert!(!taking.is_finished());
    zombie.commit().await.unwrap();
    assert_eq!(taking.await.unwrap().next, 7, "it starts where the former owner committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_parts_counts_once_and_its_redelivery_is_a_duplicate() {
    let bench = Bench::new(Lane::DeadLetter).await;
    let body = b"one two three";
    let part = |offset, part, bytes| dead_part(offset, body, part, 3, bytes);
    let batch = [
        part(0, 0, &body[..4]),
        part(1, 0, &body[..4]),
        part(2, 1, &body[4..8]),
        part(3, 1, &body[4..8]),
        part(4, 2, &body[8..]),
        part(5, 2, &body[8..]),
    ];
    assert_eq!(bench.land(&batch).await.tally, tally(0, 1, 1, 4));
    let whole: Vec<u8> = sqlx::query_scalar(
        "SELECT dead.payload || (SELECT string_agg(part.payload, ''::bytea ORDER BY part.part)
                                 FROM pipeline.dead_letter_part AS part WHERE part.event_id = dead.event_id)
         FROM pipeline.dead_letter AS dead",
    )
    .fetch_one(&bench.pool())
    .await
    .unwrap();
    assert_eq!(whole, body);
    assert!(bench.books_close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_that_retention_deleted_are_counted_as_expired() {
    let mut bench = Bench::new(Lane::Comments).await;
    bench.land(&[comment((0, 0), "a", "x")]).await;
    let position = take(&bench.pool(), 0, Log { low: 5, high: 9, id: None }).await.unwrap();
    assert_eq!(position.next, 5);
    bench.owned.insert(0, position);
    bench.land(&[comment((0, 5), "b", "x")]).await;
    let expired: i64 = sqlx::query_scalar("SELECT expired FROM pipeline.consumer_offset WHERE partition = 0")
        .fetch_one(&bench.pool())
        .await
        .unwrap();
    assert_eq!(expired, 4);
    assert!(bench.books_close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_ends_before_the_books_halts() {
    let bench = Bench::new(Lane::Comments).await;
    bench.land(&[comment((0, 0), "a", "x"), comment((0, 1), "b", "x")]).await;
    let halted = take(&bench.pool(), 0, Log { low: 0, high: 1, id: None }).await;
    assert!(matches!(halted, Err(TakeError::Halt(Halt::BeyondEnd { .. }))), "{halted:?}");
}
