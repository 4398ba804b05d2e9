//! A worker whose database is away holds nothing that another worker could land.

use std::time::Duration;

use cekbrand_devkit::servers::Network;
use cekbrand_workers::database::{self, Use};
use sqlx::PgPool;

use super::Bench;

impl Bench {
    /// A way to the database that can be cut, and connections over it as a worker has them.
    async fn network(&self) -> (Network, PgPool) {
        let network = Network::to(&self.database.url()).await.unwrap();
        let options = database::connect_options(network.url().parse().unwrap(), Use::Write);
        let pool = database::pool_options(8, Use::Write).connect_lazy_with(options);
        (network, pool)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_database_does_not_answer_joins_no_group() {
    let bench = Bench::new("outside").await;
    let (network, pool) = bench.network().await;
    network.cut();
    let outside = bench.start_on(&pool);
    let inside = bench.start();
    bench.publish(0..100).await;
    bench.wait_for(100).await;
    let why = (outside.ready)().unwrap_err();
    assert!(why.contains("lane comments"), "{why}");
    network.mend();
    outside.stop().await.unwrap();
    inside.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_loses_its_database_leaves_its_partitions_to_another_and_says_so() {
    let bench = Bench::new("leaves").await;
    let (network, pool) = bench.network().await;
    let first = bench.start_on(&pool);
    bench.publish(0..100).await;
    bench.wait_for(100).await;
    assert_eq!((first.ready)(), Ok(()));
    network.cut();
    let second = bench.start();
    bench.publish(100..300).await;
    bench.wait_for(300).await;
    let why = (first.ready)().unwrap_err();
    assert!(why.contains("PostgreSQL"), "{why}");
    // It comes back by itself once the database does.
    network.mend();
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while let Err(why) = (first.ready)() {
        assert!(tokio::time::Instant::now() < deadline, "{why}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    second.stop().await.unwrap();
    bench.publish(300..400).await;
    bench.wait_for(400).await;
    first.stop().await.unwrap();
    assert_eq!(bench.books().await, (400, true));
}

/// After a failover the sessions at the old primary answer, and refuse to write for as long as they live.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_refuses_to_write_is_closed_and_not_given_back() {
    let bench = Bench::new("readonly").await;
    let (_network, pool) = bench.network().await;
    let name: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&bench.pool()).await.unwrap();
    let alter = |what: &str| sqlx::AssertSqlSafe(format!("ALTER DATABASE {name} {what}"));
    let read_only = alter("SET default_transaction_read_only = on");
    sqlx::query(read_only).execute(&bench.pool()).await.unwrap();
    assert!(database::answers(&pool).await.unwrap_err().contains("read-only"));
    let again = "SET default_transaction_read_only = off";
    let mut own = bench.pool().acquire().await.unwrap();
    sqlx::query(again).execute(&mut *own).await.unwrap();
    sqlx::query(alter("RESET default_transaction_read_only")).execute(&mut *own).await.unwrap();
    assert_eq!(database::answers(&pool).await, Ok(()), "another session was opened");
}
