//! A database that was restored to an earlier state, while Kafka kept its log.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::Bench;

/// `deploy/backup.md` promises it.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_catches_up_by_itself_and_nothing_doubles() {
    let bench = Bench::new("restored").await;
    bench.publish(1..201).await;
    let worker = bench.start();
    bench.wait_for(200).await;
    worker.stop().await.unwrap();
    let restored = Copy::of(&bench).await;

    // Life goes on, and is lost with the database.
    bench.publish(201..401).await;
    bench.publish(150..200).await;
    let worker = bench.start();
    bench.wait_for(450).await;
    worker.stop().await.unwrap();

    let worker = bench.start_on(&restored.pool);
    let sql = "SELECT coalesce(sum(landed + duplicates), 0)::bigint FROM pipeline.consumer_offset";
    let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
    while sqlx::query_scalar::<_, i64>(sql).fetch_one(&restored.pool).await.unwrap() < 450 {
        assert!(tokio::time::Instant::now() < deadline, "it does not catch up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    worker.stop().await.unwrap();
    let books = "SELECT sum(landed)::bigint, sum(duplicates)::bigint, bool_and(closed) FROM pipeline.ledger";
    for pool in [&bench.pool(), &restored.pool] {
        let books: (i64, i64, bool) = sqlx::query_as(books).fetch_one(pool).await.unwrap();
        assert_eq!(books, (400, 50, true));
        for rows in ["SELECT count(*) FROM pipeline.event", "SELECT count(*) FROM instagram.media_comment"] {
            assert_eq!(sqlx::query_scalar::<_, i64>(rows).fetch_one(pool).await.unwrap(), 400, "{rows}");
        }
    }
    restored.drop().await;
}

/// A copy of a database as it is now.
struct Copy {
    admin: PgConnection,
    name: String,
    pool: PgPool,
}

impl Copy {
    async fn of(bench: &Bench) -> Self {
        let mut admin = PgConnection::connect(bench.servers.database_url()).await.unwrap();
        let source: String =
            sqlx::query_scalar("SELECT current_database()").fetch_one(&bench.pool()).await.unwrap();
        let name = format!("{source}_restored");
        let copy = format!(r#"CREATE DATABASE "{name}" TEMPLATE "{source}""#);
        // Nobody may be connected to what is copied.
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1";
        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        loop {
            sqlx::query(end).bind(&source).execute(&mut admin).await.unwrap();
            match sqlx::raw_sql(AssertSqlSafe(copy.clone())).execute(&mut admin).await {
                Ok(_) => break,
                Err(error) => assert!(tokio::time::Instant::now() < deadline, "{error}"),
            }
        }
        let url = bench.database.url().replacen(&source, &name, 1);
        Self { admin, name, pool: PgPool::connect(&url).await.unwrap() }
    }

    async fn drop(mut self) {
        self.pool.close().await;
        let drop = format!(r#"DROP DATABASE "{}" WITH (FORCE)"#, self.name);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut self.admin).await.unwrap();
    }
}
