//! A worker that lost a partition without knowing it, and one that takes it meanwhile.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_schema::Lane;
use cekbrand_workers::land::Halt;
use cekbrand_workers::land::position::TakeError;

use super::{Bench, Log, comment, take, take_if, tally};

/// Waits until so many sessions of the test's database wait for a lock.
async fn wait_for_waiters(bench: &Bench, count: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&bench.pool()).await.unwrap() < count {
        assert!(tokio::time::Instant::now() < deadline, "fewer than {count} sessions wait for a lock");
        tokio::task::yield_now().await;
    }
}

/// The lander is held up between reading the books and moving them on. Whoever takes the partition in between
/// would start where the lander has not got to yet, and the lander would then move the books on under it.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_cannot_be_taken_while_its_former_owner_is_landing() {
    let bench = Arc::new(Bench::new(Lane::Comments).await);
    let block = "
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$;
        CREATE TRIGGER wait BEFORE INSERT ON instagram.media_comment FOR EACH ROW EXECUTE FUNCTION wait();";
    sqlx::raw_sql(block).execute(&bench.pool()).await.unwrap();
    let mut holder = bench.pool().begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(7)").execute(&mut *holder).await.unwrap();
    let zombie = Arc::clone(&bench);
    let landing = tokio::spawn(async move { zombie.land(&[comment((0, 0), "a", "x")]).await });
    wait_for_waiters(&bench, 1).await;
    let pool = bench.pool();
    let taking =
        tokio::spawn(async move { take(&pool, 0, Log { low: 0, high: 10, id: None }).await.unwrap() });
    wait_for_waiters(&bench, 2).await;
    holder.rollback().await.unwrap();
    assert_eq!(landing.await.unwrap().tally, tally(1, 0, 0, 0));
    assert_eq!(taking.await.unwrap().next, 1, "it starts behind what the former owner landed");
    assert!(bench.books_close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_was_held_up_for_too_long_takes_no_epoch() {
    let bench = Bench::new(Lane::Comments).await;
    let epoch = "SELECT epoch FROM pipeline.consumer_offset WHERE partition = 0";
    let before: i64 = sqlx::query_scalar(epoch).fetch_one(&bench.pool()).await.unwrap();
    let late = take_if(&bench.pool(), 0, Log { low: 0, high: 10, id: None }, &|| false).await;
    assert!(matches!(late, Err(TakeError::TooLate)), "{late:?}");
    let after: i64 = sqlx::query_scalar(epoch).fetch_one(&bench.pool()).await.unwrap();
    assert_eq!(after, before);
    assert_eq!(bench.land(&[comment((0, 0), "a", "x")]).await.tally, tally(1, 0, 0, 0), "the owner goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn books_of_another_topic_halt_and_an_unknown_topic_does_not() {
    let bench = Bench::new(Lane::Comments).await;
    let log = |id| Log { low: 0, high: 10, id };
    for id in [None, Some("first"), None, Some("first")] {
        take(&bench.pool(), 0, log(id)).await.unwrap();
    }
    let halted = take(&bench.pool(), 0, log(Some("second"))).await;
    let Err(TakeError::Halt(Halt::AnotherTopic { held, found, .. })) = halted else {
        panic!("{halted:?}");
    };
    assert_eq!((held.as_str(), found.as_str()), ("first", "second"));
    take(&bench.pool(), 0, log(Some("first"))).await.unwrap();
}
