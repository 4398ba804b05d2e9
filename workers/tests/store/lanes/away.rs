//! A worker whose database is away holds nothing that another worker could land.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cekbrand_workers::database::{self, Use};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::Bench;

/// Stands between a worker and its database, and can let nothing through for a while, as a network that drops
/// packets does.
struct Network {
    address: SocketAddr,
    passes: watch::Sender<bool>,
}

impl Network {
    async fn to(host: String, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, passes) = (listener.local_addr().unwrap(), watch::Sender::new(true));
        let passing = passes.subscribe();
        let target = Arc::new((host, port));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (passing, target) = (passing.clone(), Arc::clone(&target));
                tokio::spawn(async move {
                    let server = TcpStream::connect((target.0.as_str(), target.1)).await.unwrap();
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    tokio::spawn(carry(from_client, to_server, passing.clone()));
                    carry(from_server, to_client, passing).await;
                });
            }
        });
        Self { address, passes }
    }
}

/// Carries bytes while they may pass.
async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut passing: watch::Receiver<bool>,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if passing.wait_for(|passes| *passes).await.is_err() || to.write_all(&buffer[..count]).await.is_err()
        {
            return;
        }
    }
}

impl Bench {
    /// A way to the database that can be cut, and connections over it as a worker has them.
    async fn network(&self) -> (Network, PgPool) {
        let address: PgConnectOptions = self.database.url().parse().unwrap();
        let network = Network::to(address.get_host().to_owned(), address.get_port()).await;
        let over = address.host("127.0.0.1").port(network.address.port());
        let options = database::connect_options(over, Use::Write);
        let pool = database::pool_options(8, Use::Write).connect_lazy_with(options);
        (network, pool)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_database_does_not_answer_joins_no_group() {
    let bench = Bench::new("outside").await;
    let (network, pool) = bench.network().await;
    network.passes.send_replace(false);
    let outside = bench.start_on(&pool);
    let inside = bench.start();
    bench.publish(0..100).await;
    bench.wait_for(100).await;
    let why = (outside.ready)().unwrap_err();
    assert!(why.contains("lane comments"), "{why}");
    network.passes.send_replace(true);
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
    network.passes.send_replace(false);
    let second = bench.start();
    bench.publish(100..300).await;
    bench.wait_for(300).await;
    let why = (first.ready)().unwrap_err();
    assert!(why.contains("PostgreSQL"), "{why}");
    // It comes back by itself once the database does.
    network.passes.send_replace(true);
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
