//! A worker that runs, and one that lost its lease.

use std::sync::Arc;
use std::time::Duration;

use cekbrand_devkit::world::Product;
use cekbrand_graph::{Answer, Credential, GraphApi, Pending, Request};
use cekbrand_schema::{Clock, SystemClock};
use cekbrand_workers::reads;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::Bench;

/// Takes the lease away while the call is under way, as a worker would that was thought dead.
#[derive(Debug)]
struct Thief {
    api: Arc<dyn GraphApi>,
    pool: PgPool,
}

impl GraphApi for Thief {
    fn call<'a>(&'a self, request: &'a Request, credential: &'a Credential) -> Pending<'a> {
        Box::pin(async move {
            let answer: Answer = self.api.call(request, credential).await?;
            let steal =
                "UPDATE pipeline.enrichment_task SET lease_id = gen_random_uuid() WHERE state = 'running'";
            sqlx::query(steal).execute(&self.pool).await.unwrap();
            Ok(answer)
        })
    }

    fn version(&self) -> &str {
        self.api.version()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_writes_nothing() {
    let bench = Bench::with(|api, pool| Arc::new(Thief { api, pool })).await;
    let medium = bench.medium(0, Product::Feed);
    bench.stub(medium.id.as_str()).await;
    bench.want(reads::kind::MEDIA, medium.id.as_str(), 0).await;
    assert_eq!(bench.enricher.tick().await.unwrap(), 1);
    assert_eq!(bench.simulator.total_cost(), 1);
    assert_eq!(bench.number("SELECT count(*) FROM pipeline.graph_response").await, 0);
    assert_eq!(bench.number("SELECT count(*) FROM instagram.media WHERE user_id IS NOT NULL").await, 0);
    assert_eq!(bench.state(reads::kind::MEDIA, medium.id.as_str()).await.0, "running");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_empty_the_queue_without_a_call_too_many_and_stop_when_told() {
    let bench = Bench::new().await;
    let mut wanted = 0;
    for place in 0..6 {
        for medium in bench.media(place, Product::Feed).take(5) {
            bench.want_medium(medium, place).await;
            // The node, its figures, and what they make wanted: a breakdown.
            wanted += 3;
        }
    }
    let shutdown = CancellationToken::new();
    // Two processes share nothing but the database.
    let workers = [bench.another_worker(), bench.another_worker()].map(|enricher| {
        let shutdown = shutdown.clone();
        tokio::spawn(async move { enricher.run(shutdown).await })
    });
    let deadline = SystemClock.now().checked_add(Duration::from_mins(1)).unwrap();
    while bench.number("SELECT count(*) FROM pipeline.enrichment_task WHERE state = 'done'").await < wanted {
        assert!(SystemClock.now() < deadline, "the queue was not emptied in time");
        bench.advance(Duration::from_millis(250));
        SystemClock.sleep(Duration::from_millis(20)).await;
    }
    shutdown.cancel();
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(bench.simulator.total_cost(), u64::try_from(wanted).unwrap());
}
